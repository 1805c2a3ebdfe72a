package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Makes an image grey: L = 0.299 R + 0.587 G + 0.114 B.
///
/// @param channels of the result: 1, or 3 equal ones
public record Grayscale(int channels) implements Transform {
    /// @throws IllegalArgumentException if the number of channels is neither 1 nor 3
    public Grayscale {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("Grayscale: " + channels + " channels: expected 1 or 3");
        }
    }

    /// To one channel.
    public Grayscale() {
        this(1);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("Grayscale", image);
        Colors.checkChannels("Grayscale", x);
        float[] grey = Colors.grey(x);
        float[] out = new float[channels * grey.length];
        for (int c = 0; c < channels; c++) {
            System.arraycopy(grey, 0, out, c * grey.length, grey.length);
        }
        return x.with(channels, x.height, x.width, out).array();
    }

    /// Makes an image grey with a probability; it keeps its number of channels.
    ///
    /// @throws IllegalArgumentException if p is not from 0 to 1
    public static Transform randomly(double p) {
        Grayscale one = new Grayscale(1);
        Grayscale three = new Grayscale(3);
        return Transform.randomApply(p, (image, random) ->
            (image.shape().rank() == 3 && image.shape().dim(0) == 3 ? three : one).apply(image, random));
    }
}
