package dev.tenon.data;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// The first images of a [DigitGenerator] as samples: input `F32` of shape [1, 28, 28], from 0 (paper) to 1 (ink)
/// unless normalised otherwise; target `I64`, the digit.
///
/// An image is drawn when it is first asked for, by the thread that asks, and kept: 784 bytes each.
public final class DigitsDataset implements Dataset<Sample>, BatchSource {
    private final DigitGenerator generator;
    private final PixelTable table;
    private final byte[] pixels;
    private final byte[] labels;
    /// 1 where an image is there. Two threads may draw the same one: they write the same bytes.
    private final AtomicIntegerArray drawn;

    /// @param seed names the set; take another for the test set
    /// @param size the number of images
    public DigitsDataset(long seed, int size) {
        this(seed, size, 0, 1);
    }

    /// @param seed names the set; take another for the test set
    /// @param size the number of images
    /// @param mean subtracted from pixels scaled to 0 .. 1
    /// @param deviation by which they are divided then
    /// @throws IllegalArgumentException if the size is negative or more than an array holds
    public DigitsDataset(long seed, int size, double mean, double deviation) {
        if (size < 0 || size > Integer.MAX_VALUE / DigitGenerator.PIXELS) {
            throw new IllegalArgumentException("a set of " + size + " digits: expected 0 to "
                + Integer.MAX_VALUE / DigitGenerator.PIXELS);
        }
        generator = new DigitGenerator(seed);
        table = new PixelTable(DigitGenerator.HEIGHT, DigitGenerator.WIDTH, mean, deviation);
        pixels = new byte[size * DigitGenerator.PIXELS];
        labels = new byte[size];
        drawn = new AtomicIntegerArray(size);
    }

    @Override
    public long size() {
        return labels.length;
    }

    private int draw(long index) {
        int i = Objects.checkIndex((int) Math.min(index, Integer.MAX_VALUE), labels.length);
        if (drawn.getAcquire(i) == 0) {
            generator.image(i, pixels, i * DigitGenerator.PIXELS);
            labels[i] = (byte) generator.label(i);
            drawn.setRelease(i, 1);
        }
        return i;
    }

    /// The pixels of an image: 28 x 28 unsigned bytes.
    public byte[] pixels(long index) {
        byte[] out = new byte[DigitGenerator.PIXELS];
        System.arraycopy(pixels, draw(index) * DigitGenerator.PIXELS, out, 0, out.length);
        return out;
    }

    /// The digit shown.
    public int label(long index) {
        return labels[draw(index)];
    }

    @Override
    public Sample get(long index) {
        int i = draw(index);
        return table.sample(pixels, i * DigitGenerator.PIXELS, labels[i]);
    }

    @Override
    public List<Field> fields() {
        return table.fields();
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        int i = draw(index);
        table.fill(pixels, i * DigitGenerator.PIXELS, labels[i], into, row);
    }
}
