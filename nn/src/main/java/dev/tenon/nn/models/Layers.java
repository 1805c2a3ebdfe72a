package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.init.Gain;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What several models are built from.
final class Layers {
    private Layers() {}

    /// A square convolution without shift, for a normalisation that follows; stride 1 keeps the extents.
    static Conv2d conv(long in, long out, int kernel, int stride) {
        return conv(in, out, kernel, stride, 1);
    }

    /// A square convolution in groups.
    static Conv2d conv(long in, long out, int kernel, int stride, int groups) {
        var options = new ConvOptions().stride(stride).padding(kernel / 2).groups(groups);
        return new Conv2d(in, out, new int[] {kernel}, false, options);
    }

    /// He et al.'s normal numbers in the weights of convolutions; shifts of convolutions, if any, at zero.
    static void kaiming(Module model, Init.FanMode mode) {
        model.apply(m -> {
            if (m instanceof Conv2d c) {
                Init.kaimingNormal(c.weight().get(), mode, Gain.RELU);
                fill(c.bias(), Init::zeros);
            }
        });
    }

    /// Fills the weights and shifts of linear maps.
    static void linear(Module model, Consumer<Tensor> weight, Consumer<Tensor> bias) {
        model.apply(m -> {
            if (m instanceof Linear l) {
                weight.accept(l.weight().get());
                fill(l.bias(), bias);
            }
        });
    }

    static void fill(@Nullable Parameter p, Consumer<Tensor> fill) {
        if (p != null) {
            fill.accept(p.get());
        }
    }
}
