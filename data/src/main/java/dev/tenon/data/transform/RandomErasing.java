package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Overwrites a random rectangle of an image (Zhong et al. 2017). For `F32`, most often after [Normalize].
///
/// @param p the probability that anything happens
/// @param scaleLow the least share of the image's area
/// @param scaleHigh the largest share of the image's area
/// @param ratioLow the least height / width
/// @param ratioHigh the largest height / width
/// @param value what is written, unless noise is
/// @param noise whether numbers of a normal distribution (mean 0, deviation 1) are written instead
public record RandomErasing(double p, double scaleLow, double scaleHigh, double ratioLow, double ratioHigh,
        double value, boolean noise) implements Transform {
    private static final int TRIES = 10;

    /// @throws IllegalArgumentException if a number is out of its range
    public RandomErasing {
        Draws.checkProbability("RandomErasing", p);
        Draws.checkRange("RandomErasing", "scale", scaleLow, scaleHigh, 0);
        Draws.checkProbability("RandomErasing, scale", scaleHigh);
        Draws.checkRange("RandomErasing", "ratio", ratioLow, ratioHigh, Double.MIN_NORMAL);
    }

    /// 0.02 to 0.33 of the area, of a ratio of 0.3 to 3.3, with zeros.
    public RandomErasing(double p) {
        this(p, 0.02, 0.33, 0.3, 3.3, 0, false);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomErasing", image);
        if (x.isBytes()) {
            throw new IllegalArgumentException("RandomErasing: got " + image.dtype() + image.shape()
                + "; expected f32: put it after ToTensor");
        }
        if (!(random.nextDouble() < p)) {
            return image;
        }
        double area = (double) x.height * x.width;
        for (int i = 0; i < TRIES; i++) {
            double target = area * Draws.uniform(random, scaleLow, scaleHigh);
            double ratio = StrictMath.exp(Draws.uniform(random, StrictMath.log(ratioLow), StrictMath.log(ratioHigh)));
            int h = (int) Math.rint(Math.sqrt(target * ratio));
            int w = (int) Math.rint(Math.sqrt(target / ratio));
            if (h < x.height && w < x.width) {
                int top = Draws.below(random, x.height - h + 1);
                int left = Draws.below(random, x.width - w + 1);
                return erased(x, top, left, h, w, random).array();
            }
        }
        return image;
    }

    private Image erased(Image x, int top, int left, int h, int w, RandomGenerator random) {
        float[] out = x.floats().clone();
        for (int c = 0; c < x.channels; c++) {
            for (int y = top; y < top + h; y++) {
                int at = (c * x.height + y) * x.width + left;
                for (int i = at; i < at + w; i++) {
                    out[i] = (float) (noise ? Draws.normal(random) : value);
                }
            }
        }
        return Image.of(x.channels, x.height, x.width, out);
    }
}
