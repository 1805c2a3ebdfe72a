package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.TensorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reductions of a mapped value.
final class Reductions {
    private final Block block;

    Reductions(Block block) {
        this.block = block;
    }

    Term write(ReduceOp r, List<Term> in) {
        Shape space = Shape.SCALAR;
        for (Term t : in) {
            space = Shape.broadcast(r.name(), space, t.shape());
        }
        Expressions e = new Expressions(block, in, space, r.prologue(), r.scalars());
        DType stored = r.prologue().dtype();
        // What is reduced has been rounded to its dtype; sums of 16-bit numbers are rounded only once, at the end.
        boolean wide = stored.isFloating() && (r.reducer() == Reducer.SUM || r.reducer() == Reducer.PROD);
        Term x = wide ? block.expand(block.cast(e.computed(0), stored.kind().dtype()), space) : e.stored(0);
        Shape result = r.infer(in.stream().map(t -> TensorType.of(t.dtype(), t.shape())).toList()).getFirst().shape();
        return block.cast(reduced(r, x, result), r.reducer().result(stored));
    }

    private Term reduced(ReduceOp r, Term mapped, Shape result) {
        Kind kind = mapped.dtype().kind();
        Term numbers = block.cast(mapped, kind == Kind.BOOL ? DType.I32 : kind.dtype());
        return switch (r.reducer()) {
            case SUM -> reduce("ReduceSum", r, kind == Kind.BOOL ? block.cast(mapped, DType.I64) : numbers, result);
            case PROD -> reduce("ReduceProd", r, kind == Kind.BOOL ? block.cast(mapped, DType.I64) : numbers, result);
            case MAX -> reduce("ReduceMax", r, numbers, result);
            case MIN -> reduce("ReduceMin", r, numbers, result);
            case ANY -> positive(count(r, block.cast(mapped, DType.BOOL), result));
            case ALL -> block.unary("Not",
                    positive(count(r, block.unary("Not", block.cast(mapped, DType.BOOL)), result)));
            case ARGMAX -> position("ArgMax", r, numbers, result);
            case ARGMIN -> position("ArgMin", r, numbers, result);
        };
    }

    private Term count(ReduceOp r, Term truth, Shape result) {
        return reduce("ReduceSum", r, block.cast(truth, DType.I64), result);
    }

    private Term positive(Term count) {
        return block.binary("Greater", DType.BOOL, count, block.model.integer(DType.I64, 0));
    }

    private static Map<String, Object> attributes(ReduceOp r) {
        Map<String, Object> a = new LinkedHashMap<>();
        a.put("keepdims", r.keepDims() ? 1L : 0L);
        return a;
    }

    private Term reduce(String op, ReduceOp r, Term x, Shape result) {
        return r.axes().isEmpty() ? x
                : block.reduce(op, x, r.axes(), r.keepDims(), result);
    }

    private Term position(String op, ReduceOp r, Term x, Shape result) {
        Map<String, Object> a = attributes(r);
        a.put("axis", (long) r.axes().getFirst());
        return block.add(op, DType.I64, result, List.of(x), a);
    }
}
