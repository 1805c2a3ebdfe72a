package dev.tenon.autograd;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/// The gradient of every elementwise op: one map for each operand, or, where the operand was broadcast, one sum with
/// that map as its prologue.
final class MapRule implements Rule<MapOp> {
    @Override
    public void check(MapOp op, List<Tensor> in) {
        if (!anyFloating(op.body())) {
            return;
        }
        MapGradient g = MapGradient.of(op.body(), true);
        for (int i = 0; i < in.size(); i++) {
            if (in.get(i).requiresGrad()) {
                g.part(op.name(), i);
            }
        }
    }

    private static boolean anyFloating(Lambda body) {
        for (int j = 0; j < body.dtypes().size(); j++) {
            if (body.dtypes().get(j).isFloating()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void save(MapOp op, Link link) {
        if (!anyFloating(op.body())) {
            return;
        }
        MapGradient g = MapGradient.of(op.body(), true);
        for (int i = 0; i < link.inputs(); i++) {
            if (link.needs(i)) {
                MapGradient.Part p = g.part(op.name(), i);
                for (int k : p.inputs) {
                    link.saveInput(k);
                }
                for (int k : p.outputs) {
                    link.saveOutput(k);
                }
            }
        }
    }

    @Override
    public void backward(MapOp op, Backward b) {
        MapGradient g = MapGradient.of(op.body(), true);
        Shape full = b.outType(0).shape();
        for (int i = 0; i < b.inputs(); i++) {
            if (b.needs(i)) {
                MapGradient.Part p = g.part(op.name(), i);
                b.set(i, gradient(p, b::grad, b::input, b::output, op.scalars(), b.inType(i), full, b));
            }
        }
    }

    /// The gradient of an operand of the given type.
    ///
    /// @param full the shape of the iteration
    static Tensor gradient(MapGradient.Part p, IntFunction<Tensor> grads, IntFunction<Tensor> inputs,
            IntFunction<Tensor> outputs, Scalars scalars, TensorType type, Shape full, Backward b) {
        if (p.isZero()) {
            return Tensors.zeros(type.shape(), type.dtype(), b.node().inDevice);
        }
        Tensor g = grads.apply(p.grads[0]);
        boolean reduced = !type.shape().equals(full);
        if (!g.shape().equals(full)) {
            g = g.expand(full);
        }
        if (p.isIdentity() && g.dtype() == type.dtype()) {
            return reduced ? sumTo(g, type.shape()) : g;
        }
        List<Tensor> in = new ArrayList<>(p.grads.length + p.inputs.length + p.outputs.length);
        in.add(g);
        for (int k = 1; k < p.grads.length; k++) {
            in.add(grads.apply(p.grads[k]));
        }
        for (int k : p.inputs) {
            in.add(inputs.apply(k));
        }
        for (int k : p.outputs) {
            in.add(outputs.apply(k));
        }
        Lambda l = p.lambda(type.dtype());
        Scalars s = l.params() == 0 ? Scalars.NONE : scalars;
        return reduced ? summed(in, l, s, full, type.shape())
                : Dispatcher.apply(MapOp.of(p.name(b.node().name()), l, s), in).getFirst();
    }

    /// The sum of a broadcast gradient over the axes along which its operand was repeated.
    static Tensor sumTo(Tensor g, Shape shape) {
        return g.shape().equals(shape) ? g
                : summed(List.of(g), Lambda.identity(g.dtype()), Scalars.NONE, g.shape(), shape);
    }

    private static Tensor summed(List<Tensor> in, Lambda l, Scalars s, Shape full, Shape shape) {
        int added = full.rank() - shape.rank();
        List<Integer> axes = new ArrayList<>();
        for (int a = 0; a < full.rank(); a++) {
            if (a < added || shape.dim(a - added) == 1 && full.dim(a) != 1) {
                axes.add(a);
            }
        }
        boolean keep = added == 0;
        return Dispatcher.apply(new ReduceOp(Reducer.SUM, axes, keep, l, s), in).getFirst().reshape(shape);
    }
}
