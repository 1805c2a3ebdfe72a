package dev.tenon.nn.functional;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes of spatial extents: interpolation, and pixels moved between channels and space.
public final class Resizing {
    /// How values between the elements are found.
    public enum Mode {
        /// The element before.
        NEAREST,
        /// The nearest element.
        NEAREST_EXACT,
        /// Linear along each spatial axis: also bilinear and trilinear.
        LINEAR,
        /// Cubic convolution along each of two spatial axes (Keys, 1981, with a = -0.75).
        BICUBIC,
        /// The mean of the elements that a place covers.
        AREA
    }

    private Resizing() {}

    /// Resizes the spatial axes to given extents.
    ///
    /// @param x `[n, c, spatial...]`
    /// @param size the extents: one number for all spatial axes or one for each
    /// @param alignCorners whether the centres of the corner elements, instead of their outer edges, stay in place
    public static Tensor interpolate(Tensor x, List<Integer> size, Mode mode, boolean alignCorners) {
        int axes = x.rank() - 2;
        checkRank(x, mode);
        return resized(x, Windows.each("interpolate", "size", size, axes), null, mode, alignCorners);
    }

    /// Resizes the spatial axes by factors; the extents are rounded down.
    ///
    /// @param x `[n, c, spatial...]`
    /// @param factors one number for all spatial axes or one for each
    /// @param alignCorners whether the centres of the corner elements, instead of their outer edges, stay in place
    /// @param recompute whether places are computed from the extents instead of the factors
    public static Tensor interpolate(
            Tensor x, double[] factors, Mode mode, boolean alignCorners, boolean recompute) {
        checkRank(x, mode);
        int axes = x.rank() - 2;
        if (factors.length != 1 && factors.length != axes) {
            throw new TensorException("interpolate: factors " + Arrays.toString(factors) + " for " + axes
                    + " spatial axes: expected one number, or one for each");
        }
        double[] f = new double[axes];
        Integer[] size = new Integer[axes];
        for (int i = 0; i < axes; i++) {
            f[i] = factors[factors.length == 1 ? 0 : i];
            size[i] = (int) Math.floor(x.size(i + 2) * f[i]);
        }
        return resized(x, List.of(size), recompute ? null : f, mode, alignCorners);
    }

    private static void checkRank(Tensor x, Mode mode) {
        if (x.rank() < 3 || mode == Mode.BICUBIC && x.rank() != 4) {
            throw new TensorException("interpolate: input " + x.shape() + ", mode " + mode
                    + ": expected [n, c, spatial...], two spatial axes for BICUBIC");
        }
    }

    private static Tensor resized(
            Tensor x, List<Integer> size, double @Nullable [] factors, Mode mode, boolean alignCorners) {
        if (mode == Mode.AREA) {
            return Pools.adaptiveAvgPool(x.rank() - 2, x, size);
        }
        Tensor t = x;
        for (int i = 0; i < x.rank() - 2; i++) {
            if (size.get(i) < 1 || x.size(i + 2) < 1) {
                throw new TensorException("interpolate: from " + x.shape() + " to spatial extents " + size
                        + ": expected at least 1");
            }
            double scale = factors == null || factors[i] <= 0 ? 0 : 1 / factors[i];
            t = alongAxis(t, i + 2, size.get(i), scale, mode, alignCorners);
        }
        return t;
    }

