package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Images enlarged, reduced and deformed.
final class Images {
    private Images() {}

    static void register(Operators r) {
        r.same("Resize", 10, Images::resize);
        r.same("Upsample", 1, c -> {
            double[] scales = c.since(9) ? c.doubles(1) : c.hasAttr("scales") ? c.numbers("scales")
                    : new double[] {1, 1, c.attr("height_scale", 1.0), c.attr("width_scale", 1.0)};
            String mode = c.attr("mode", "nearest");
            return scaled(c, allAxes(c.x(0)), scales, null, new Resampling(mode.equals("nearest") ? mode : "linear",
                    "asymmetric", "floor", -0.75, false, false), null, 0);
        });
        r.same("GridSample", 16, Images::gridSample);
        r.plain("AffineGrid", 20, Images::affineGrid);
    }

    private static int[] allAxes(Tensor x) {
        return IntStream.range(0, x.rank()).toArray();
    }

    private static Tensor resize(Call c) {
        Tensor x = c.x(0);
        boolean ten = !c.since(11);
        int[] axes = c.hasAttr("axes")
                ? Arrays.stream(c.integers("axes", new long[0])).mapToInt(a -> Call.axis(a, x.rank())).toArray()
                : allAxes(x);
        double[] scales = ten ? c.doubles(1) : c.has(2) && c.x(2).elements() > 0 ? c.doubles(2) : null;
        long[] sizes = scales == null && c.has(3) ? c.longs(3) : null;
        Resampling how = new Resampling(c.attr("mode", "nearest"),
                ten ? "asymmetric" : c.attr("coordinate_transformation_mode", "half_pixel"),
                ten ? "floor" : c.attr("nearest_mode", "round_prefer_floor"), c.attr("cubic_coeff_a", -0.75),
                c.flag("exclude_outside", false), c.flag("antialias", false));
        if (sizes != null) {
            scales = new double[axes.length];
            String policy = c.attr("keep_aspect_ratio_policy", "stretch");
            for (int i = 0; i < axes.length; i++) {
                scales[i] = sizes[i] / (double) x.size(axes[i]);
            }
            if (!policy.equals("stretch")) {
                double one = policy.equals("not_larger") ? Arrays.stream(scales).min().orElse(1)
                        : Arrays.stream(scales).max().orElse(1);
                for (int i = 0; i < axes.length; i++) {
                    scales[i] = one;
                    sizes[i] = (long) Math.floor(one * x.size(axes[i]) + 0.5);
                }
            }
        }
        if (scales == null) {
            throw new IllegalArgumentException("neither scales nor sizes are given");
        }
        double[] roi = how.coordinates().equals("tf_crop_and_resize") && c.has(1) ? c.doubles(1) : null;
        return scaled(c, axes, scales, sizes, how, roi, c.attr("extrapolation_value", 0.0));
    }

    /// Axis by axis: each is a sum over the elements along it with weights that depend on the position alone.
    private static Tensor scaled(Call c, int[] axes, double[] scales, long @Nullable [] sizes, Resampling how,
            double @Nullable [] roi, double outside) {
        Tensor x = c.x(0);
        if (scales.length != axes.length || sizes != null && sizes.length != axes.length) {
            throw new IllegalArgumentException("scales " + Arrays.toString(scales) + " for " + axes.length + " axes");
        }
        DType work = x.dtype().kind().isFloating() ? x.dtype().kind().dtype() : DType.F32;
        Tensor t = x;
        Tensor beyond = null;
        for (int i = 0; i < axes.length; i++) {
            int axis = axes[i];
            long n = x.size(axis);
            double start = roi == null ? 0 : roi[i];
            double end = roi == null ? 1 : roi[i + axes.length];
            long m = sizes != null ? sizes[i] : (long) Math.floor(n * scales[i] * (roi == null ? 1 : end - start));
            if (scales[i] == 1 && m == n && roi == null) {
                continue;
            }
            if (m < 0 || m > Integer.MAX_VALUE || n > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("extent " + n + " resized to " + m);
            }
            double[] places = how.places((int) m, (int) n, scales[i], start, end);
            if (how.isNearest()) {
                t = t.indexSelect(axis, c.vector(how.nearest(places, (int) n)));
            } else {
                Tensor matrix = Tensors.of(how.weights(places, (int) n, scales[i]), Shape.of(m, n), c.device());
                t = t.to(work).movedim(axis, -1).matmul(matrix.to(work).t()).movedim(-1, axis);
            }
            if (roi != null) {
                boolean[] out = new boolean[(int) m];
                for (int k = 0; k < m; k++) {
                    out[k] = places[k] < 0 || places[k] > n - 1;
                }
                long[] dims = new long[x.rank()];
                Arrays.fill(dims, 1);
                dims[axis] = m;
                Tensor mask = Tensors.of(out).to(c.device()).reshape(dims);
                beyond = beyond == null ? mask : beyond.logicalOr(mask);
            }
        }
        if (beyond != null) {
            t = c.full(Shape.SCALAR, outside, t.dtype()).where(beyond, t);
        }
        return x.dtype().isFloating() || how.isNearest() ? t : t.round().clamp(
                Math.max(c.type(0).minValue(), -9e18), c.type(0) == OnnxType.UINT64 ? 1.8e19 : c.type(0).maxValue());
    }

    // --- sampling at given places

