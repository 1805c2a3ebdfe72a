package dev.tenon.nn.layer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.init.Init;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// x Aᵀ + b: `[..., in]` to `[..., out]`. Weight and bias start uniform within ± 1 / √in.
public final class Linear extends Module {
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// A linear map with a bias.
    public Linear(long inFeatures, long outFeatures) {
        this(inFeatures, outFeatures, true);
    }

    /// A linear map.
    public Linear(long inFeatures, long outFeatures, boolean bias) {
        Shape shape = Shape.of(outFeatures, inFeatures);
        this.weight = registerParameter("weight", Parameters.create(shape, Init::defaultWeight));
        this.bias = bias
                ? registerParameter("bias", Parameters.create(Shape.of(outFeatures), b -> Init.defaultBias(b, shape)))
                : null;
    }

    /// A, `[out, in]`.
    public final Parameter weight() {
        return weight;
    }

    /// b, `[out]`, or null.
    public final @Nullable Parameter bias() {
        return bias;
    }

    @Override
    public Tensor forward(Tensor x) {
        return Linears.linear(x, weight.get(), bias == null ? null : bias.get());
    }

    /// One for each output and input feature.
    @Override
    public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return outputs.getFirst().elements() * weight.shape().dim(1);
    }

    @Override
    protected String settings() {
        return "inFeatures=" + weight.shape().dim(1) + ", outFeatures=" + weight.shape().dim(0) + ", bias="
                + (bias != null);
    }
}
