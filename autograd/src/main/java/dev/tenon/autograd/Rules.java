package dev.tenon.autograd;

import dev.tenon.api.linalg.Cholesky;
import dev.tenon.api.linalg.CholeskySolve;
import dev.tenon.api.linalg.Determinant;
import dev.tenon.api.linalg.Eigh;
import dev.tenon.api.linalg.PseudoInverse;
import dev.tenon.api.linalg.Solve;
import dev.tenon.api.linalg.Svd;
import dev.tenon.api.linalg.TriangularSolve;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.Cat;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TopK;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The table of gradient rules.
final class Rules {
    private static final Map<Class<?>, Rule<?>> TABLE = new IdentityHashMap<>();

    static {
        put(MapOp.class, new MapRule());
        put(ReduceOp.class, new ReduceRule());
        put(MatMulOp.class, new MatMulRule());
        put(CopyOp.class, ViewRules::copy);
        put(ViewOp.Reshape.class, ViewRules::reshape);
        put(ViewOp.Permute.class, ViewRules::permute);
        put(ViewOp.Slice.class, ViewRules::slice);
        put(ViewOp.Expand.class, ViewRules::expand);
        put(ViewOp.Diagonal.class, ViewRules::placed);
        put(ViewOp.Window.class, ViewRules::window);
        put(ViewScatter.class, ViewRules::viewScatter);
        put(Cat.class, ViewRules::cat);
        put(Pad.class, ViewRules::pad);
        put(GatherOp.class, new IndexRules.Gather());
        put(ScatterOp.class, new IndexRules.Scatter());
        put(SortOp.class, new IndexRules.Chosen<>(SortOp::axis));
        put(TopK.class, new IndexRules.Chosen<>(TopK::axis));
        put(ScanOp.class, new ScanRule());
        put(Softmax.class, new NeuralRules.OfSoftmax());
        put(LogSoftmax.class, new NeuralRules.OfLogSoftmax());
        put(Attention.class, new NeuralRules.OfAttention());
        put(Convolution.class, new NeuralRules.OfConvolution());
        put(ConvolutionBackwardData.class, new NeuralRules.OfConvolutionBackwardData());
        put(ConvolutionBackwardWeight.class, new NeuralRules.OfConvolutionBackwardWeight());
        put(MaxPool.class, new NeuralRules.OfMaxPool());
        put(MaxPoolBackward.class, new NeuralRules.OfMaxPoolBackward());
        put(AvgPool.class, NeuralRules::avgPool);
        put(AvgPoolBackward.class, NeuralRules::avgPoolBackward);
        put(Lstm.class, new RecurrentRules.OfLstm());
        put(BatchNorm.class, new NormRules.OfBatchNorm());
        put(LayerNorm.class, new NormRules.OfLayerNorm());
        put(Cholesky.class, new LinalgRules.OfCholesky());
        put(CholeskySolve.class, new LinalgRules.OfCholeskySolve());
        put(Solve.class, new LinalgRules.OfSolve());
        put(TriangularSolve.class, new LinalgRules.OfTriangularSolve());
        put(Determinant.class, new LinalgRules.OfDeterminant());
        put(Determinant.Slogdet.class, new LinalgRules.OfSlogdet());
        put(Eigh.class, new LinalgRules.OfEigh());
        put(Svd.class, new LinalgRules.OfSvd());
        put(PseudoInverse.class, new LinalgRules.OfPseudoInverse());
    }

    private Rules() {}

    private static <O extends Op> void put(Class<O> type, Rule<O> rule) {
        TABLE.put(type, rule);
    }

    /// The rule for an op, or null. Only [#put] fills the table, so the rule fits the op.
    @SuppressWarnings("unchecked")
    static @Nullable Rule<Op> of(Op op) {
        return (Rule<Op>) TABLE.get(op.getClass());
    }
}
