package dev.tenon.autograd;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import java.util.ArrayList;
import java.util.List;

/// Reductions of a mapped value: the gradient of the value, then through the map. Largest and smallest values share the
/// gradient evenly among equals; the product's is exact where factors are zero.
final class ReduceRule implements Rule<ReduceOp> {
    @Override
    public void check(ReduceOp op, List<Tensor> in) {
        if (isDifferentiable(op)) {
            MapGradient g = MapGradient.of(op.prologue(), false);
            for (int i = 0; i < in.size(); i++) {
                if (in.get(i).requiresGrad()) {
                    g.part(op.name(), i);
                }
            }
        }
    }

    private static boolean isDifferentiable(ReduceOp op) {
        return op.reducer().ordinal() <= Reducer.MIN.ordinal() && op.prologue().dtype().isFloating();
    }

    @Override
    public void save(ReduceOp op, Link link) {
        if (!isDifferentiable(op)) {
            return;
        }
        if (op.reducer() != Reducer.SUM) {
            for (int i = 0; i < link.inputs(); i++) {
                link.saveInput(i);
            }
            if (op.reducer() != Reducer.PROD) {
                link.saveOutput(0);
            }
            return;
        }
        MapGradient g = MapGradient.of(op.prologue(), false);
        for (int i = 0; i < link.inputs(); i++) {
            if (link.needs(i)) {
                for (int k : g.part(op.name(), i).inputs) {
                    link.saveInput(k);
                }
            }
        }
    }

    @Override
    public void backward(ReduceOp op, Backward b) {
        Shape full = b.inType(0).shape();
        for (int i = 1; i < b.inputs(); i++) {
            full = Shape.broadcast(op.name(), full, b.inType(i).shape());
        }
        Shape kept = full;
        for (int a : op.axes()) {
            kept = kept.with(a, 1);
        }
        Tensor g = b.grad().reshape(kept);
        Tensor value = switch (op.reducer()) {
            case SUM -> g.expand(full);
            case PROD -> prod(op, g, mapped(op, b), full);
            default -> extreme(op, g, mapped(op, b), b.output(0).reshape(kept));
        };
        MapGradient map = MapGradient.of(op.prologue(), false);
        for (int i = 0; i < b.inputs(); i++) {
            if (b.needs(i)) {
                MapGradient.Part p = map.part(op.name(), i);
                b.set(i, MapRule.gradient(p, _ -> value, b::input, b::output, op.scalars(), b.inType(i), full, b));
            }
        }
    }

    /// The value that was reduced.
    private static Tensor mapped(ReduceOp op, Backward b) {
        if (b.inputs() == 1 && op.prologue().isIdentity(b.inType(0).dtype())) {
            return b.input(0);
        }
        List<Tensor> in = new ArrayList<>();
        for (int i = 0; i < b.inputs(); i++) {
            in.add(b.input(i));
        }
        return Dispatcher.apply(MapOp.of(op.name(), op.prologue(), op.scalars()), in).getFirst();
    }

    private static Tensor extreme(ReduceOp op, Tensor g, Tensor value, Tensor result) {
        Tensor mask = value.eq(result);
        Tensor count = mask.to(g.dtype().kind().dtype()).sum(axes(op.axes()), true);
        Tensor share = op.axes().isEmpty() ? g : g.div(count).to(g.dtype());
        return share.where(mask, Tensors.zeros(Shape.SCALAR, g.dtype(), g.device()));
    }

    /// The axes as an array; for none, which would mean all, there is nothing to reduce, and the sum of all of a scalar
    /// is the same.
    private static int[] axes(List<Integer> axes) {
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Each factor's gradient is that of the product times all other factors: those before times those after it.
    private static Tensor prod(ReduceOp op, Tensor g, Tensor value, Shape full) {
        if (op.axes().isEmpty() || full.elements() == 0) {
            return g.expand(full);
        }
        int rank = full.rank();
        List<Integer> order = new ArrayList<>();
        for (int a = 0; a < rank; a++) {
            if (!op.axes().contains(a)) {
                order.add(a);
            }
        }
        int outer = order.size();
        order.addAll(op.axes());
        int[] inverse = new int[rank];
        for (int a = 0; a < rank; a++) {
            inverse[order.get(a)] = a;
        }
        Tensor moved = value.permute(axes(order));
        Tensor rows = moved.reshape(moved.shape().slice(0, outer).concat(Shape.of(count(full, op))));
        Tensor others = before(rows).mul(before(rows.flip(-1)).flip(-1));
        return others.reshape(moved.shape()).permute(inverse).mul(g);
    }

    private static long count(Shape full, ReduceOp op) {
        long n = 1;
        for (int a : op.axes()) {
            n *= full.dim(a);
        }
        return n;
    }

    /// For each element along the last axis the product of those before it.
    private static Tensor before(Tensor x) {
        long n = x.size(-1);
        return Tensors.pad(x.narrow(-1, 0, n - 1), 1, 1, 0).cumprod(-1);
    }
}
