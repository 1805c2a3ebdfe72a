package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.LineKernel.Fold;
import dev.tenon.kernel.LineKernel.Place;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Softmax, layer and batch normalisation, and the gradients of the two. Sums are taken in the arithmetic of the input.
final class NormSource {
    private NormSource() {}

    static KernelPlan softmax(Dialect dialect, DeviceTraits traits, int axis, boolean log, TensorType x,
            TensorType y) {
        Kind kind = x.dtype().kind();
        List<Place> places = List.of(Place.in(0, x, x.strides()), Place.out(0, y, y.strides()));
        LineKernel k = new LineKernel(dialect, traits, log ? "log_softmax" : "softmax", kind, x.shape(), Set.of(axis),
                places, false);
        String t = Types.of(kind);
        k.fold(List.of(new Fold("most", Types.extreme(kind, true), (a, b) -> k.w.call("max_" + t, a, b))),
                () -> List.of(k.load(0)));
        // The result keeps the exponentials in between, where it keeps them whole.
        boolean keeps = !log && y.dtype() == kind.dtype();
        k.fold(List.of(Fold.sum("sum")), () -> {
            k.w.line(t + " e = " + k.w.call("exp_below_" + t, k.load(0) + " - most") + ";");
            if (keeps) {
                k.w.line(k.store(1, "e"));
            }
            return List.of("e");
        });
        if (log) {
            k.w.line(t + " total = log(sum);");
        }
        k.each(() -> {
            String e = log ? k.load(0) + " - most - total" : (keeps
                    ? k.load(1) : k.w.call("exp_below_" + t, k.load(0) + " - most"))
                    + " / sum";
            k.w.line(t + " v = " + e + ";").line(k.store(1, "v"));
        });
        return KernelPlan.of(k.finish());
    }

    /// The strides, along all of `rank` axes, of a tensor that has some of them alone.
    private static long[] spread(TensorType t, int rank, Set<Integer> axes) {
        long[] s = new long[rank];
        int i = 0;
        for (int a = 0; a < rank; a++) {
            s[a] = axes.contains(a) ? t.stride(i++) : 0;
        }
        return s;
    }

    private static Set<Integer> others(int rank, Set<Integer> axes) {
        return IntStream.range(0, rank).filter(a -> !axes.contains(a)).boxed().collect(Collectors.toSet());
    }

    /// The last axes of a tensor.
    static Set<Integer> last(int rank, int axes) {
        return IntStream.range(rank - axes, rank).boxed().collect(Collectors.toSet());
    }

    /// All axes but that of the channels.
    static Set<Integer> butChannels(int rank) {
        return others(rank, Set.of(1));
    }

    /// @param axes the axes that are normalised together
    /// @param scaled the axes of scale and shift
    static KernelPlan forward(Dialect dialect, DeviceTraits traits, Set<Integer> axes, Set<Integer> scaled,
            double epsilon, List<TensorType> in, List<TensorType> out) {
        TensorType x = in.getFirst();
        int rank = x.rank();
        Kind kind = x.dtype().kind();
        Set<Integer> kept = others(rank, axes);
        LineKernel k = new LineKernel(dialect, traits, "norm_forward", kind, x.shape(), axes, List.of(
                Place.in(0, x, x.strides()),
                Place.in(1, in.get(1), spread(in.get(1), rank, scaled)),
                Place.in(2, in.get(2), spread(in.get(2), rank, scaled)),
                Place.out(0, out.get(0), out.get(0).strides()),
                Place.out(1, out.get(1), spread(out.get(1), rank, kept)),
                Place.out(2, out.get(2), spread(out.get(2), rank, kept))), false);
        String t = Types.of(kind);
        k.fold(List.of(Fold.sum("sum")), () -> List.of(k.load(0)));
        k.w.line(t + " mean = sum / " + k.count() + ";");
        k.fold(List.of(Fold.sum("squares"), Fold.sum("rest")), () -> {
            k.w.line(t + " d = " + k.load(0) + " - mean;");
            return List.of("d * d", "d");
        });
        // What the first sum lost to rounding (Chan, Golub and LeVeque, 1983).
        k.w.line("if (rest - rest == 0) {");
        k.w.line("mean += rest / " + k.count() + ";").line("squares -= rest * (rest / " + k.count() + ");");
        k.w.line("squares = squares < 0 ? 0 : squares;").line("}");
        String e = Types.constant(kind, Double.doubleToLongBits(epsilon));
        k.w.line(t + " rstd = 1 / sqrt(squares / " + k.count() + " + " + e + ");");
        k.each(() -> k.w.line(t + " v = (" + k.load(0) + " - mean) * rstd * " + k.load(1) + " + " + k.load(2) + ";")
                .line(k.store(3, "v")));
        k.storeOfLine(4, "mean");
        k.storeOfLine(5, "rstd");
        return KernelPlan.of(k.finish());
    }

    private static List<Place> operands(List<TensorType> in, int rank, Set<Integer> scaled, Set<Integer> kept) {
        return List.of(Place.in(0, in.get(0), in.get(0).strides()), Place.in(1, in.get(1), in.get(1).strides()),
                Place.in(2, in.get(2), spread(in.get(2), rank, scaled)),
                Place.in(3, in.get(3), spread(in.get(3), rank, kept)),
                Place.in(4, in.get(4), spread(in.get(4), rank, kept)));
    }

    private static List<Place> with(List<Place> places, Place... more) {
        return Stream.concat(places.stream(), Arrays.stream(more)).toList();
    }

