package dev.tenon.data.transform;

import dev.tenon.api.DType;
import dev.tenon.data.HostArray;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Replaces each x of channel c, the first axis, by (x - mean\[c\]) / std\[c\]. For `F32`: after [ToTensor].
public final class Normalize implements Transform {
    private final float[] mean;
    private final float[] std;

    /// @param mean one number for each channel
    /// @param std one number for each channel, above 0
    /// @throws IllegalArgumentException if there are not as many of one as of the other, or one is not finite, or a
    ///     deviation is not above 0
    public Normalize(double[] mean, double[] std) {
        if (mean.length != std.length || mean.length == 0) {
            throw new IllegalArgumentException("Normalize: " + mean.length + " means and " + std.length
                + " deviations; expected as many, and at least one");
        }
        this.mean = new float[mean.length];
        this.std = new float[std.length];
        for (int c = 0; c < mean.length; c++) {
            if (!Double.isFinite(mean[c]) || !(std[c] > 0) || Double.isInfinite(std[c])) {
                throw new IllegalArgumentException("Normalize: mean " + mean[c] + ", deviation " + std[c]
                    + ": expected finite numbers and a deviation above 0");
            }
            this.mean[c] = (float) mean[c];
            this.std[c] = (float) std[c];
        }
    }

    /// @throws IllegalArgumentException if the array is not `F32` or has another number of channels
    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        if (image.dtype() != DType.F32 || image.shape().rank() == 0 || image.shape().dim(0) != mean.length) {
            throw new IllegalArgumentException("Normalize: got " + image.dtype() + image.shape() + "; expected f32["
                + mean.length + ", ...]" + (image.dtype() == DType.U8 ? ": put it after ToTensor" : ""));
        }
        float[] x = image.toFloatArray();
        int each = x.length / mean.length;
        for (int c = 0; c < mean.length; c++) {
            for (int i = c * each; i < (c + 1) * each; i++) {
                x[i] = (x[i] - mean[c]) / std[c];
            }
        }
        return HostArray.of(x, image.shape());
    }

    @Override
    public String toString() {
        return "Normalize[mean " + Arrays.toString(mean) + ", std " + Arrays.toString(std) + "]";
    }
}
