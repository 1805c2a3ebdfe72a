package dev.tenon.nn.functional;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.ViewOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Normalisation over groups of channels, and over neighbouring ones.
public final class GroupNorms {
    private GroupNorms() {}

    /// Group normalisation: in each sample each group of channels gets mean 0 and variance 1, then each channel is
    /// scaled and shifted (Wu and He, 2018).
    ///
    /// @param x `[n, c, ...]`
    /// @param groups a divisor of c
    /// @param weight the scale, `[c]`, or null for 1
    /// @param bias the shift, `[c]`, or null for 0
    /// @throws TensorException if shapes do not fit
    public static Tensor groupNorm(
            Tensor x, int groups, @Nullable Tensor weight, @Nullable Tensor bias, double epsilon) {
        if (x.rank() < 2 || !x.dtype().isFloating() || groups < 1 || x.size(1) % groups != 0) {
            throw new TensorException("group_norm: input " + x.type() + ", " + groups
                    + " groups: expected floating-point [n, c, ...] and a divisor of c");
        }
        Tensor wide = x.to(x.dtype().kind().dtype());
        Tensor grouped = wide.reshape(Shape.of(x.size(0), groups,
                x.elements() / Math.max(1, x.size(0) * groups)));
        Tensor normal = standardized(grouped, 2, epsilon).reshape(x.shape());
        return scaled(normal, weight, bias).to(x.dtype());
    }

    /// Instance normalisation: each channel of each sample gets mean 0 and variance 1, then each channel is scaled and
    /// shifted (Ulyanov, Vedaldi and Lempitsky, 2016).
    ///
    /// @param x `[n, c, spatial...]`
    /// @param weight the scale, `[c]`, or null for 1
    /// @param bias the shift, `[c]`, or null for 0
    /// @throws TensorException if shapes do not fit, or a channel has a single value
    public static Tensor instanceNorm(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, double epsilon) {
        if (x.rank() < 3) {
            throw new TensorException("instance_norm: input " + x.shape() + ": expected [n, c, spatial...]");
        }
        if (x.shape().slice(2, x.rank()).elements() == 1) {
            throw new TensorException("instance_norm: input " + x.shape()
                    + " has one value per channel, which has no variance");
        }
        return groupNorm(x, (int) x.size(1), weight, bias, epsilon);
    }

    private static Tensor standardized(Tensor x, int axis, double epsilon) {
        Tensor centred = x.sub(x.mean(axis, true));
        return centred.mul(centred.square().mean(axis, true).add(epsilon).rsqrt());
    }

    private static Tensor scaled(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias) {
        long[] dims = new long[x.rank()];
        Arrays.fill(dims, 1);
        dims[1] = x.size(1);
        Tensor y = weight == null ? x : x.mul(channels(x, weight).reshape(dims));
        return bias == null ? y : y.add(channels(x, bias).reshape(dims));
    }

    private static Tensor channels(Tensor x, Tensor t) {
        if (t.rank() != 1 || t.size(0) != x.size(1)) {
            throw new TensorException("group_norm: " + t.shape() + " for input " + x.shape() + ": expected ["
                    + x.size(1) + "], one number for each channel");
        }
        return t.to(x.dtype());
    }

    /// Local response normalisation: x / (k + alpha m)^beta with m the mean of the squares over `size` neighbouring
    /// channels, those missing at the ends counting as zeros (Krizhevsky, Sutskever and Hinton, 2012).
    ///
    /// @param x `[n, c, ...]`
    public static Tensor localResponseNorm(Tensor x, int size, double alpha, double beta, double k) {
        if (x.rank() < 3 || size < 1) {
            throw new TensorException("local_response_norm: input " + x.shape() + ", size " + size
                    + ": expected [n, c, ...] and at least 1");
        }
        if (x.elements() == 0) {
            return x.clone();
        }
        long[] widths = new long[2 * (x.rank() - 1)];
        widths[widths.length - 2] = size / 2;
        widths[widths.length - 1] = (size - 1) / 2;
        Tensor windows = Dispatcher.run(new ViewOp.Window(1, size, 1, 1), Tensors.pad(x.square(), 0, widths));
        return x.div(windows.mean(-1).mul(alpha).add(k).pow(beta));
    }
}
