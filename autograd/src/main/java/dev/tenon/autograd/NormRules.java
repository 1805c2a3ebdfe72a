package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// Normalisations: one op for the three gradients. Those of the statistics, which training does not ask for, add to the
/// input's.
final class NormRules {
    private NormRules() {}

    static final class OfBatchNorm implements Rule<BatchNorm> {
        @Override
        public void save(BatchNorm op, Link link) {
            saveAll(link);
        }

        @Override
        public void backward(BatchNorm op, Backward b) {
            Tensor x = b.input(0);
            List<Tensor> grads = Dispatcher.apply(new BatchNormBackward(),
                    List.of(b.grad(0), x, b.input(1), b.output(1), b.output(2)));
            long[] dims = new long[x.rank()];
            Arrays.fill(dims, 1);
            dims[1] = x.size(1);
            set(b, grads, (double) x.elements() / Math.max(1, x.size(1)), t -> t.reshape(dims));
        }
    }

    static final class OfLayerNorm implements Rule<LayerNorm> {
        @Override
        public void save(LayerNorm op, Link link) {
            saveAll(link);
        }

        @Override
        public void backward(LayerNorm op, Backward b) {
            Tensor x = b.input(0);
            List<Tensor> grads = Dispatcher.apply(new LayerNormBackward(op.axes()),
                    List.of(b.grad(0), x, b.input(1), b.output(1), b.output(2)));
            int rows = x.rank() - op.axes();
            set(b, grads, x.shape().slice(rows, x.rank()).elements(), t -> {
                Tensor r = t;
                for (int i = 0; i < op.axes(); i++) {
                    r = r.unsqueeze(-1);
                }
                return r;
            });
        }
    }

    private static void saveAll(Link link) {
        link.saveInput(0);
        link.saveInput(1);
        link.saveOutput(1);
        link.saveOutput(2);
    }

    /// @param count over how many elements each statistic was taken
    /// @param spread shapes a statistic so that it broadcasts over the input
    private static void set(Backward b, List<Tensor> grads, double count, UnaryOperator<Tensor> spread) {
        Tensor x = b.input(0);
        Tensor gx = grads.getFirst();
        DType work = b.output(1).dtype();
        Tensor gMean = b.gradOrNull(1);
        if (gMean != null) {
            gx = gx.add(spread.apply(gMean.div(count))).to(x.dtype());
        }
        Tensor gScale = b.gradOrNull(2);
        if (gScale != null) {
            // d scale / d x = -scale^3 (x - mean) / n.
            Tensor scale = b.output(2);
            Tensor factor = gScale.mul(scale.square()).mul(scale).div(-count);
            Tensor centred = x.to(work).sub(spread.apply(b.output(1)));
            gx = gx.add(centred.mul(spread.apply(factor))).to(x.dtype());
        }
        b.set(0, gx);
        b.set(1, grads.get(1));
        b.set(2, grads.get(2));
    }
}
