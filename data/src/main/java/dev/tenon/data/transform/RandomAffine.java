package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Turns, moves, scales and shears an image at random around its middle; its size stays.
///
/// @param degrees turned by up to so many degrees either way
/// @param translateX moved by up to this share of the width either way, in whole pixels
/// @param translateY moved by up to this share of the height either way, in whole pixels
/// @param scaleLow the least factor of size
/// @param scaleHigh the largest factor of size
/// @param shear sheared along x by up to so many degrees either way
/// @param interpolation `NEAREST` or `BILINEAR`
/// @param fill the value of what was outside
public record RandomAffine(double degrees, double translateX, double translateY, double scaleLow, double scaleHigh,
        double shear, Interpolation interpolation, double fill) implements Transform {
    /// @throws IllegalArgumentException if a number is out of its range or the interpolation is `BICUBIC`
    public RandomAffine {
        Draws.checkRange("RandomAffine", "degrees", 0, degrees, 0);
        Draws.checkProbability("RandomAffine, share of width", translateX);
        Draws.checkProbability("RandomAffine, share of height", translateY);
        Draws.checkRange("RandomAffine", "scale", scaleLow, scaleHigh, Double.MIN_NORMAL);
        Draws.checkRange("RandomAffine", "shear", 0, shear, 0);
        check("RandomAffine", interpolation);
    }

    /// Turned and moved; nearest pixels, filled with 0.
    public RandomAffine(double degrees, double translateX, double translateY) {
        this(degrees, translateX, translateY, 1, 1, 0, Interpolation.NEAREST, 0);
    }

    static void check(String transform, Interpolation interpolation) {
        if (interpolation == Interpolation.BICUBIC) {
            throw new IllegalArgumentException(transform + ": BICUBIC is for resizing; expected NEAREST or BILINEAR");
        }
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomAffine", image);
        double angle = Draws.uniform(random, -degrees, degrees);
        double moveX = Math.rint(Draws.uniform(random, -translateX, translateX) * x.width);
        double moveY = Math.rint(Draws.uniform(random, -translateY, translateY) * x.height);
        double scale = Draws.uniform(random, scaleLow, scaleHigh);
        double shearX = Draws.uniform(random, -shear, shear);
        return Warp.affine(x,
            Warp.inverseAffine(x.width * 0.5, x.height * 0.5, angle, moveX, moveY, scale, shearX, 0), interpolation,
            fill).array();
    }
}
