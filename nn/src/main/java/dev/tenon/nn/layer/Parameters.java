package dev.tenon.nn.layer;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.function.Consumer;

/// New tensors for parameters and buffers: `F32` on the default device, in no scope.
final class Parameters {
    private Parameters() {}

    static Tensor create(Shape shape, Consumer<Tensor> fill) {
        try (Context.Mode _ = Context.unscoped()) {
            Tensor t = Tensors.empty(shape, DType.F32, Device.getDefault());
            fill.accept(t);
            return t;
        }
    }
}
