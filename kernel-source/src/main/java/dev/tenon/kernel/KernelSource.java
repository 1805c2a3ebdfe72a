package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;

/// Turns ops into kernels.
///
/// @param dialect the language
/// @param traits the device
public record KernelSource(Dialect dialect, DeviceTraits traits) {

    /// The kernels that compute an op for operands and results of the given types, or empty for an op that has none
    /// here.
    ///
    /// @throws dev.tenon.api.BackendException if the op needs double precision and the device has none
    public Optional<KernelPlan> plan(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case MapOp m -> Optional.of(MapSource.plan(dialect, traits, m.body(), in, out));
            case CopyOp _ -> {
                DType to = out.getFirst().dtype();
                Lambda body = Lambda.of(Exprs.in(0, in.getFirst().dtype(), to), to);
                yield Optional.of(MapSource.plan(dialect, traits, body, in, out));
            }
            case ReduceOp r -> Optional.of(ReduceSource.plan(dialect, traits, r, in, out.getFirst()));
            default -> Optional.empty();
        };
    }
}
