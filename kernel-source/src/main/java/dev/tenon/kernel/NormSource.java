package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.LineKernel.Fold;
import dev.tenon.kernel.LineKernel.Place;
import java.util.ArrayList;
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
                places);
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
                Place.out(2, out.get(2), spread(out.get(2), rank, kept))));
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
                Place.out(2, out.get(2), spread(out.get(2), rank, channel))));
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

    /// One kernel goes along rows, for the gradient of the input; others down the columns, for those of scale and
    /// shift.
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
                with(operands, Place.out(0, out.get(0), out.get(0).strides())));
        k.w.line(t + " mean = " + k.ofLine(3) + ";").line(t + " rstd = " + k.ofLine(4) + ";");
        k.fold(List.of(Fold.sum("level"), Fold.sum("slope")), () -> {
            k.w.line(t + " g = " + k.load(0) + " * " + k.load(2) + ";");
            return List.of("g", "g * ((" + k.load(1) + " - mean) * rstd)");
        });
        k.w.line("level /= " + k.count() + ";").line("slope /= " + k.count() + ";");
        k.each(() -> k.w.line(t + " v = (" + k.load(0) + " * " + k.load(2) + " - level - (" + k.load(1)
                + " - mean) * rstd * slope) * rstd;").line(k.store(5, "v")));

        // Each is a reduction over the rows; numbers of rows are seen as if repeated along them.
        List<TensorType> seen = List.of(in.get(0), x, in.get(2), repeated(in.get(3), shape, rows),
                repeated(in.get(4), shape, rows));
        Expr g = Exprs.in(0, in.get(0).dtype());
        Expr normal = Exprs.mul(Exprs.sub(Exprs.in(1, x.dtype()), Exprs.in(3, in.get(3).dtype())),
                Exprs.in(4, in.get(4).dtype()));
        List<GeneratedKernel> kernels = new ArrayList<>(List.of(k.finish()));
        long bytes = 0;
        int result = 1;
        for (Expr value : List.of(Exprs.mul(g, normal), g)) {
            ReduceOp sum = new ReduceOp(Reducer.SUM, rows.stream().sorted().toList(), false,
                    Lambda.of(value, kind.dtype()), Scalars.NONE);
            KernelPlan plan = ReduceSource.plan(dialect, traits, sum, seen, out.get(result));
            for (GeneratedKernel r : plan.kernels()) {
                kernels.add(r.withOutput(result));
            }
            bytes = Math.max(bytes, plan.workspaceBytes());
            result++;
        }
        return new KernelPlan(kernels, bytes);
    }

    private static TensorType repeated(TensorType t, Shape shape, Set<Integer> axes) {
        return TensorType.of(t.dtype(), shape, spread(t, shape.rank(), axes));
    }
}
