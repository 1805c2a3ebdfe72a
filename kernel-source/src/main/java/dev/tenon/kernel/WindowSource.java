package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.List;

/// Convolution and its gradients as matrix products whose operands are read straight from the images (implicit GEMM).
/// Extents are part of the text here: positions are found by division, which by a constant costs little.
final class WindowSource {
    private final Dialect dialect;
    private final DeviceTraits traits;
    private final WindowGeometry geometry;
    private final int groups;
    private final int axes;
    private final Shape input;
    private final Shape weight;
    private final Shape result;
    private final long channels;
    private final long filters;

    private WindowSource(Dialect dialect, DeviceTraits traits, Convolution op, Shape input, Shape weight,
            Shape result) {
        this.dialect = dialect;
        this.traits = traits;
        this.geometry = op.geometry();
        this.groups = op.groups();
        this.axes = geometry.axes();
        this.input = input;
        this.weight = weight;
        this.result = result;
        this.channels = weight.dim(1);
        this.filters = weight.dim(0) / groups;
    }

    private long taps() {
        return weight.slice(2, weight.rank()).elements();
    }

    private long windows() {
        return result.slice(2, result.rank()).elements();
    }

    private boolean wide() {
        return Math.max(input.elements(), Math.max(weight.elements(), result.elements())) > Integer.MAX_VALUE / 2;
    }

    /// Whether each window is one position of the input, and there is one for every position.
    private boolean pointwise() {
        return taps() == 1 && geometry.stride().stream().allMatch(n -> n == 1)
                && geometry.padLow().stream().allMatch(n -> n == 0)
                && input.slice(2, input.rank()).equals(result.slice(2, result.rank()));
    }

    /// Whether the windows of each channel lie in whole pieces, one after the other.
    private boolean planes(TensorType t) {
        return joined(t, 2) && Stored.whole(t.dtype(), windows()) && Stored.whole(t.dtype(), t.stride(1));
    }

    /// Whether the axes from one on lie in memory as one of them would, and what lies before each of these in whole
    /// pieces.
    private static boolean joined(TensorType t, int from) {
        long n = 1;
        boolean all = Stored.whole(t.dtype(), t.stride(0));
        for (int a = t.rank() - 1; a >= from; a--) {
            all &= t.shape().dim(a) == 1 || t.stride(a) == n;
            n *= t.shape().dim(a);
        }
        return all;
    }

    /// Coordinates `prefix0`… of the number `flat` in some extents, as constants.
    private static List<String> split(String prefix, String flat, Shape extents) {
        List<String> out = new ArrayList<>();
        String rest = flat;
        for (int a = extents.rank() - 1; a >= 0; a--) {
            out.add("idx " + prefix + a + " = " + rest + (a == 0 ? "" : " % " + extents.dim(a)) + ";");
            if (a > 0) {
                out.add("idx " + prefix + "r" + a + " = " + rest + " / " + extents.dim(a) + ";");
            }
            rest = prefix + "r" + a;
        }
        return out;
    }

    /// The position of an element, axis by axis, with strides as constants.
    private static String position(long[] strides, String... at) {
        List<String> terms = new ArrayList<>();
        for (int a = 0; a < at.length; a++) {
            if (strides[a] != 0) {
                terms.add("(" + at[a] + ") * " + strides[a]);
            }
        }
        return terms.isEmpty() ? "0" : String.join(" + ", terms);
    }

    private static String[] coordinates(String first, String second, String prefix, int axes) {
        String[] all = new String[axes + 2];
        all[0] = first;
        all[1] = second;
        for (int a = 0; a < axes; a++) {
            all[a + 2] = prefix + a;
        }
        return all;
    }

    private static String load(KernelWriter w, Types.Reading as, int operand, TensorType t, String... at) {
        return as.of(w, t.dtype(), w.input(operand, t.dtype()), position(t.strides(), at));
    }

    /// `[filters, channels x taps] x [channels x taps, images x windows]`, a batch of as many as there are groups.
    static KernelPlan forward(Dialect dialect, DeviceTraits traits, Convolution op, List<TensorType> in,
            TensorType out) {
        DType dtype = in.getFirst().dtype();
        Lambda body = in.size() > 2
                ? Lambda.of(Exprs.add(Exprs.in(0, dtype), Exprs.in(1, dtype)), dtype)
                : Lambda.identity(dtype);
        if (in.size() > 2) {
            // Along the axis of the filters.
            long[] strides = new long[out.rank()];
            strides[1] = in.get(2).stride(0);
            return fused(dialect, traits, op, body, in, List.of(strides), out);
        }
        return fused(dialect, traits, op, body, in, List.of(), out);
    }

