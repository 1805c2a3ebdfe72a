package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import java.util.List;
import java.util.function.Function;

/// Gradients of whole layers against finite differences: those of the inputs and those of every parameter.
final class LayerChecks {
    private static final double STEP = 1e-5;

    private LayerChecks() {}

    /// Standard normal `F64` numbers, the same ones for the same seed.
    static Tensor normal(long seed, long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F64, Device.getDefault(), new Generator(seed));
    }

    /// For a layer that maps one tensor to one tensor.
    static void gradCheck(Module layer, Tensor input) {
        gradCheck(layer, in -> layer.call(in.getFirst()), input);
    }

    /// Converts the layer to `F64` and compares its gradients with finite differences.
    static void gradCheck(Module layer, Function<List<Tensor>, Tensor> forward, Tensor... inputs) {
        layer.to(DType.F64);
        layer.parameters().forEach(LayerChecks::spread);
        Gradients.gradCheck(forward, inputs);
        List<Tensor> in = List.of(inputs);
        layer.zeroGrad();
        Tensor y = forward.apply(in);
        Tensor v = Tensors.uniform(y.shape(), 0.5, 1.5, DType.F64, y.device(), new Generator(1));
        y.mul(v).sum().backward();
        layer.namedParameters().forEach((name, p) -> {
            Tensor g = p.grad();
            assertNotNull(g, name);
            double[] analytic = g.toDoubleArray();
            for (int i = 0; i < analytic.length; i++) {
                double numeric = difference(forward, in, v, p, i);
                assertEquals(numeric, analytic[i], 1e-6 + 1e-4 * Math.abs(numeric), name + ", element " + i);
            }
        });
        layer.zeroGrad();
    }

    /// Zeros and ones, with which many parameters start, would hide mistakes.
    private static void spread(Parameter p) {
        try (Context.Mode _ = Context.noGrad()) {
            p.get().add_(Tensors.uniform(p.shape(), -0.3, 0.3, DType.F64, p.device(), new Generator(p.elements())));
        }
    }

    private static double difference(Function<List<Tensor>, Tensor> forward, List<Tensor> in, Tensor v, Parameter p,
            int element) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Tensor flat = p.get().view(-1).narrow(0, element, 1);
            flat.add_(STEP);
            double above = forward.apply(in).mul(v).sum().item();
            flat.add_(-2 * STEP);
            double below = forward.apply(in).mul(v).sum().item();
            flat.add_(STEP);
            return (above - below) / (2 * STEP);
        }
    }
}
