package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Turns ops into kernels.
///
/// @param dialect the language
/// @param traits the device
public record KernelSource(Dialect dialect, DeviceTraits traits) {

    /// The same with another shape of tiles for products of `F32` or `F64`.
    KernelSource withTile(Kind kind, GemmTile tile) {
        return new KernelSource(dialect, traits.withTile(kind, tile));
    }

    /// The same with another way to cut products on tensor cores.
    KernelSource withTile(MmaTile tile) {
        return new KernelSource(dialect, traits.withTile(tile));
    }

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
            case ScanOp s -> Optional.of(ScanSource.plan(dialect, traits, s, in.getFirst(), out));
            case SortOp s -> Optional.of(SortSource.plan(dialect, traits, s, in.getFirst(), out));
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
            case FusedConvolution c when nonEmpty(in, out) && !countsElements(c.epilogue()) ->
                Optional.of(WindowSource.fused(dialect, traits, c, in, out.getFirst()));
            case AvgPool p when nonEmpty(in, out) ->
                Optional.of(PoolSource.mean(dialect, traits, p, in.getFirst(), out.getFirst()));
            case AvgPoolBackward p when floating(in, out) ->
                Optional.of(PoolSource.meanBackward(dialect, traits, p, in.getFirst(), out.getFirst()));
            case Softmax s when floating(in, out) ->
                Optional.of(NormSource.softmax(dialect, traits, s.axis(), false, in.getFirst(), out.getFirst()));
            case LogSoftmax s when floating(in, out) ->
                Optional.of(NormSource.softmax(dialect, traits, s.axis(), true, in.getFirst(), out.getFirst()));
            case BatchNorm b when floating(in, out) -> {
                int rank = in.getFirst().rank();
                yield Optional.of(NormSource.forward(dialect, traits, NormSource.butChannels(rank), Set.of(1),
                        b.epsilon(), in, out));
            }
            case BatchNormBackward _ when floating(in, out) ->
                Optional.of(NormSource.batchBackward(dialect, traits, in, out));
            case LayerNorm l when floating(in, out) -> {
                Set<Integer> last = NormSource.last(in.getFirst().rank(), l.axes());
                yield Optional.of(NormSource.forward(dialect, traits, last, last, l.epsilon(), in, out));
            }
            // Sums are stored in the arithmetic in which they are taken.
            case LayerNormBackward l when floating(in, out)
                    && in.get(2).dtype().kind() == in.get(1).dtype().kind() ->
                Optional.of(NormSource.layerBackward(dialect, traits, l.axes(), in, out));
            case Attention a when floating(in, out) -> AttentionSource.forward(dialect, traits, a, in, out);
            case AttentionBackward a when floating(in, out) ->
                AttentionSource.backward(dialect, traits, a, in, out);
            default -> Optional.empty();
        };
    }

    private static boolean countsElements(Lambda body) {
        return body.steps().stream().anyMatch(s -> s.expr() instanceof Expr.Index i && i.axis() < 0);
    }

    private static boolean floating(List<TensorType> in, List<TensorType> out) {
        return nonEmpty(in, out) && in.stream().allMatch(t -> t.dtype().isFloating());
    }

    private static boolean nonEmpty(List<TensorType> in, List<TensorType> out) {
        return Stream.concat(in.stream(), out.stream()).allMatch(t -> t.elements() > 0);
    }

    private static boolean contiguous(List<TensorType> in, List<TensorType> out) {
        return Stream.concat(in.stream(), out.stream()).allMatch(TensorType::isContiguous);
    }
}
