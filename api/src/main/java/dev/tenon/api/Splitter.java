package dev.tenon.api;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Primitive;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Splits primitives that a backend does not prepare into plainer ones, so that the least a backend must do stays
/// small.
final class Splitter {
    private Splitter() {}

    static Optional<List<Tensor>> split(Primitive op, List<Tensor> in, List<TensorType> out, Device device) {
        return switch (op) {
            case MapOp m when m.body().outputs().size() > 1 -> Optional.of(outputs(m, in, device));
            case ReduceOp r when in.size() > 1 || !r.prologue().isIdentity(in.getFirst().dtype()) ->
                Optional.of(prologue(r, in));
            case MatMulOp m when m.epilogue().isPresent() -> Optional.of(epilogue(m, in));
            case CopyOp c -> copy(c, in.getFirst(), out.getFirst(), device);
            default -> Optional.empty();
        };
    }

    private static List<Tensor> outputs(MapOp m, List<Tensor> in, Device device) {
        Shape shape = m.shape();
        for (Tensor t : in) {
            shape = Shape.broadcast(m.name(), shape, t.shape());
        }
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < m.body().outputs().size(); i++) {
            Lambda one = Lambda.of(m.body().outputs().get(i), m.body().dtypes().get(i));
            MapOp single = new MapOp(m.name(), one, shape, m.scalars());
            results.add(in.isEmpty() ? Dispatcher.create(single, device) : Dispatcher.apply(single, in).getFirst());
        }
        return results;
    }

    private static List<Tensor> prologue(ReduceOp r, List<Tensor> in) {
        Tensor mapped = Dispatcher.apply(MapOp.of(r.name(), r.prologue(), r.scalars()), in).getFirst();
        Lambda identity = Lambda.identity(mapped.dtype());
        List<Tensor> result = Dispatcher.apply(
                new ReduceOp(r.reducer(), r.axes(), r.keepDims(), identity, Scalars.NONE), List.of(mapped));
        mapped.close();
        return result;
    }

    private static List<Tensor> epilogue(MatMulOp m, List<Tensor> in) {
        // The epilogue takes the product as it was accumulated, so that has to be the dtype of the plain product too.
        DType work = in.get(0).dtype().kind().dtype();
        Tensor product = Dispatcher.run(MatMulOp.PLAIN, in.get(0).to(work), in.get(1).to(work));
        List<Tensor> operands = new ArrayList<>(List.of(product));
        operands.addAll(in.subList(2, in.size()));
        List<Tensor> result = Dispatcher.apply(MapOp.of("matmul", m.epilogue().orElseThrow(), m.scalars()), operands);
        product.close();
        return result;
    }

    /// A copy to another device goes through the host; a copy on this one is a map.
    private static Optional<List<Tensor>> copy(CopyOp c, Tensor x, TensorType out, Device device) {
        if (c.device().isPresent() && c.device().get() != device) {
            return Optional.of(List.of(Transfers.toDevice(x, out.dtype(), c.device().get())));
        }
        MapOp map = MapOp.of("copy", Lambda.of(Exprs.in(0, x.dtype(), out.dtype()), out.dtype()));
        return Optional.of(Dispatcher.apply(map, List.of(x)));
    }
}
