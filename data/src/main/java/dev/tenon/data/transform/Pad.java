package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Puts a margin around an image.
///
/// @param left pixels on the left
/// @param top pixels above
/// @param right pixels on the right
/// @param bottom pixels below
/// @param fill the value of the margin, for [PaddingMode#CONSTANT]
/// @param mode what is put there
public record Pad(int left, int top, int right, int bottom, double fill, PaddingMode mode) implements Transform {
    /// @throws IllegalArgumentException if a number is negative
    public Pad {
        if (left < 0 || top < 0 || right < 0 || bottom < 0) {
            throw new IllegalArgumentException("Pad: " + left + ", " + top + ", " + right + ", " + bottom
                + ": expected numbers that are not negative");
        }
    }

    /// As much on all sides, of 0.
    public Pad(int padding) {
        this(padding, padding, padding, padding, 0, PaddingMode.CONSTANT);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("Pad", image);
        return x.cropped(-top, -left, top + x.height + bottom, left + x.width + right, fill, mode).array();
    }
}
