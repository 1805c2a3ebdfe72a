package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
            case MatMulOp m -> Optional.of(MatMulSource.plan(dialect, traits, m, in, out));
            case GatherOp g -> Optional.of(IndexSource.gather(dialect, traits, g, in, out.getFirst()));
            case ScatterOp s -> Optional.of(IndexSource.scatter(dialect, traits, s, in, out.getFirst()));
            case ScanOp s -> Optional.of(LineSource.scan(dialect, traits, s, in.getFirst(), out));
            case SortOp s -> Optional.of(LineSource.sort(dialect, traits, s, in.getFirst(), out));
            case Convolution c when nonEmpty(in, out) ->
                Optional.of(WindowSource.forward(dialect, traits, c, in, out.getFirst()));
            case ConvolutionBackwardData c when nonEmpty(in, out) ->
                Optional.of(WindowSource.backwardData(dialect, traits, c.convolution(), in, out.getFirst()));
            case ConvolutionBackwardWeight c when nonEmpty(in, out) ->
                Optional.of(WindowSource.backwardWeight(dialect, traits, c.convolution(), in, out.getFirst()));
            case MaxPool p when nonEmpty(in, out) ->
                Optional.of(PoolSource.max(dialect, traits, p, in.getFirst(), out));
            case MaxPoolBackward p when nonEmpty(in, out) && contiguous(in, out) ->
                Optional.of(PoolSource.maxBackward(dialect, traits, p, in, out.getFirst()));
            default -> Optional.empty();
        };
    }

    private static boolean nonEmpty(List<TensorType> in, List<TensorType> out) {
        return Stream.concat(in.stream(), out.stream()).allMatch(t -> t.elements() > 0);
    }

    private static boolean contiguous(List<TensorType> in, List<TensorType> out) {
        return Stream.concat(in.stream(), out.stream()).allMatch(TensorType::isContiguous);
    }
}
