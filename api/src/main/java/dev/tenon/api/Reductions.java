package dev.tenon.api;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.ScanOp;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// The workings of [ReductionOps].
final class Reductions {
    static final int[] NO_AXES = new int[0];

    private Reductions() {}

    static DType accumulated(DType d) {
        return d.isFloating() ? d : DType.I64;
    }

    static void requireFloating(String op, Tensor x) {
        if (!x.dtype().isFloating()) {
            throw new TensorException(
                    op + ": dtype " + x.dtype() + " is not floating-point: convert with to(DType.F32) first");
        }
    }

    /// The axes counted from the first, ascending; all of them for none given.
    static List<Integer> axes(String op, Shape shape, int[] axes) {
        if (axes.length == 0) {
            return IntStream.range(0, shape.rank()).boxed().toList();
        }
        List<Integer> a = Arrays.stream(axes).map(shape::axis).boxed().sorted().toList();
        if (a.stream().distinct().count() != a.size()) {
            throw new TensorException(op + ": axes " + Arrays.toString(axes) + " of " + shape + " name one axis twice");
        }
        return shape.rank() == 0 ? List.of() : a;
    }

    static long count(Tensor x, int[] axes) {
        return axes("mean", x.shape(), axes).stream().mapToLong(x::size).reduce(1, (a, b) -> a * b);
    }

    static Tensor reduce(Reducer r, Tensor x, int[] axes, boolean keepDims, DType dtype) {
        List<Integer> a = axes(r.name().toLowerCase(Locale.ROOT), x.shape(), axes);
        Lambda prologue = Lambda.of(Exprs.in(0, x.dtype(), dtype), dtype);
        return Dispatcher.run(new ReduceOp(r, a, keepDims, prologue, Scalars.NONE), x);
    }

    /// The sum along axes of a function of each element.
    static Tensor mapped(Tensor x, int[] axes, boolean keepDims, UnaryOperator<Expr> f) {
        Lambda prologue = Lambda.of(f.apply(Exprs.in(0, x.dtype())), x.dtype());
        List<Integer> a = axes("sum", x.shape(), axes);
        return Dispatcher.run(new ReduceOp(Reducer.SUM, a, keepDims, prologue, Scalars.NONE), x);
    }

    static Tensor squaredDeviations(Tensor x, Tensor mean, int[] axes, boolean keepDims) {
        Expr d = Exprs.sub(Exprs.in(0, x.dtype()), Exprs.in(1, x.dtype()));
        Lambda prologue = Lambda.of(Exprs.square(d), x.dtype());
        List<Integer> a = axes("var", x.shape(), axes);
        return Dispatcher.run(new ReduceOp(Reducer.SUM, a, keepDims, prologue, Scalars.NONE), x, mean);
    }

    static Tensor arg(Reducer r, Tensor x, int axis, boolean keepDims) {
        if (x.rank() == 0) {
            x.shape().axis(axis);
            return Tensors.zeros(Shape.SCALAR, DType.I64, x.device());
        }
        Lambda identity = Lambda.identity(x.dtype());
        return Dispatcher.run(new ReduceOp(r, List.of(x.shape().axis(axis)), keepDims, identity, Scalars.NONE), x);
    }

    static ReductionOps.ValuesAndIndices withIndices(Reducer r, Tensor x, int axis, boolean keepDims) {
        Tensor kept = Context.noGrad(() -> arg(r, x, axis, true));
        if (x.rank() == 0) {
            return new ReductionOps.ValuesAndIndices(x.clone(), kept);
        }
        Tensor values = x.gather(axis, kept);
        return keepDims
                ? new ReductionOps.ValuesAndIndices(values, kept)
                : new ReductionOps.ValuesAndIndices(values.squeeze(axis), kept.squeeze(axis));
    }

    static ReductionOps.ValuesAndIndices scan(Reducer r, Tensor x, int axis) {
        if (x.rank() == 0) {
            x.shape().axis(axis);
            return new ReductionOps.ValuesAndIndices(x.clone(), Tensors.zeros(Shape.SCALAR, DType.I64, x.device()));
        }
        List<Tensor> out = Dispatcher.apply(new ScanOp(r, x.shape().axis(axis)), List.of(x));
        return new ReductionOps.ValuesAndIndices(out.getFirst(), out.getLast());
    }
}
