package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;

/// Random numbers. A seed makes a node give the same numbers at each run; without one they come from the default
/// generator.
final class Randoms {
    private Randoms() {}

    static void register(Operators r) {
        random(r, "RandomNormal", false, true);
        random(r, "RandomNormalLike", true, true);
        random(r, "RandomUniform", false, false);
        random(r, "RandomUniformLike", true, false);
        r.add("Bernoulli", 15, Operators.Trait.RANDOM, c -> {
            OnnxType type = c.typeAttr("dtype", c.type(0));
            Tensor u = Tensors.uniform(c.x(0).shape(), 0, 1, DType.F32, c.device(), generator(c));
            return List.of(OnnxValue.of(type, u.lt(c.x(0).to(DType.F32)).to(type.dtype())));
        });
        r.add("Multinomial", 7, Operators.Trait.RANDOM, c -> {
            OnnxType type = c.typeAttr("dtype", OnnxType.INT32);
            Tensor weights = c.x(0).to(DType.F32).softmax(-1);
            Tensor drawn = Tensors.multinomial(weights, c.attr("sample_size", 1), true, generator(c));
            return List.of(OnnxValue.of(type, drawn.to(type.dtype())));
        });
    }

    private static Generator generator(Call c) {
        return c.hasAttr("seed") ? new Generator(Double.doubleToLongBits(c.attr("seed", 0.0)))
                : Generator.getDefault();
    }

    private static void random(Operators r, String name, boolean like, boolean normal) {
        r.add(name, 1, Operators.Trait.RANDOM, c -> {
            OnnxType type = c.typeAttr("dtype", like ? c.type(0) : OnnxType.FLOAT);
            Shape shape = like ? c.value(0).shape() : Shape.of(c.integers("shape", new long[0]));
            Tensor y = normal
                    ? Tensors.normal(shape, c.attr("mean", 0.0), c.attr("scale", 1.0), type.dtype(), c.device(),
                            generator(c))
                    : Tensors.uniform(shape, c.attr("low", 0.0), c.attr("high", 1.0), type.dtype(), c.device(),
                            generator(c));
            return List.of(OnnxValue.of(type, y));
        });
    }
}
