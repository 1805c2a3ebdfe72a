package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// A random part of an image, resized: of random area and aspect ratio, from a random place (Szegedy et al. 2014).
///
/// @param height of the result
/// @param width of the result
/// @param scaleLow the least share of the image's area
/// @param scaleHigh the largest share of the image's area
/// @param ratioLow the least width / height
/// @param ratioHigh the largest width / height; between the two the logarithm is uniform
/// @param interpolation how the part is resized
/// @param antialias how the part is resized
public record RandomResizedCrop(int height, int width, double scaleLow, double scaleHigh, double ratioLow,
        double ratioHigh, Interpolation interpolation, boolean antialias) implements Transform {
    private static final int TRIES = 10;

    /// @throws IllegalArgumentException if a side is below 1 or a range is out of order
    public RandomResizedCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("RandomResizedCrop: to " + height + " x " + width
                + ": expected at least 1 x 1");
        }
        Draws.checkRange("RandomResizedCrop", "scale", scaleLow, scaleHigh, 0);
        Draws.checkRange("RandomResizedCrop", "ratio", ratioLow, ratioHigh, Double.MIN_NORMAL);
    }

    /// A square of 0.08 to 1 of the area, of a ratio of 3/4 to 4/3, bilinear with antialias.
    public RandomResizedCrop(int size) {
        this(size, size, 0.08, 1, 3 / 4.0, 4 / 3.0, Interpolation.BILINEAR, true);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomResizedCrop", image);
        return Resample.resize(part(x, random), height, width, interpolation, antialias).array();
    }

    private Image part(Image x, RandomGenerator random) {
        double area = (double) x.height * x.width;
        for (int i = 0; i < TRIES; i++) {
            double target = area * Draws.uniform(random, scaleLow, scaleHigh);
            double ratio = StrictMath.exp(Draws.uniform(random, StrictMath.log(ratioLow), StrictMath.log(ratioHigh)));
            int w = (int) Math.rint(Math.sqrt(target * ratio));
            int h = (int) Math.rint(Math.sqrt(target / ratio));
            if (w > 0 && w <= x.width && h > 0 && h <= x.height) {
                return x.cropped(Draws.below(random, x.height - h + 1), Draws.below(random, x.width - w + 1), h, w);
            }
        }
        // none fitted: the largest part from the middle that is neither too wide nor too high
        double ratio = (double) x.width / x.height;
        int w = ratio > ratioHigh ? (int) Math.rint(x.height * ratioHigh) : x.width;
        int h = ratio < ratioLow ? (int) Math.rint(x.width / ratioLow) : x.height;
        return x.cropped((x.height - h) / 2, (x.width - w) / 2, Math.max(1, h), Math.max(1, w));
    }
}