    /// A convolution whose results go through a lambda, with further operands that broadcast to the result.
    static KernelPlan fused(Dialect dialect, DeviceTraits traits, FusedConvolution op, List<TensorType> in,
            TensorType out) {
        List<long[]> extras =
                in.subList(2, in.size()).stream().map(t -> t.broadcastStrides(out.shape())).toList();
        return fused(dialect, traits, op.convolution(), op.epilogue(), in, extras, out);
    }

    private static KernelPlan fused(Dialect dialect, DeviceTraits traits, Convolution op, Lambda body,
            List<TensorType> in, List<long[]> extras, TensorType out) {
        WindowSource s = new WindowSource(dialect, traits, op, in.get(0).shape(), in.get(1).shape(), out.shape());
        TensorType x = in.get(0);
        TensorType weight = in.get(1);
        Kind kind = x.dtype().kind();
        Shape taps = s.weight.slice(2, s.weight.rank());
        Shape windows = s.result.slice(2, s.result.rank());
        GemmSource.Load loadA = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "k % " + s.taps(), taps));
            t.add("return " + load(w, as, 1, weight, coordinates("b * " + s.filters + " + i", "k / " + s.taps(), "t",
                    s.axes)) + ";");
            return t;
        };
        GemmSource.Load loadB = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "k % " + s.taps(), taps));
            t.addAll(split("o", "j % " + s.windows(), windows));
            t.addAll(s.inside("t", "o"));
            t.add("return " + load(w, as, 0, x, coordinates("j / " + s.windows(),
                    "b * " + s.channels + " + k / " + s.taps(), "p", s.axes)) + ";");
            return t;
        };
        GemmSource.Body store = w -> {
            List<String> t = new ArrayList<>(split("o", "j % " + s.windows(), windows));
            t.add("idx image = j / " + s.windows() + ";");
            t.add("idx filter = b * " + s.filters + " + i;");
            String[] at = coordinates("image", "filter", "o", s.axes);
            LambdaWriter lambda = new LambdaWriter(w, body, "t", i -> i == 0 ? "v" : Types.load(
                    in.get(i + 1).dtype(),
                    w.input(i + 1, in.get(i + 1).dtype()),
                    position(extras.get(i - 1), at)), axis -> {
                        if (axis < 0) {
                            throw new IllegalArgumentException("convolution: an epilogue that counts elements");
                        }
                        return "(i64)" + at[axis];
                    });
            t.addAll(lambda.statements());
            t.add(Types.store(w, out.dtype(), w.output(0, out.dtype()), position(out.strides(), at),
                    lambda.result(0)));
            return t;
        };
        return new GemmSource(dialect, traits, kind, s.groups, s.filters, s.input.dim(0) * s.windows(),
                s.channels * s.taps(), s.wide(), loadA, loadB, store)
                .stored(new Stored(weight.dtype(), 1, true, joined(weight, 1)),
                        new Stored(x.dtype(), 0, false, s.pointwise() && s.planes(x))).plan();
    }

    /// The position `p` in the input that tap `t` of window `o` meets; leaves the function with 0 where that is
    /// padding.
    private List<String> inside(String tap, String window) {
        List<String> t = new ArrayList<>();
        for (int a = 0; a < axes; a++) {
            t.add("idx p" + a + " = " + window + a + " * " + geometry.stride().get(a) + " + " + tap + a + " * "
                    + geometry.dilation().get(a) + " - (" + geometry.padLow().get(a) + ");");
            t.add("if (p" + a + " < 0 || p" + a + " >= " + input.dim(a + 2) + ") { return 0; }");
        }
        return t;
    }

    /// `[channels, filters x taps] x [filters x taps, images x positions]`: each input position gathers from
    /// the windows that met it. Where that right operand is much larger than what every tap of every window would add
    /// to its position, for few channels or large strides, that is computed first and then gathered.
    static KernelPlan backwardData(Dialect dialect, DeviceTraits traits, Convolution op, List<TensorType> in,
            TensorType out) {
        TensorType g = in.get(0);
        TensorType weight = in.get(1);
        WindowSource s = new WindowSource(dialect, traits, op, out.shape(), weight.shape(), g.shape());
        if (2 * s.channels * s.windows() <= s.filters * s.input.slice(2, s.input.rank()).elements()) {
            return s.throughTaps(g, weight, out);
        }
        Kind kind = out.dtype().kind();
        Shape taps = s.weight.slice(2, s.weight.rank());
        Shape positions = s.input.slice(2, s.input.rank());
        GemmSource.Load loadA = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "k % " + s.taps(), taps));
            t.add("return " + load(w, as, 1, weight, coordinates("b * " + s.filters + " + k / " + s.taps(), "i", "t",
                    s.axes)) + ";");
            return t;
        };
        GemmSource.Load loadB = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "k % " + s.taps(), taps));
            t.addAll(split("p", "j % " + positions.elements(), positions));
            for (int a = 0; a < s.axes; a++) {
                int stride = s.geometry.stride().get(a);
                t.add("idx q" + a + " = p" + a + " + (" + s.geometry.padLow().get(a) + ") - t" + a + " * "
                        + s.geometry.dilation().get(a) + ";");
                t.add("if (q" + a + " < 0 || q" + a + " % " + stride + " != 0) { return 0; }");
                t.add("idx o" + a + " = q" + a + " / " + stride + ";");
                t.add("if (o" + a + " >= " + s.result.dim(a + 2) + ") { return 0; }");
            }
            t.add("return " + load(w, as, 0, g, coordinates("j / " + positions.elements(),
                    "b * " + s.filters + " + k / " + s.taps(), "o", s.axes)) + ";");
            return t;
        };
        GemmSource.Body store = w -> {
            List<String> t = new ArrayList<>(split("p", "j % " + positions.elements(), positions));
            String at = position(out.strides(), coordinates("j / " + positions.elements(),
                    "b * " + s.channels + " + i", "p", s.axes));
            t.add(Types.store(w, out.dtype(), w.output(0, out.dtype()), at, "v"));
            return t;
        };
        return new GemmSource(dialect, traits, kind, s.groups, s.channels, s.input.dim(0) * positions.elements(),
                s.filters * s.taps(), s.wide(), loadA, loadB, store)
                .stored(new Stored(weight.dtype(), 1, s.taps() > 1, s.taps() == 1 && joined(weight, 1)),
                        new Stored(g.dtype(), 0, false, s.pointwise() && s.planes(g))).plan();
    }

    /// `[channels x taps, filters] x [filters, images x windows]`, what each tap of each window adds, into scratch
    /// memory; then every input position sums what came to it.
    private KernelPlan throughTaps(TensorType g, TensorType weight, TensorType out) {
        Kind kind = out.dtype().kind();
        Shape taps = this.weight.slice(2, this.weight.rank());
        Shape windows = result.slice(2, result.rank());
        long m = channels * taps();
        long n = input.dim(0) * windows();
        GemmSource.Load loadA = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "i % " + taps(), taps));
            t.add("return " + load(w, as, 1, weight, coordinates("b * " + filters + " + k", "i / " + taps(), "t",
                    axes)) + ";");
            return t;
        };
        GemmSource.Load loadB = (w, as) -> {
            List<String> t = new ArrayList<>(split("o", "j % " + windows(), windows));
            t.add("return " + load(w, as, 0, g, coordinates("j / " + windows(), "b * " + filters + " + k", "o",
                    axes)) + ";");
            return t;
        };
        GemmSource.Body store = w ->
                List.of(w.workspace("sums", kind, 0) + "[(b * " + m + " + i) * " + n + " + j] = v;");
        long bytes = groups * m * n * Types.bytes(kind) + 63 & -64;
        KernelPlan sums = new GemmSource(dialect, traits, kind, groups, m, n, filters, wide(), loadA, loadB, store)
                .stored(new Stored(weight.dtype(), 1, false, joined(weight, 1)),
                        new Stored(g.dtype(), 0, false, planes(g))).workspaceFrom(bytes).plan();
        List<GeneratedKernel> kernels = new ArrayList<>(sums.kernels());
        kernels.add(gatherTaps(kind, out, m, n));
        return new KernelPlan(kernels, sums.workspaceBytes(), sums.choice());
    }

    private GeneratedKernel gatherTaps(Kind kind, TensorType out, long m, long n) {
        KernelWriter w = new KernelWriter(dialect, traits, "gather_taps",
                wide() || groups * m * n > Integer.MAX_VALUE / 2);
        int local = traits.items();
        w.line("idx e = (idx)GROUP * " + local + " + (idx)ITEM;");
        w.line("if (e >= " + input.elements() + ") {").line("return;").line("}");
        Shape positions = input.slice(2, input.rank());
        long size = positions.elements();
        w.lines(split("p", "e % " + size, positions));
        w.line("idx channel = e / " + size + " % " + input.dim(1) + ";");
        w.line("idx image = e / " + size * input.dim(1) + ";");
        w.line(Types.of(kind) + " v = 0;");
        String tap = "channel";
        String window = "image";
        for (int a = 0; a < axes; a++) {
            int stride = geometry.stride().get(a);
            int dilation = geometry.dilation().get(a);
            int pad = geometry.padLow().get(a);
            // Without dilation, every `stride`th tap meets a window.
            boolean regular = dilation == 1 && pad >= 0;
            String first = regular && stride > 1 ? "(p" + a + " + " + pad + ") % " + stride : "0";
            w.line("for (idx t" + a + " = " + first + "; t" + a + " < " + weight.dim(a + 2) + "; t" + a + " += "
                    + (regular ? stride : 1) + ") {");
            w.line("idx q" + a + " = p" + a + " + (" + pad + ") - t" + a + " * " + dilation + ";");
            w.line("if (q" + a + " < 0" + (regular ? "" : " || q" + a + " % " + stride + " != 0") + " || q" + a + " / "
                    + stride + " >= " + result.dim(a + 2) + ") {").line("continue;").line("}");
            tap = "(" + tap + ") * " + weight.dim(a + 2) + " + t" + a;
            window = "(" + window + ") * " + result.dim(a + 2) + " + q" + a + " / " + stride;
        }
        // Channels of all groups follow each other, and so do the rows of the product.
        w.line("v = v + " + w.workspace("sums", kind, 0) + "[(" + tap + ") * " + n + " + " + window + "];");
        for (int a = 0; a < axes; a++) {
            w.line("}");
        }
        String at = position(out.strides(), coordinates("image", "channel", "p", axes));
        w.line(Types.store(w, out.dtype(), w.output(0, out.dtype()), at, "v"));
        return w.finish((input.elements() + local - 1) / local, local);
    }

    /// `[filters, images x windows] x [images x windows, channels x taps]`.
    static KernelPlan backwardWeight(Dialect dialect, DeviceTraits traits, Convolution op, List<TensorType> in,
            TensorType out) {
        TensorType x = in.get(0);
        TensorType g = in.get(1);
        WindowSource s = new WindowSource(dialect, traits, op, x.shape(), out.shape(), g.shape());
        Kind kind = out.dtype().kind();
        Shape taps = s.weight.slice(2, s.weight.rank());
        Shape windows = s.result.slice(2, s.result.rank());
        GemmSource.Load loadA = (w, as) -> {
            List<String> t = new ArrayList<>(split("o", "k % " + s.windows(), windows));
            t.add("return " + load(w, as, 1, g, coordinates("k / " + s.windows(), "b * " + s.filters + " + i", "o",
                    s.axes)) + ";");
            return t;
        };
        GemmSource.Load loadB = (w, as) -> {
            List<String> t = new ArrayList<>(split("t", "j % " + s.taps(), taps));
            t.addAll(split("o", "k % " + s.windows(), windows));
            t.addAll(s.inside("t", "o"));
            t.add("return " + load(w, as, 0, x, coordinates("k / " + s.windows(),
                    "b * " + s.channels + " + j / " + s.taps(), "p", s.axes)) + ";");
            return t;
        };
        GemmSource.Body store = w -> {
            List<String> t = new ArrayList<>(split("t", "j % " + s.taps(), taps));
            String at = position(out.strides(),
                    coordinates("b * " + s.filters + " + i", "j / " + s.taps(), "t", s.axes));
            t.add(Types.store(w, out.dtype(), w.output(0, out.dtype()), at, "v"));
            return t;
        };
        return new GemmSource(dialect, traits, kind, s.groups, s.filters, s.channels * s.taps(),
                s.input.dim(0) * s.windows(), s.wide(), loadA, loadB, store)
                .stored(new Stored(g.dtype(), 1, true, s.planes(g)),
                        new Stored(x.dtype(), 0, true, s.pointwise() && s.planes(x))).plan();
    }
}
