package dev.tenon.data;

import dev.tenon.api.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// Changes a batch in host memory, in the worker that has filled it: normalisation, augmentation.
@FunctionalInterface
public interface BatchTransform {
    /// Changes the batch in place. Called by several threads at once, each with a batch of its own.
    ///
    /// @param batch what was filled in
    /// @param random depends on the loader's seed, the epoch and the number of the batch alone, so that the result is
    ///     the same whatever the number of workers
    void apply(HostBatch batch, RandomGenerator random) throws Exception;

    /// This one, then another.
    default BatchTransform then(BatchTransform next) {
        return (batch, random) -> {
            apply(batch, random);
            next.apply(batch, random);
        };
    }

    /// Replaces each x of the first field by (x - mean) / deviation. The field must be `F32`.
    ///
    /// @throws IllegalArgumentException if mean or deviation are not finite or the deviation is not above 0
    static BatchTransform normalise(double mean, double deviation) {
        return normalise(new double[] {mean}, new double[] {deviation});
    }

    /// Replaces each x of the first field by (x - mean) / deviation, with numbers of its own for each channel: the
    /// first axis of a sample. The field must be `F32`.
    ///
    /// @throws IllegalArgumentException if a mean or deviation is not finite or a deviation is not above 0, or there
    ///     are not as many of one as of the other
    static BatchTransform normalise(double[] means, double[] deviations) {
        if (means.length != deviations.length || means.length == 0) {
            throw new IllegalArgumentException("normalise: " + means.length + " means and " + deviations.length
                + " deviations; expected as many, and at least one");
        }
        float[] scale = new float[means.length];
        float[] shift = new float[means.length];
        for (int c = 0; c < means.length; c++) {
            if (!(deviations[c] > 0) || Double.isInfinite(deviations[c]) || !Double.isFinite(means[c])) {
                throw new IllegalArgumentException("normalise: mean " + means[c] + ", deviation " + deviations[c]
                    + ": expected finite numbers and a deviation above 0");
            }
            scale[c] = (float) (1 / deviations[c]);
            shift[c] = (float) (-means[c] / deviations[c]);
        }
        return (batch, _) -> {
            Field field = batch.fields().getFirst();
            int channels = scale.length;
            if (field.dtype() != DType.F32
                    || channels > 1 && (field.shape().rank() == 0 || field.shape().dim(0) != channels)) {
                throw new IllegalArgumentException("normalise with " + channels + " channels: expected f32"
                    + (channels > 1 ? "[" + channels + ", ...]" : "") + " samples, got " + field);
            }
            int count = Math.toIntExact(field.shape().elements());
            float[] x = new float[count];
            for (int row = 0; row < batch.size(); row++) {
                MemorySegment memory = batch.row(0, row);
                MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, x, 0, count);
                int each = Math.max(1, count / channels);
                for (int i = 0; i < count; i++) {
                    int c = i / each;
                    x[i] = x[i] * scale[c] + shift[c];
                }
                MemorySegment.copy(x, 0, memory, ValueLayout.JAVA_FLOAT, 0, count);
            }
        };
    }
}