    /// @param given elements of the input per element of the result, or 0 where the extents say
    private static Tensor alongAxis(Tensor x, int axis, int out, double given, Mode mode, boolean alignCorners) {
        int n = (int) x.size(axis);
        boolean nearest = mode == Mode.NEAREST || mode == Mode.NEAREST_EXACT;
        double scale = alignCorners && !nearest
                ? (out > 1 ? (n - 1.0) / (out - 1) : 0)
                : given > 0 ? given : (double) n / out;
        int taps = nearest ? 1 : mode == Mode.LINEAR ? 2 : 4;
        long[][] index = new long[taps][out];
        double[][] weight = new double[taps][out];
        for (int i = 0; i < out; i++) {
            if (nearest) {
                // In single precision, as the places are defined.
                double at = mode == Mode.NEAREST ? (float) i * (float) scale : (float) ((i + 0.5) * (float) scale);
                index[0][i] = Math.min((long) Math.floor(at), n - 1);
                continue;
            }
            double at = alignCorners ? i * scale : (i + 0.5) * scale - 0.5;
            at = mode == Mode.LINEAR ? Math.max(at, 0) : at;
            long low = (long) Math.floor(at);
            if (mode == Mode.LINEAR) {
                low = Math.min(low, n - 1);
            }
            double[] w = mode == Mode.LINEAR ? new double[] {1 - (at - low), at - low} : cubic(at - low);
            for (int k = 0; k < taps; k++) {
                index[k][i] = Math.clamp(low + k - (mode == Mode.LINEAR ? 0 : 1), 0, n - 1);
                weight[k][i] = w[k];
            }
        }
        if (nearest) {
            return x.indexSelect(axis, Tensors.of(index[0], Shape.of(out), x.device()));
        }
        long[] along = new long[x.rank()];
        Arrays.fill(along, 1);
        along[axis] = out;
        Tensor sum = null;
        for (int k = 0; k < taps; k++) {
            Tensor w = Tensors.of(weight[k], Shape.of(along), x.device()).to(x.dtype());
            Tensor term = x.indexSelect(axis, Tensors.of(index[k], Shape.of(out), x.device())).mul(w);
            sum = sum == null ? term : sum.add(term);
        }
        return sum == null ? x : sum;
    }

    /// The weights of the four neighbours of a place a fraction t behind the second.
    private static double[] cubic(double t) {
        return new double[] {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
    }

    private static double inner(double d) {
        return ((-0.75 + 2) * d - (-0.75 + 3)) * d * d + 1;
    }

    private static double outer(double d) {
        return ((-0.75 * d + 5 * 0.75) * d - 8 * 0.75) * d + 4 * 0.75;
    }

    /// Moves channels into space: `[..., c r², h, w]` becomes `[..., c, h r, w r]` (Shi et al., 2016).
    ///
    /// @throws TensorException if the channels do not divide
    public static Tensor pixelShuffle(Tensor x, int factor) {
        int n = x.rank();
        long r = factor;
        if (n < 3 || r < 1 || x.size(-3) % (r * r) != 0) {
            throw new TensorException("pixel_shuffle: input " + x.shape() + ", factor " + factor
                    + ": expected [..., c * factor², h, w]");
        }
        Shape batch = x.shape().slice(0, n - 3);
        long c = x.size(-3) / (r * r);
        long h = x.size(-2);
        long w = x.size(-1);
        return x.reshape(Shape.of(batch.elements(), c, r, r, h, w)).permute(0, 1, 4, 2, 5, 3)
                .reshape(batch.concat(Shape.of(c, h * r, w * r)));
    }

    /// Moves space into channels: `[..., c, h r, w r]` becomes `[..., c r², h, w]`.
    ///
    /// @throws TensorException if the spatial extents do not divide
    public static Tensor pixelUnshuffle(Tensor x, int factor) {
        int n = x.rank();
        long r = factor;
        if (n < 3 || r < 1 || x.size(-2) % r != 0 || x.size(-1) % r != 0) {
            throw new TensorException("pixel_unshuffle: input " + x.shape() + ", factor " + factor
                    + ": expected [..., c, h * factor, w * factor]");
        }
        Shape batch = x.shape().slice(0, n - 3);
        long c = x.size(-3);
        long h = x.size(-2) / r;
        long w = x.size(-1) / r;
        return x.reshape(Shape.of(batch.elements(), c, h, r, w, r)).permute(0, 1, 3, 5, 2, 4)
                .reshape(batch.concat(Shape.of(c * r * r, h, w)));
    }

    /// Interleaves groups of channels: channel g of k in group i of n becomes channel g n + i (Zhang et al., 2018).
    ///
    /// @param x `[n, c, ...]`
    /// @throws TensorException if the groups do not divide the channels
    public static Tensor channelShuffle(Tensor x, int groups) {
        if (x.rank() < 2 || groups < 1 || x.size(1) % groups != 0) {
            throw new TensorException("channel_shuffle: input " + x.shape() + ", " + groups
                    + " groups: expected [n, c, ...] and a divisor of c");
        }
        return x.unflatten(1, groups, x.size(1) / groups).transpose(1, 2).reshape(x.shape());
    }
}
