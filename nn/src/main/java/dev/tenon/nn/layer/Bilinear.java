package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.init.Init;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// x₁ᵀ A x₂ + b for each output: `[..., in1]` and `[..., in2]` to `[..., out]`.
public final class Bilinear extends Module {
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// A bilinear map. Weight and bias start uniform within ± 1 / √in1.
    public Bilinear(long in1Features, long in2Features, long outFeatures, boolean bias) {
        double limit = 1 / Math.sqrt(in1Features);
        this.weight = registerParameter("weight", Parameters.create(
                Shape.of(outFeatures, in1Features, in2Features), t -> Init.uniform(t, -limit, limit)));
        this.bias = bias
                ? registerParameter("bias",
                        Parameters.create(Shape.of(outFeatures), t -> Init.uniform(t, -limit, limit)))
                : null;
    }

    /// A, `[out, in1, in2]`.
    public final Parameter weight() {
        return weight;
    }

    /// b, `[out]`, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor)].
    public final Tensor call(Tensor x1, Tensor x2) {
        return callHooked(List.of(x1, x2), in -> List.of(forward(in.get(0), in.get(1)))).getFirst();
    }

    /// Computes the output.
    public Tensor forward(Tensor x1, Tensor x2) {
        return Linears.bilinear(x1, x2, weight.get(), bias == null ? null : bias.get());
    }

    /// One for each output vector and element of the weight, and the products with the second input.
    @Override
    public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return outputs.getFirst().elements() * (weight.shape().dim(1) + 1) * weight.shape().dim(2);
    }

    @Override
    protected String settings() {
        return "in1Features=" + weight.shape().dim(1) + ", in2Features=" + weight.shape().dim(2) + ", outFeatures="
                + weight.shape().dim(0) + ", bias=" + (bias != null);
    }
}
