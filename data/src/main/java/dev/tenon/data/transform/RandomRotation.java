package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Turns an image around its middle by a random angle; its size stays.
///
/// @param low the least angle, in degrees, counter-clockwise
/// @param high the largest angle
/// @param interpolation `NEAREST` or `BILINEAR`
/// @param fill the value of what was outside
public record RandomRotation(double low, double high, Interpolation interpolation, double fill) implements Transform {
    /// @throws IllegalArgumentException if the range is out of order or the interpolation is `BICUBIC`
    public RandomRotation {
        Draws.checkRange("RandomRotation", "degrees", low, high, Double.NEGATIVE_INFINITY);
        RandomAffine.check("RandomRotation", interpolation);
    }

    /// By up to so many degrees either way; nearest pixels, filled with 0.
    public RandomRotation(double degrees) {
        this(-degrees, degrees, Interpolation.NEAREST, 0);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomRotation", image);
        return rotate(x, Draws.uniform(random, low, high), interpolation, fill).array();
    }

    static Image rotate(Image x, double counterClockwise, Interpolation interpolation, double fill) {
        return Warp.affine(x,
            Warp.inverseAffine(x.width * 0.5, x.height * 0.5, -counterClockwise, 0, 0, 1, 0, 0), interpolation, fill);
    }
}