    /// Each channel is a line: its gradients of scale and shift are sums that the gradient of the input needs anyway.
    static KernelPlan batchBackward(Dialect dialect, DeviceTraits traits, List<TensorType> in, List<TensorType> out) {
        TensorType x = in.get(1);
        int rank = x.rank();
        Kind kind = x.dtype().kind();
        Set<Integer> channel = Set.of(1);
        LineKernel k = new LineKernel(dialect, traits, "batch_norm_backward", kind, x.shape(), butChannels(rank), with(
                operands(in, rank, channel, channel),
                Place.out(0, out.get(0), out.get(0).strides()),
                Place.out(1, out.get(1), spread(out.get(1), rank, channel)),
                Place.out(2, out.get(2), spread(out.get(2), rank, channel))), false);
        String t = Types.of(kind);
        k.w.line(t + " mean = " + k.ofLine(3) + ";").line(t + " rstd = " + k.ofLine(4) + ";");
        k.fold(List.of(Fold.sum("shift"), Fold.sum("scale")), () -> {
            k.w.line(t + " g = " + k.load(0) + ";");
            return List.of("g", "g * ((" + k.load(1) + " - mean) * rstd)");
        });
        k.w.line(t + " factor = rstd * " + k.ofLine(2) + ";");
        k.w.line(t + " level = shift / " + k.count() + ";").line(t + " slope = scale / " + k.count() + ";");
        k.each(() -> k.w.line(t + " v = (" + k.load(0) + " - level - (" + k.load(1)
                + " - mean) * rstd * slope) * factor;").line(k.store(5, "v")));
        k.storeOfLine(6, "scale");
        k.storeOfLine(7, "shift");
        return KernelPlan.of(k.finish());
    }

    /// One kernel goes along rows, for the gradient of the input; another down the columns, for those of scale and
    /// shift, in parts where there are few columns.
    static KernelPlan layerBackward(Dialect dialect, DeviceTraits traits, int axes, List<TensorType> in,
            List<TensorType> out) {
        TensorType x = in.get(1);
        int rank = x.rank();
        Shape shape = x.shape();
        Kind kind = x.dtype().kind();
        String t = Types.of(kind);
        Set<Integer> normalized = last(rank, axes);
        Set<Integer> rows = others(rank, normalized);
        List<Place> operands = operands(in, rank, normalized, rows);
        LineKernel k = new LineKernel(dialect, traits, "layer_norm_backward", kind, shape, normalized,
                with(operands, Place.out(0, out.get(0), out.get(0).strides())), false);
        k.w.line(t + " mean = " + k.ofLine(3) + ";").line(t + " rstd = " + k.ofLine(4) + ";");
        k.fold(List.of(Fold.sum("level"), Fold.sum("slope")), () -> {
            k.w.line(t + " g = " + k.load(0) + " * " + k.load(2) + ";");
            return List.of("g", "g * ((" + k.load(1) + " - mean) * rstd)");
        });
        k.w.line("level /= " + k.count() + ";").line("slope /= " + k.count() + ";");
        k.each(() -> k.w.line(t + " v = (" + k.load(0) + " * " + k.load(2) + " - level - (" + k.load(1)
                + " - mean) * rstd * slope) * rstd;").line(k.store(5, "v")));

        LineKernel c = new LineKernel(dialect, traits, "layer_norm_parameters", kind, shape, rows, with(operands,
                Place.out(1, out.get(1), spread(out.get(1), rank, normalized)),
                Place.out(2, out.get(2), spread(out.get(2), rank, normalized))), true);
        c.fold(List.of(Fold.sum("shift"), Fold.sum("scale")), () -> {
            c.w.line(t + " g = " + c.load(0) + ";");
            return List.of("g", "g * ((" + c.load(1) + " - " + c.load(3) + ") * " + c.load(4) + ")");
        });
        if (c.parts() == 1) {
            c.storeOfLine(5, "scale");
            c.storeOfLine(6, "shift");
            return new KernelPlan(List.of(k.finish(), c.finish()), 0);
        }
        long bytes = c.lines() * c.parts() * Types.bytes(kind) + 63 & -64;
        c.w.line(c.w.workspace("scales", kind, 0) + "[part * lines + line] = scale;");
        c.w.line(c.w.workspace("shifts", kind, bytes) + "[part * lines + line] = shift;");
        GeneratedKernel sums = partSums(dialect, traits, shape, normalized, kind, c.parts(), bytes, out);
        return new KernelPlan(List.of(k.finish(), c.finish(), sums), 2 * bytes);
    }

    private static GeneratedKernel partSums(Dialect dialect, DeviceTraits traits, Shape shape, Set<Integer> normalized,
            Kind kind, long parts, long bytes, List<TensorType> out) {
        int rank = shape.rank();
        LineKernel s = new LineKernel(dialect, traits, "layer_norm_sums", kind,
                shape.slice(rank - normalized.size(), rank), Set.of(), List.of(
                        Place.out(1, out.get(1), out.get(1).strides()),
                        Place.out(2, out.get(2), out.get(2).strides())), false);
        String t = Types.of(kind);
        s.w.line(t + " scale = 0;").line(t + " shift = 0;");
        s.w.line("for (idx part = 0; part < " + s.w.number("parts", parts) + "; part++) {");
        s.w.line("scale += " + s.w.workspace("scales", kind, 0) + "[part * lines + line];");
        s.w.line("shift += " + s.w.workspace("shifts", kind, bytes) + "[part * lines + line];").line("}");
        s.storeOfLine(0, "scale");
        s.storeOfLine(1, "shift");
        return s.finish();
    }
}
