package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Blurs an image by a Gauss bell of random width; beyond its border the image goes on mirrored.
///
/// @param kernelHeight pixels that count vertically, odd
/// @param kernelWidth pixels that count horizontally, odd
/// @param sigmaLow the least deviation of the bell, in pixels
/// @param sigmaHigh the largest deviation of the bell
public record GaussianBlur(int kernelHeight, int kernelWidth, double sigmaLow, double sigmaHigh)
        implements Transform {
    /// @throws IllegalArgumentException if a kernel size is not odd, or the deviations are not above 0 and in order
    public GaussianBlur {
        if (kernelHeight < 1 || kernelWidth < 1 || kernelHeight % 2 == 0 || kernelWidth % 2 == 0) {
            throw new IllegalArgumentException("GaussianBlur: kernel " + kernelHeight + " x " + kernelWidth
                + ": expected odd numbers");
        }
        Draws.checkRange("GaussianBlur", "sigma", sigmaLow, sigmaHigh, Double.MIN_NORMAL);
    }

    /// A square kernel; deviations from 0.1 to 2.
    public GaussianBlur(int kernelSize) {
        this(kernelSize, kernelSize, 0.1, 2);
    }

    /// @throws IllegalArgumentException also if half a kernel is not smaller than the image
    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("GaussianBlur", image);
        int halfY = kernelHeight / 2;
        int halfX = kernelWidth / 2;
        if (halfY >= x.height || halfX >= x.width) {
            throw new IllegalArgumentException("GaussianBlur: a kernel of " + kernelHeight + " x " + kernelWidth
                + " is too large for an image of " + x.height + " x " + x.width);
        }
        double sigma = Draws.uniform(random, sigmaLow, sigmaHigh);
        float[] acrossRows = bell(kernelHeight, sigma);
        float[] alongRows = bell(kernelWidth, sigma);
        float[] in = x.floats();
        float[] half = new float[in.length];
        float[] out = new float[in.length];
        int w = x.width;
        float[] line = new float[w + 2 * halfX];
        for (int y = 0; y < x.channels * x.height; y++) {
            for (int i = 0; i < line.length; i++) {
                line[i] = in[y * w + PaddingMode.REFLECT.place(i - halfX, w)];
            }
            for (int k = 0; k < kernelWidth; k++) {
                float weight = alongRows[k];
                for (int i = 0; i < w; i++) {
                    half[y * w + i] += weight * line[i + k];
                }
            }
        }
        for (int c = 0; c < x.channels; c++) {
            for (int y = 0; y < x.height; y++) {
                for (int k = -halfY; k <= halfY; k++) {
                    int from = (c * x.height + PaddingMode.REFLECT.place(y + k, x.height)) * w;
                    int to = (c * x.height + y) * w;
                    for (int i = 0; i < w; i++) {
                        out[to + i] += acrossRows[k + halfY] * half[from + i];
                    }
                }
            }
        }
        return x.with(x.channels, x.height, w, out).array();
    }

    private static float[] bell(int size, double sigma) {
        double[] w = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double z = (i - size / 2) / sigma;
            w[i] = StrictMath.exp(-0.5 * z * z);
            sum += w[i];
        }
        float[] out = new float[size];
        for (int i = 0; i < size; i++) {
            out[i] = (float) (w[i] / sum);
        }
        return out;
    }
}
