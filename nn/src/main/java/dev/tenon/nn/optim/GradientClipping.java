package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Limits on gradients, applied in place between `backward` and the optimiser's step.
public final class GradientClipping {
    private GradientClipping() {}

    /// Scales all gradients together so that their Euclidean norm, taken as one vector, is at most `maxNorm`.
    ///
    /// @return the norm before, as a scalar tensor; reading it waits for the device
    public static Tensor clipGradNorm(List<Parameter> parameters, double maxNorm) {
        return clipGradNorm(parameters, maxNorm, 2);
    }

    /// Scales all gradients together so that their p-norm, taken as one vector, is at most `maxNorm`: they are
    /// multiplied by min(1, maxNorm / (norm + 1e-6)).
    ///
    /// @param p which norm; may be infinite
    /// @return the norm before, as a scalar tensor; reading it waits for the device
    /// @throws TensorException if `maxNorm` is negative
    public static Tensor clipGradNorm(List<Parameter> parameters, double maxNorm, double p) {
        if (!(maxNorm >= 0)) {
            throw new TensorException("clipGradNorm: maxNorm " + maxNorm + ": expected at least 0");
        }
        List<Tensor> gradients = gradients(parameters);
        if (gradients.isEmpty()) {
            Device d = parameters.isEmpty() ? Device.getDefault() : parameters.getFirst().device();
            return Tensors.zeros(Shape.SCALAR, DType.F32, d);
        }
        return Scope.keeping(() -> Context.noGrad(() -> {
            Device first = gradients.getFirst().device();
            List<Tensor> norms = new ArrayList<>();
            for (Tensor g : gradients) {
                norms.add(g.to(g.dtype().kind().dtype()).norm(p, new int[0], false).to(first));
            }
            Tensor total = Tensors.stack(0, norms).norm(p, new int[0], false);
            Tensor factor = total.add(1e-6).rdiv(maxNorm).clampMax(1);
            for (Tensor g : gradients) {
                g.mul_(factor.to(g.device()));
            }
            return total;
        }));
    }

    /// Limits each element of each gradient to [-limit, limit].
    ///
    /// @throws TensorException if the limit is negative
    public static void clipGradValue(List<Parameter> parameters, double limit) {
        if (!(limit >= 0)) {
            throw new TensorException("clipGradValue: limit " + limit + ": expected at least 0");
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            for (Tensor g : gradients(parameters)) {
                g.copy_(g.clamp(-limit, limit));
            }
        }
    }

    private static List<Tensor> gradients(List<Parameter> parameters) {
        return parameters.stream().map(Parameter::grad).filter(Objects::nonNull).toList();
    }
}
