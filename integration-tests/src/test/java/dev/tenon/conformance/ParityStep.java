package dev.tenon.conformance;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.spi.OpPolicy;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.layer.DropoutLayer;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.models.GoogLeNet;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one forward and backward pass in training mode gives: batch normalisation with the batch's statistics, nothing
/// dropped, mean cross-entropy over all labels.
///
/// @param loss the loss
/// @param norms the norm of each parameter's gradient
/// @param gradients the first elements of the gradients that are asked for
/// @param running the first elements of the running statistics that are asked for
record ParityStep(double loss, Map<String, Double> norms, Map<String, double[]> gradients,
        Map<String, double[]> running) {
    private static final CrossEntropyLoss CRITERION = new CrossEntropyLoss();

    static ParityStep of(ParityFolder f, Module net, DType dtype, Device device) throws IOException {
        return of(f, net, dtype, device, null);
    }

    /// @param forward runs the ops of the forward pass, or null
    static ParityStep of(ParityFolder f, Module net, DType dtype, Device device, @Nullable OpPolicy forward)
            throws IOException {
        net.train();
        net.modules().stream().filter(m -> m instanceof DropoutLayer).forEach(Module::eval);
        net.zeroGrad();
        try (Scope _ = Scope.open()) {
            Tensor input = f.array("input", dtype, device);
            Tensor labels = f.array("labels", dtype, device);
            Tensor loss;
            try (Context.Mode _ = Context.policy(forward)) {
                loss = net instanceof GoogLeNet g ? g.callWithAuxiliary(input).loss(ParityStep::loss, labels)
                        : loss(net.call(input), labels);
            }
            loss.backward();
            try (Context.Mode _ = Context.noGrad()) {
                Map<String, Double> norms = new LinkedHashMap<>();
                Map<String, Tensor> grads = new LinkedHashMap<>();
                net.namedParameters().forEach((n, p) -> {
                    Tensor g = gradient(p);
                    grads.put(n, g);
                    norms.put(n, g.norm().item());
                });
                return new ParityStep(loss.item(), norms, first(f.lists("grad_first8"), grads),
                        first(f.lists("running_after"), net.stateDict()));
            }
        }
    }

    private static Tensor loss(Tensor logits, Tensor labels) {
        return CRITERION.call(logits.flatten(0, -2), labels.flatten());
    }

    private static Tensor gradient(Parameter p) {
        Tensor g = p.grad();
        return g == null ? Tensors.zerosLike(p.get()) : g;
    }

    /// As many elements of each tensor as are wanted; none where there is no such tensor.
    private static Map<String, double[]> first(Map<String, double[]> want, Map<String, Tensor> from) {
        Map<String, double[]> out = new LinkedHashMap<>();
        want.forEach((name, values) -> {
            Tensor t = from.get(name);
            out.put(name, t == null ? new double[0]
                    : t.detach().flatten().narrow(0, 0, Math.min(values.length, t.elements())).toDoubleArray());
        });
        return out;
    }
}
