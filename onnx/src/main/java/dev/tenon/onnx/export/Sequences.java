package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.SortOp;
import java.util.List;
import java.util.Map;

/// Running combinations along an axis, and sorting.
final class Sequences {
    private final Block block;

    Sequences(Block block) {
        this.block = block;
    }

    private static DType work(DType dtype) {
        return dtype.kind() == Kind.BOOL ? DType.I32 : dtype.kind().dtype();
    }

    /// The values and the positions that they come from.
    List<Term> sort(SortOp s, Term x) {
        Term k = block.model.longs(x.shape().dim(s.axis()));
        Term numbers = block.cast(x, work(x.dtype()));
        List<Term> out = block.add("TopK", List.of(numbers, k),
                Map.of("axis", (long) s.axis(), "largest", s.descending() ? 1L : 0L, "sorted", 1L),
                List.of(numbers, new Term("", DType.I64, x.shape())));
        return List.of(block.cast(out.get(0), x.dtype()), out.get(1));
    }

    List<Term> scan(ScanOp s, Term x) {
        Term numbers = block.cast(x, work(x.dtype()));
        if (s.reducer() == Reducer.SUM) {
            Term sums = block.add("CumSum", numbers.dtype(), x.shape(),
                    List.of(numbers, block.model.integer(DType.I64, s.axis())), Map.of());
            return List.of(block.cast(sums, x.dtype()));
        }
        return s.reducer() == Reducer.PROD ? List.of(block.cast(products(numbers, s.axis()), x.dtype()))
                : extremes(numbers, s, x.dtype());
    }

    /// Running products: each element times the one 1, 2, 4, ... places before it (Hillis and Steele, 1986).
    private Term products(Term x, int axis) {
        long extent = x.shape().dim(axis);
        Term y = x;
        for (long d = 1; d < extent; d *= 2) {
            Term head = block.slice(y, axis, 0, d, 1);
            Term tail = block.binary("Mul", block.slice(y, axis, d, extent - d, 1),
                    block.slice(y, axis, 0, extent - d, 1));
            y = block.concat(axis, List.of(head, tail));
        }
        return y;
    }

    /// The same with the larger (or smaller) value, the later of equals, and its position. NaN wins.
    private List<Term> extremes(Term x, ScanOp s, DType dtype) {
        int axis = s.axis();
        long extent = x.shape().dim(axis);
        Shape one = x.shape();
        for (int a = 0; a < x.rank(); a++) {
            one = one.with(a, a == axis ? extent : 1);
        }
        long[] numbers = new long[(int) extent];
        for (int i = 0; i < extent; i++) {
            numbers[i] = i;
        }
        Term values = x;
        Term at = block.expand(block.reshape(block.model.longs(numbers), one), x.shape());
        String better = s.reducer() == Reducer.MAX ? "GreaterOrEqual" : "LessOrEqual";
        for (long d = 1; d < extent; d *= 2) {
            Term later = block.slice(values, axis, d, extent - d, 1);
            Term earlier = block.slice(values, axis, 0, extent - d, 1);
            Term wins = block.binary(better, DType.BOOL, later, earlier);
            if (x.dtype().isFloating()) {
                wins = block.binary("Or", wins, block.add("IsNaN", DType.BOOL, later.shape(), List.of(later),
                        Map.of()));
            }
            Term laterAt = block.slice(at, axis, d, extent - d, 1);
            Term earlierAt = block.slice(at, axis, 0, extent - d, 1);
            values = block.concat(axis, List.of(block.slice(values, axis, 0, d, 1),
                    block.where(wins, later, earlier)));
            at = block.concat(axis, List.of(block.slice(at, axis, 0, d, 1),
                    block.where(wins, laterAt, earlierAt)));
        }
        return List.of(block.cast(values, dtype), at);
    }
}