    private static Tensor gridSample(Call c) {
        Tensor x = c.x(0);
        int axes = x.rank() - 2;
        Tensor grid = c.x(1);
        if (axes < 1 || grid.rank() != x.rank() || grid.size(-1) != axes || grid.size(0) != x.size(0)) {
            throw new IllegalArgumentException("input " + x.shape() + ", grid " + grid.shape()
                    + ": expected [n, c, spatial...] and [n, ..., " + axes + "]");
        }
        DType work = x.dtype().kind().isFloating() ? x.dtype().kind().dtype() : DType.F32;
        Shape places = grid.shape().slice(1, grid.rank() - 1);
        Tensor flat = grid.to(work).reshape(x.size(0), places.elements(), axes);
        String mode = c.attr("mode", "linear");
        boolean corners = c.flag("align_corners", false);
        String padding = c.attr("padding_mode", "zeros");
        Tensor image = x.to(work);
        List<Tensor> at = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            // The last axis comes first in the grid.
            Tensor g = flat.select(2, axes - 1 - i).add(1.0);
            long n = x.size(i + 2);
            Tensor p = corners ? g.mul((n - 1) / 2.0) : g.mul((double) n).sub(1.0).div(2.0);
            at.add(mode.endsWith("cubic") ? p : inside(p, n, padding, corners));
        }
        Tensor y = switch (mode) {
            case "nearest" -> Sampling.at(image,
                    moved(at.stream().map(Tensor::round).toList(), x.shape(), padding, corners));
            case "linear", "bilinear" -> Sampling.linear(image, at);
            case "cubic", "bicubic" -> cubic(image, at, padding, corners);
            default -> throw new IllegalArgumentException("mode \"" + mode + "\": expected linear, nearest or cubic");
        };
        return y.reshape(x.shape().slice(0, 2).concat(places));
    }

    private static List<Tensor> moved(List<Tensor> at, Shape x, String padding, boolean corners) {
        List<Tensor> all = new ArrayList<>();
        for (int i = 0; i < at.size(); i++) {
            all.add(inside(at.get(i), x.dim(i + 2), padding, corners));
        }
        return all;
    }

    private static Tensor cubic(Tensor x, List<Tensor> at, String padding, boolean corners) {
        int axes = at.size();
        List<Tensor> low = at.stream().map(t -> t.detach().floor()).toList();
        Tensor sum = null;
        for (int tap = 0; tap < 1 << 2 * axes; tap++) {
            Tensor weight = null;
            List<Tensor> places = new ArrayList<>();
            for (int i = 0; i < axes; i++) {
                int k = (tap >> 2 * i & 3) - 1;
                Tensor d = at.get(i).sub(low.get(i)).sub((double) k).abs();
                Tensor w = k == 0 || k == 1 ? d.mul(1.25).sub(2.25).mul(d).mul(d).add(1.0)
                        : d.mul(-0.75).add(3.75).mul(d).sub(6.0).mul(d).add(3.0);
                weight = weight == null ? w : weight.mul(w);
                places.add(inside(low.get(i).add((double) k), x.size(i + 2), padding, corners));
            }
            if (weight == null) {
                throw new IllegalStateException("an image without spatial axes");
            }
            Tensor term = Sampling.at(x, places).mul(weight.unsqueeze(1));
            sum = sum == null ? term : sum.add(term);
        }
        if (sum == null) {
            throw new IllegalStateException("no taps");
        }
        return sum;
    }

    /// Places moved into the image, as the padding has it.
    private static Tensor inside(Tensor p, long n, String padding, boolean corners) {
        return switch (padding) {
            case "zeros" -> p;
            case "border" -> p.clamp(0, n - 1);
            case "reflection" -> (corners ? reflected(p, 0, n - 1) : reflected(p, -0.5, n - 0.5)).clamp(0, n - 1);
            default -> throw new IllegalArgumentException("padding_mode \"" + padding
                    + "\": expected zeros, border or reflection");
        };
    }

    private static Tensor reflected(Tensor x, double low, double high) {
        double span = high - low;
        if (span == 0) {
            return x.mul(0.0);
        }
        Tensor distance = x.sub(low).abs();
        Tensor flips = distance.detach().div(span).floor();
        Tensor rest = distance.sub(flips.mul(span));
        return rest.where(flips.remainder(2.0).eq(0), rest.rsub(span)).add(low);
    }

    private static Tensor affineGrid(Call c) {
        Tensor theta = c.x(0);
        long[] size = c.longs(1);
        boolean corners = c.flag("align_corners", false);
        int axes = size.length - 2;
        List<Tensor> coordinates = new ArrayList<>();
        Shape places = Shape.of(Arrays.copyOfRange(size, 2, size.length));
        // The last axis comes first, then the others, then a one for the shift.
        for (int i = axes - 1; i >= 0; i--) {
            double[] v = new double[(int) places.dim(i)];
            for (int k = 0; k < v.length; k++) {
                v[k] = corners ? v.length == 1 ? -1 : 2.0 * k / (v.length - 1) - 1 : (2.0 * k + 1) / v.length - 1;
            }
            long[] dims = new long[axes];
            Arrays.fill(dims, 1);
            dims[i] = v.length;
            coordinates.add(Tensors.of(v, Shape.of(dims), c.device()).to(theta.dtype()).expand(places));
        }
        coordinates.add(c.full(places, 1, theta.dtype()));
        Tensor base = Tensors.stack(axes, coordinates).reshape(1, places.elements(), axes + 1);
        return base.matmul(theta.mT()).reshape(Shape.of(size[0]).concat(places).concat(Shape.of(axes)));
    }
}
