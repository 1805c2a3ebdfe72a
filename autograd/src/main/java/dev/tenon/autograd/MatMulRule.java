package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.function.IntFunction;

/// Matrix products: `dA = g B^T`, `dB = A^T g`, summed over batch axes that were broadcast. An epilogue is undone
/// first; where its derivative reads the product, that is computed again.
final class MatMulRule implements Rule<MatMulOp> {
    @Override
    public void check(MatMulOp op, List<Tensor> in) {
        if (op.epilogue().isEmpty()) {
            return;
        }
        MapGradient g = MapGradient.of(op.epilogue().get(), true);
        for (int i = 0; i < in.size(); i++) {
            if (in.get(i).requiresGrad()) {
                g.part(op.name(), Math.max(0, i - 1));
            }
        }
    }

    @Override
    public void save(MatMulOp op, Link link) {
        boolean readsA = link.needs(1);
        boolean readsB = link.needs(0);
        if (op.epilogue().isPresent()) {
            MapGradient g = MapGradient.of(op.epilogue().get(), true);
            for (int i = 0; i < link.inputs(); i++) {
                if (link.needs(i)) {
                    MapGradient.Part p = g.part(op.name(), Math.max(0, i - 1));
                    for (int k : p.inputs) {
                        if (k == 0) {
                            readsA = true;
                            readsB = true;
                        } else {
                            link.saveInput(k + 1);
                        }
                    }
                    for (int k : p.outputs) {
                        link.saveOutput(k);
                    }
                }
            }
        }
        if (readsA) {
            link.saveInput(0);
        }
        if (readsB) {
            link.saveInput(1);
        }
    }

    @Override
    public void backward(MatMulOp op, Backward b) {
        if (op.epilogue().isEmpty()) {
            if (b.needs(0) || b.needs(1)) {
                product(b.grad(), b);
            }
            return;
        }
        Lambda epilogue = op.epilogue().get();
        MapGradient map = MapGradient.of(epilogue, true);
        Shape full = b.outType(0).shape();
        Tensor[] product = new Tensor[1];
        IntFunction<Tensor> inputs = k -> {
            if (k > 0) {
                return b.input(k + 1);
            }
            Tensor p = product[0];
            if (p == null) {
                // In the kind of arithmetic, as the epilogue saw it.
                DType kind = b.inType(0).dtype().kind().dtype();
                p = Dispatcher.run(MatMulOp.PLAIN, b.input(0).to(kind), b.input(1).to(kind));
                product[0] = p;
            }
            return p;
        };
        if (b.needs(0) || b.needs(1)) {
            TensorType type = TensorType.of(b.inType(0).dtype(), full);
            product(MapRule.gradient(map.part(op.name(), 0), b::grad, inputs, b::output, op.scalars(), type, full, b),
                    b);
        }
        for (int i = 2; i < b.inputs(); i++) {
            if (b.needs(i)) {
                MapGradient.Part p = map.part(op.name(), i - 1);
                b.set(i, MapRule.gradient(p, b::grad, inputs, b::output, op.scalars(), b.inType(i), full, b));
            }
        }
    }

    private static void product(Tensor g, Backward b) {
        Shape left = b.inType(0).shape();
        Shape right = b.inType(1).shape();
        if (b.needs(0)) {
            b.set(0, MapRule.sumTo(laidOut(b.inType(0), g, b.input(1).mT()), left));
        }
        if (b.needs(1)) {
            Tensor a = b.input(0);
            if (right.rank() == 2 && left.rank() > 2) {
                // The sum over the batch is part of the product of the merged rows.
                Tensor rows = a.reshape(Shape.of(left.slice(0, left.rank() - 1).elements(), left.dim(-1)));
                Tensor grads = g.reshape(Shape.of(rows.size(0), right.dim(-1)));
                b.set(1, laidOut(b.inType(1), rows.mT(), grads));
            } else {
                b.set(1, MapRule.sumTo(laidOut(b.inType(1), a.mT(), g), right));
            }
        }
    }

    /// The product of two matrices with its elements in the order in which those of an operand lie: the gradient of a
    /// transposed weight is then, transposed back, in the order of the weight, and adding it up and using it goes
    /// straight through memory.
    private static Tensor laidOut(TensorType operand, Tensor a, Tensor b) {
        int rank = operand.rank();
        boolean columns = rank >= 2 && operand.stride(rank - 2) == 1 && operand.stride(rank - 1) != 1;
        return columns ? Dispatcher.run(MatMulOp.PLAIN, b.mT(), a.mT()).mT() : Dispatcher.run(MatMulOp.PLAIN, a, b);
    }
}
