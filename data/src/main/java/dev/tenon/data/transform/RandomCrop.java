package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// A part of an image from a random place.
///
/// @param height of the part
/// @param width of the part
/// @param padding a margin put around the image first, on all sides
/// @param padIfNeeded whether an image that is still smaller than the part is padded as far as needed
/// @param fill the value of the margin, for [PaddingMode#CONSTANT]
/// @param mode what is put there
public record RandomCrop(int height, int width, int padding, boolean padIfNeeded, double fill, PaddingMode mode)
        implements Transform {
    /// @throws IllegalArgumentException if a side is below 1 or the padding negative
    public RandomCrop {
        if (height < 1 || width < 1 || padding < 0) {
            throw new IllegalArgumentException("RandomCrop: " + height + " x " + width + " with padding " + padding
                + ": expected at least 1 x 1 and 0");
        }
    }

    /// A square.
    public RandomCrop(int size) {
        this(size, 0);
    }

    /// A square, after a margin of 0 was put around the image.
    public RandomCrop(int size, int padding) {
        this(size, size, padding, false, 0, PaddingMode.CONSTANT);
    }

    /// @throws IllegalArgumentException also if the image is smaller than the part
    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomCrop", image);
        // torchvision pads by what is missing on both sides
        int marginY = padding + (padIfNeeded ? Math.max(0, height - x.height - 2 * padding) : 0);
        int marginX = padding + (padIfNeeded ? Math.max(0, width - x.width - 2 * padding) : 0);
        int roomY = x.height + 2 * marginY - height;
        int roomX = x.width + 2 * marginX - width;
        if (roomY < 0 || roomX < 0) {
            throw new IllegalArgumentException("RandomCrop: cannot cut " + height + " x " + width + " from an image of "
                + x.height + " x " + x.width + " with padding " + padding + "; resize it first or set padIfNeeded");
        }
        int top = Draws.below(random, roomY + 1) - marginY;
        int left = Draws.below(random, roomX + 1) - marginX;
        return x.cropped(top, left, height, width, fill, mode).array();
    }
}
