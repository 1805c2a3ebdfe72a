package dev.tenon.nn.train;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Remembers, on the device, the first step whose loss was no finite number: nothing waits until somebody asks.
final class NaNWatch implements AutoCloseable {
    private @Nullable Tensor first;

    /// Looks at the loss of a step.
    void see(Tensor loss, long step) {
        Device d = loss.device();
        if (first == null) {
            try (Context.Mode _ = Context.unscoped()) {
                first = Tensors.full(Shape.SCALAR, -1, DType.I64, d);
            }
        }
        Tensor before = first;
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Tensor bad = loss.detach().isFinite().logicalNot().logicalAnd(before.lt(0));
            before.copy_(Tensors.full(Shape.SCALAR, step, DType.I64, d).where(bad, before));
        }
    }

    /// The first such step, or -1. Waits for the device.
    long first() {
        return first == null ? -1 : first.itemLong();
    }

    /// The first parameter that holds NaN or an infinity.
    static Optional<String> parameter(Module model) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            return model.namedParameters().entrySet().stream()
                    .filter(e -> e.getValue().get().isFinite().all().item() == 0)
                    .map(e -> e.getKey()).findFirst();
        }
    }

    @Override
    public void close() {
        if (first != null) {
            first.close();
            first = null;
        }
    }
}
