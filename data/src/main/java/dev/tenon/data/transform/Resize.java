package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Resizes an image.
///
/// @param height the new height, or, if `width` is 0, the new length of the shorter side, the other in proportion
///     (rounded down)
/// @param width the new width, or 0
/// @param interpolation how values between pixels are found
/// @param antialias whether a pixel of a smaller image takes in all those that it covers; means nothing for `NEAREST`
public record Resize(int height, int width, Interpolation interpolation, boolean antialias) implements Transform {
    /// @throws IllegalArgumentException if the height is below 1 or the width negative
    public Resize {
        if (height < 1 || width < 0) {
            throw new IllegalArgumentException("Resize: to " + height + " x " + width + ": expected at least 1 x 1");
        }
    }

    /// To this length of the shorter side, bilinear with antialias.
    public Resize(int size) {
        this(size, 0, Interpolation.BILINEAR, true);
    }

    /// To this size, bilinear with antialias.
    public Resize(int height, int width) {
        this(height, width, Interpolation.BILINEAR, true);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("Resize", image);
        int h = height;
        int w = width;
        if (w == 0) {
            int shorter = Math.min(x.height, x.width);
            h = x.height == shorter ? height : (int) ((long) height * x.height / shorter);
            w = x.width == shorter ? height : (int) ((long) height * x.width / shorter);
        }
        return Resample.resize(x, h, w, interpolation, antialias).array();
    }
}
