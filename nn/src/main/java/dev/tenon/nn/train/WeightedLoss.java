package dev.tenon.nn.train;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.loss.Loss;
import java.util.function.BinaryOperator;

/// A loss whose elements can be weighted.
record WeightedLoss(Loss loss) implements BinaryOperator<Tensor> {
    @Override
    public Tensor apply(Tensor output, Tensor target) {
        return loss.call(output, target);
    }

    /// The sum of the weighted losses divided by their number.
    ///
    /// @param perClass one for each class, or empty
    /// @param perSample one for each sample of the data set, or empty
    Tensor weighted(Tensor output, Batch batch, float[] perClass, float[] perSample) {
        Tensor target = batch.target();
        Tensor losses = loss.elements(output, target);
        if (perClass.length > 0) {
            losses = losses.mul(ofClasses(losses, target, perClass));
        }
        if (perSample.length > 0) {
            losses = losses.mul(ofSamples(losses, batch.indices(), perSample));
        }
        return losses.mean();
    }

    private static Tensor ofClasses(Tensor losses, Tensor target, float[] weights) {
        if (!target.dtype().isIntegral() || !target.shape().equals(losses.shape())) {
            throw new IllegalArgumentException("classWeights: target " + target.type() + " with losses "
                    + losses.shape() + ": expected class numbers (integers), one for each loss");
        }
        Tensor number = target.to(DType.I64);
        Tensor safe = number.mul(number.ne(ClassLosses.IGNORE).to(DType.I64));
        Tensor table = Tensors.of(weights, Shape.of(weights.length), losses.device()).to(losses.dtype());
        return table.indexSelect(0, safe.reshape(-1)).reshape(losses.shape());
    }

    private static Tensor ofSamples(Tensor losses, long[] indices, float[] weights) {
        float[] chosen = new float[indices.length];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = weights[(int) indices[i]];
        }
        if (losses.rank() == 0 || losses.size(0) != chosen.length) {
            throw new IllegalArgumentException("sampleWeights: " + chosen.length + " samples with losses "
                    + losses.shape() + ": expected losses with the samples along axis 0");
        }
        Shape shape = Shape.of(chosen.length);
        while (shape.rank() < losses.rank()) {
            shape = shape.inserted(shape.rank(), 1);
        }
        return Tensors.of(chosen, shape, losses.device()).to(losses.dtype());
    }
}
