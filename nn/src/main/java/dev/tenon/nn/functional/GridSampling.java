package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Images read at places that a grid gives: what spatial transformers do (Jaderberg et al., 2015).
public final class GridSampling {
    /// How values between the elements are found.
    public enum Mode {
        /// The nearest element, ties to even.
        NEAREST,
        /// Linear along each axis.
        BILINEAR,
        /// Cubic convolution along each of two axes.
        BICUBIC
    }

    /// What lies outside of the image.
    public enum Outside {
        /// Zeros.
        ZEROS,
        /// The nearest element of the edge.
        BORDER,
        /// The image mirrored at its edges.
        REFLECTION
    }

    private final Tensor planes;
    private final Shape image;
    private final Mode mode;
    private final Outside outside;
    private final boolean alignCorners;

    private GridSampling(Tensor x, Mode mode, Outside outside, boolean alignCorners) {
        this.image = x.shape().slice(2, x.rank());
        this.planes = x.reshape(Shape.of(x.size(0), x.size(1), image.elements()));
        this.mode = mode;
        this.outside = outside;
        this.alignCorners = alignCorners;
    }

    /// The image's values at the places of the grid.
    ///
    /// @param x `[n, c, height, width]`, or with a depth before the height
    /// @param grid places, `[n, ..., 2]` (or 3): the last axis first, from -1 at one edge of the image to 1 at
    ///     the other
    /// @param alignCorners whether -1 and 1 mean the centres of the corner elements instead of their outer edges
    /// @return `[n, c, ...]`
    /// @throws TensorException if shapes do not fit
    public static Tensor gridSample(Tensor x, Tensor grid, Mode mode, Outside outside, boolean alignCorners) {
        int axes = x.rank() - 2;
        boolean fits = (axes == 2 || axes == 3 && mode != Mode.BICUBIC) && grid.rank() == x.rank()
                && grid.size(-1) == axes && grid.size(0) == x.size(0) && x.shape().slice(2, x.rank()).elements() > 0;
        if (!fits) {
            throw new TensorException("grid_sample: input " + x.shape() + ", grid " + grid.shape() + ", mode " + mode
                    + ": expected [n, c, spatial...] with two or three spatial axes (two for BICUBIC), none empty, and"
                    + " [n, ..., spatial axes]");
        }
        Shape places = grid.shape().slice(1, grid.rank() - 1);
        Tensor flat = grid.reshape(Shape.of(x.size(0), places.elements(), axes));
        Tensor out = new GridSampling(x, mode, outside, alignCorners).sample(flat);
        return out.reshape(x.shape().slice(0, 2).concat(places));
    }

    private Tensor sample(Tensor grid) {
        int axes = image.rank();
        List<Tensor> at = new ArrayList<>();
        for (int i = 0; i < axes; i++) {
            Tensor place = unnormalized(grid.select(2, axes - 1 - i), image.dim(i));
            at.add(mode == Mode.BICUBIC ? place : inside(place, image.dim(i)));
        }
        if (mode == Mode.NEAREST) {
            return value(at.stream().map(Tensor::round).toList());
        }
        int first = mode == Mode.BICUBIC ? -1 : 0;
        int taps = mode == Mode.BICUBIC ? 4 : 2;
        List<List<Tensor>> weights = new ArrayList<>();
        List<Tensor> low = new ArrayList<>();
        for (Tensor a : at) {
            Tensor floor = a.detach().floor();
            low.add(floor);
            weights.add(weights(a.sub(floor)));
        }
        Tensor sum = null;
        int[] tap = new int[axes];
        for (int k = 0; k < Math.pow(taps, axes); k++) {
            Tensor weight = weights.getFirst().get(tap[0]);
            List<Tensor> corner = new ArrayList<>();
            for (int i = 0; i < axes; i++) {
                weight = i == 0 ? weight : weight.mul(weights.get(i).get(tap[i]));
                Tensor c = low.get(i).add((double) (tap[i] + first));
                corner.add(mode == Mode.BICUBIC ? inside(c, image.dim(i)) : c);
            }
            Tensor term = value(corner).mul(weight.unsqueeze(1));
            sum = sum == null ? term : sum.add(term);
            for (int i = axes - 1; i >= 0 && ++tap[i] == taps; i--) {
                tap[i] = 0;
            }
        }
        if (sum == null) {
            throw new IllegalStateException("no taps");
        }
        return sum;
    }

    private List<Tensor> weights(Tensor t) {
        if (mode == Mode.BILINEAR) {
            return List.of(t.rsub(1), t);
        }
        return List.of(outer(t.add(1)), inner(t), inner(t.rsub(1)), outer(t.rsub(2)));
    }

    private static Tensor inner(Tensor d) {
        return d.mul(1.25).sub(2.25).mul(d).mul(d).add(1);
    }

    private static Tensor outer(Tensor d) {
        return d.mul(-0.75).add(3.75).mul(d).sub(6).mul(d).add(3);
    }

    private Tensor unnormalized(Tensor x, long n) {
        return alignCorners
                ? x.add(1).mul((n - 1) / 2.0)
                : x.add(1).mul((double) n).sub(1).div(2);
    }

    /// Places moved into the image, as the setting has it.
    private Tensor inside(Tensor x, long n) {
        return switch (outside) {
            case ZEROS -> x;
            case BORDER -> clipped(x, n);
            case REFLECTION -> clipped(alignCorners ? reflected(x, 0, n - 1) : reflected(x, -0.5, n - 0.5), n);
        };
    }

    private static Tensor clipped(Tensor x, long n) {
        return Shrinkage.hardtanh(x, 0, n - 1);
    }

    private static Tensor reflected(Tensor x, double low, double high) {
        double span = high - low;
        if (span == 0) {
            return x.mul(0);
        }
        Tensor distance = x.sub(low).abs();
        Tensor flips = distance.detach().div(span).floor();
        Tensor rest = distance.sub(flips.mul(span));
        Tensor even = flips.remainder(2).eq(0);
        return rest.where(even, rest.rsub(span)).add(low);
    }

    /// The elements at whole places, zero outside of the image.
    private Tensor value(List<Tensor> places) {
        Tensor within = null;
        Tensor index = null;
        for (int i = 0; i < places.size(); i++) {
            Tensor p = places.get(i).detach();
            long n = image.dim(i);
            Tensor ok = p.ge(0).logicalAnd(p.le((double) (n - 1)));
            within = within == null ? ok : within.logicalAnd(ok);
            Tensor safe = p.where(ok, Tensors.zerosLike(p)).to(DType.I64);
            index = index == null ? safe : index.mul(n).add(safe);
        }
        if (within == null || index == null) {
            throw new IllegalStateException("no spatial axes");
        }
        long[] dims = {planes.size(0), planes.size(1), index.size(1)};
        Tensor picked = planes.gather(2, index.unsqueeze(1).expand(Arrays.copyOf(dims, 3)));
        return picked.maskedFill(within.unsqueeze(1).logicalNot(), 0);
    }
}
