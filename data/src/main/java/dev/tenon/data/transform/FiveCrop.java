package dev.tenon.data.transform;

import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import java.lang.foreign.MemorySegment;
import java.util.random.RandomGenerator;

/// The four corners and the middle of an image, in the order top left, top right, bottom left, bottom right, middle:
/// an array of shape [5, channels, height, width].
///
/// @param height of a part
/// @param width of a part
public record FiveCrop(int height, int width) implements Transform {
    /// @throws IllegalArgumentException if a side is below 1
    public FiveCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("FiveCrop: " + height + " x " + width + ": expected at least 1 x 1");
        }
    }

    /// Squares.
    public FiveCrop(int size) {
        this(size, size);
    }

    /// @throws IllegalArgumentException also if the image is smaller than a part
    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("FiveCrop", image);
        int down = x.height - height;
        int right = x.width - width;
        if (down < 0 || right < 0) {
            throw new IllegalArgumentException("FiveCrop: cannot cut " + height + " x " + width + " from an image of "
                + x.height + " x " + x.width);
        }
        Image[] parts = {x.cropped(0, 0, height, width), x.cropped(0, right, height, width),
            x.cropped(down, 0, height, width), x.cropped(down, right, height, width),
            CenterCrop.crop(x, height, width)};
        long each = (long) x.channels * height * width * image.dtype().bytes();
        MemorySegment all = MemorySegment.ofArray(new byte[Math.toIntExact(5 * each)]);
        for (int i = 0; i < parts.length; i++) {
            MemorySegment.copy(parts[i].array().memory(), 0, all, i * each, each);
        }
        return new HostArray(image.dtype(), Shape.of(5, x.channels, height, width), all);
    }
}
