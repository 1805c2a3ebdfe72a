package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The matrix product of operands of any layout, with an epilogue.
final class MatMulSource {
    private MatMulSource() {}

    static KernelPlan plan(Dialect dialect, DeviceTraits traits, MatMulOp op, List<TensorType> in,
            List<TensorType> out) {
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        Shape shape = out.getFirst().shape();
        int r = shape.rank() - 2;
        Shape batch = shape.slice(0, r);
        List<long[]> full = new ArrayList<>();
        full.add(a.broadcastStrides(batch.concat(a.shape().slice(a.rank() - 2, a.rank()))));
        full.add(b.broadcastStrides(batch.concat(b.shape().slice(b.rank() - 2, b.rank()))));
        in.subList(2, in.size()).forEach(t -> full.add(t.broadcastStrides(shape)));
        out.forEach(t -> full.add(t.strides()));
        Space outer = Space.merged(batch, full.stream().map(s -> Arrays.copyOf(s, r)).toList());
        boolean wide = in.stream().anyMatch(t -> t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 2)
                || out.stream().anyMatch(t -> t.maxOffset() - t.minOffset() > Integer.MAX_VALUE / 2);
        DType dtype = a.dtype();
        Kind kind = dtype.kind();
        GemmSource.Load loadA = (w, as) -> load(w, as, outer, 0, dtype, full.get(0), r, "i", "k");
        GemmSource.Load loadB = (w, as) -> load(w, as, outer, 1, dtype, full.get(1), r, "k", "j");
        Lambda epilogue = op.epilogue().orElse(Lambda.of(new Expr.Input(0, kind), dtype));
        GemmSource.Body store = w -> {
            List<String> s = new ArrayList<>(outer.decode(w, "c", "b", outer.rank()));
            LambdaWriter lambda = new LambdaWriter(w, epilogue, "t", i -> i == 0 ? "v" : Types.load(
                    in.get(i + 1).dtype(),
                    w.input(i + 1, in.get(i + 1).dtype()),
                    position(w, outer, i + 1, full.get(i + 1), r, "i", "j")), axis -> switch (axis + 1) {
                        case 0 -> throw new IllegalArgumentException("matmul: an epilogue that counts elements");
                        default -> axis == r ? "(i64)i" : axis == r + 1 ? "(i64)j" : batchIndex(w, batch, axis);
                    });
            s.addAll(lambda.statements());
            for (int o = 0; o < out.size(); o++) {
                DType to = out.get(o).dtype();
                String at = position(w, outer, in.size() + o, full.get(in.size() + o), r, "i", "j");
                s.add(Types.store(w, to, w.output(o, to), at, lambda.result(o)));
            }
            return s;
        };
        return new GemmSource(dialect, traits, kind, batch.elements(), shape.dim(-2), shape.dim(-1), a.shape().dim(-1),
                wide, loadA, loadB, store)
                .batched(differs(full.get(0), r), differs(full.get(1), r))
                .stored(stored(a, 0, full.get(0), r + 1, r), stored(b, 1, full.get(1), r, r + 1)).plan();
    }

    /// The position along one axis of the batch, from the number of the batch.
    private static String batchIndex(KernelWriter w, Shape batch, int axis) {
        long inner = batch.slice(axis + 1, batch.rank()).elements();
        return "(i64)(b / " + w.number("batch_inner" + axis, inner) + " % "
                + w.number("batch_extent" + axis, batch.dim(axis)) + ")";
    }

    /// How an operand lies in memory.
    ///
    /// @param deep the axis along which products are summed
    private static Stored stored(TensorType t, int operand, long[] strides, int deep, int other) {
        int along = strides[deep] == 1 ? deep : other;
        boolean pieces = strides[along] == 1;
        for (int a = 0; a < strides.length; a++) {
            pieces &= a == along || Stored.whole(t.dtype(), strides[a]);
        }
        return new Stored(t.dtype(), operand, along == deep, pieces);
    }

    private static boolean differs(long[] strides, int batchRank) {
        for (int i = 0; i < batchRank; i++) {
            if (strides[i] != 0) {
                return true;
            }
        }
        return false;
    }

    private static List<String> load(KernelWriter w, Types.Reading as, Space outer, int operand, DType dtype,
            long[] strides, int r, String row, String column) {
        List<String> s = new ArrayList<>(outer.decode(w, "c", "b", outer.rank()));
        String at = position(w, outer, operand, strides, r, row, column);
        s.add("return " + as.of(w, dtype, w.input(operand, dtype), at) + ";");
        return s;
    }

    private static String position(KernelWriter w, Space outer, int operand, long[] strides, int r, String row,
            String column) {
        return outer.offset(w, "c", operand, 0, outer.rank()) + times(w, row, strides[r], "row" + operand)
                + times(w, column, strides[r + 1], "column" + operand);
    }

    private static String times(KernelWriter w, String at, long stride, String name) {
        return stride == 0 ? "" : " + " + at + (stride == 1 ? "" : " * " + w.number(name, stride));
    }
}
