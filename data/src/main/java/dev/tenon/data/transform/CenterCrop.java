package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// The middle part of an image; what lies beyond a smaller one is 0.
///
/// @param height of the part
/// @param width of the part
public record CenterCrop(int height, int width) implements Transform {
    /// @throws IllegalArgumentException if a side is below 1
    public CenterCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("CenterCrop: " + height + " x " + width + ": expected at least 1 x 1");
        }
    }

    /// A square.
    public CenterCrop(int size) {
        this(size, size);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        return crop(Image.of("CenterCrop", image), height, width).array();
    }

    static Image crop(Image x, int height, int width) {
        // halves to the even neighbour; a margin is larger below and to the right
        int top = x.height >= height ? (int) Math.rint((x.height - height) / 2.0) : -((height - x.height) / 2);
        int left = x.width >= width ? (int) Math.rint((x.width - width) / 2.0) : -((width - x.width) / 2);
        return x.cropped(top, left, height, width);
    }
}
