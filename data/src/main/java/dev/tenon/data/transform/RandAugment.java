package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// A few operations in a row, each drawn at random from the paper's list, all of one strength: RandAugment (Cubuk et
/// al. 2019). The list: nothing, shear along x and y, move along x and y, turn, brightness, colour, contrast,
/// sharpness, posterize, solarize, auto-contrast, equalize. For `U8` images of 1 or 3 channels.
///
/// @param operations how many
/// @param magnitude their strength, 0 to bins - 1
/// @param bins how many strengths there are
/// @param interpolation `NEAREST` or `BILINEAR`
/// @param fill the value of what was outside
public record RandAugment(int operations, int magnitude, int bins, Interpolation interpolation, double fill)
        implements Transform {
    /// What can be drawn.
    enum Operation {
        IDENTITY, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE, BRIGHTNESS, COLOR, CONTRAST, SHARPNESS, POSTERIZE,
        SOLARIZE, AUTO_CONTRAST, EQUALIZE;

        /// Whether it also goes the other way.
        boolean signed() {
            return compareTo(IDENTITY) > 0 && compareTo(SHARPNESS) <= 0;
        }
    }

    private static final Operation[] ALL = Operation.values();

    /// @throws IllegalArgumentException if a number is out of its range or the interpolation is `BICUBIC`
    public RandAugment {
        if (operations < 0 || bins < 2 || magnitude < 0 || magnitude >= bins) {
            throw new IllegalArgumentException("RandAugment: " + operations + " operations of magnitude " + magnitude
                + " of " + bins + " bins: expected operations that are not negative, and a magnitude below the bins");
        }
        RandomAffine.check("RandAugment", interpolation);
    }

    /// Two operations of strength 9 of 31; nearest pixels, filled with 0.
    public RandAugment() {
        this(2, 9);
    }

    /// So many operations of a strength of 31; nearest pixels, filled with 0.
    public RandAugment(int operations, int magnitude) {
        this(operations, magnitude, 31, Interpolation.NEAREST, 0);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandAugment", image);
        Colors.checkChannels("RandAugment", x);
        if (!x.isBytes()) {
            throw new IllegalArgumentException("RandAugment: got " + image.dtype() + image.shape()
                + "; expected a u8 image: put it before ToTensor");
        }
        for (int i = 0; i < operations; i++) {
            Operation what = ALL[Draws.below(random, ALL.length)];
            boolean negative = what.signed() && random.nextDouble() < 0.5;
            x = run(x, what, strength(what, x.height, x.width) * (negative ? -1 : 1));
        }
        return x.array();
    }

    /// The strength in the operation's own units.
    double strength(Operation what, int height, int width) {
        double share = magnitude / (bins - 1.0);
        return switch (what) {
            case IDENTITY, AUTO_CONTRAST, EQUALIZE -> 0;
            case SHEAR_X, SHEAR_Y -> 0.3 * share;
            case TRANSLATE_X -> 150 / 331.0 * width * share;
            case TRANSLATE_Y -> 150 / 331.0 * height * share;
            case ROTATE -> 30 * share;
            case BRIGHTNESS, COLOR, CONTRAST, SHARPNESS -> 0.9 * share;
            case POSTERIZE -> 8 - Math.rint(magnitude / ((bins - 1) / 4.0));
            case SOLARIZE -> 255 - 255 * share;
        };
    }

    Image run(Image x, Operation what, double strength) {
        return switch (what) {
            case IDENTITY -> x;
            case SHEAR_X -> affine(x, 0, 0, Math.toDegrees(StrictMath.atan(strength)), 0);
            case SHEAR_Y -> affine(x, 0, 0, 0, Math.toDegrees(StrictMath.atan(strength)));
            case TRANSLATE_X -> affine(x, (int) strength, 0, 0, 0);
            case TRANSLATE_Y -> affine(x, 0, (int) strength, 0, 0);
            case ROTATE -> RandomRotation.rotate(x, strength, interpolation, fill);
            case BRIGHTNESS -> Colors.brightness(x, 1 + strength);
            case COLOR -> Colors.saturation(x, 1 + strength);
            case CONTRAST -> Colors.contrast(x, 1 + strength);
            case SHARPNESS -> Colors.sharpness(x, 1 + strength);
            case POSTERIZE -> Colors.posterize(x, (int) strength);
            case SOLARIZE -> Colors.solarize(x, strength);
            case AUTO_CONTRAST -> Colors.autoContrast(x);
            case EQUALIZE -> Colors.equalize(x);
        };
    }

    /// Around the upper left corner, as the paper's code does.
    private Image affine(Image x, int moveX, int moveY, double shearX, double shearY) {
        return Warp.affine(x, Warp.inverseAffine(0, 0, 0, moveX, moveY, 1, shearX, shearY), interpolation, fill);
    }
}
