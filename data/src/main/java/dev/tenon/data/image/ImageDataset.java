package dev.tenon.data.image;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.BatchSource;
import dev.tenon.data.Dataset;
import dev.tenon.data.Field;
import dev.tenon.data.HostArray;
import dev.tenon.data.HostBatch;
import dev.tenon.data.PixelTable;
import dev.tenon.data.Sample;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/// Images of one size in memory, with class labels: input `U8` of shape [channels, height, width], as image transforms
/// take it; target `I64`. [#normalised] shows them as floats.
public final class ImageDataset implements Dataset<Sample>, BatchSource {
    private final String name;
    private final byte[] pixels;
    private final int[] labels;
    private final Shape shape;
    private final int each;
    private final List<String> classes;
    private final List<Field> fields;

    /// @param name for messages
    /// @param pixels image after image, each channel by channel; kept, not copied: at most 2^31 - 9 bytes
    /// @param labels the class of each image; kept, not copied
    /// @param shape of an image: [channels, height, width]
    /// @param classes the names of the classes
    /// @throws IllegalArgumentException if there are not as many pixels as labels ask for, or a label has no class
    public ImageDataset(String name, byte[] pixels, int[] labels, Shape shape, List<String> classes) {
        this.name = Objects.requireNonNull(name, "name");
        if (shape.rank() != 3 || shape.elements() * labels.length != pixels.length) {
            throw new IllegalArgumentException(name + ": " + pixels.length + " pixels for " + labels.length
                + " images of shape " + shape + "; expected " + shape.elements() + " each");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes.size()) {
                throw new IllegalArgumentException(name + ": image " + i + " has label " + labels[i]
                    + "; expected 0 to " + (classes.size() - 1));
            }
        }
        this.pixels = pixels;
        this.labels = labels;
        this.shape = shape;
        this.each = (int) shape.elements();
        this.classes = List.copyOf(classes);
        this.fields = List.of(new Field("input", DType.U8, shape), new Field("target", DType.I64, Shape.SCALAR));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return labels.length;
    }

    /// The shape of an image: [channels, height, width].
    public Shape shape() {
        return shape;
    }

    /// The names of the classes.
    public List<String> classes() {
        return classes;
    }

    /// The class of each image, for samplers and splits.
    public int[] labels() {
        return labels.clone();
    }

    private int offset(long index) {
        return (int) Objects.checkIndex(index, size()) * each;
    }

    @Override
    public Sample get(long index) {
        byte[] image = new byte[each];
        System.arraycopy(pixels, offset(index), image, 0, each);
        return new Sample(HostArray.of(image, shape), HostArray.label(labels[(int) index]));
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        MemorySegment.copy(pixels, offset(index), into.row(0, row), ValueLayout.JAVA_BYTE, 0, each);
        into.row(1, row).set(ValueLayout.JAVA_LONG, 0, labels[(int) index]);
    }

    /// The same images as `F32`: byte b of channel c becomes (b / 255 - means\[c\]) / deviations\[c\]. The fastest way
    /// to train on images that are not augmented.
    ///
    /// @throws IllegalArgumentException if there is not one mean and deviation for each channel, or a deviation is not
    ///     above 0
    public Dataset<Sample> normalised(double[] means, double[] deviations) {
        return new Normalised(this, new PixelTable(shape, means, deviations));
    }

    private record Normalised(ImageDataset images, PixelTable table) implements Dataset<Sample>, BatchSource {
        @Override
        public long size() {
            return images.size();
        }

        @Override
        public String name() {
            return images.name;
        }

        @Override
        public Sample get(long index) {
            return table.sample(images.pixels, images.offset(index), images.labels[(int) index]);
        }

        @Override
        public List<Field> fields() {
            return table.fields();
        }

        @Override
        public void fill(long index, HostBatch into, int row) {
            table.fill(images.pixels, images.offset(index), images.labels[(int) index], into, row);
        }
    }

    @Override
    public String toString() {
        return "ImageDataset[" + name + ": " + size() + " images " + shape + ", " + classes.size() + " classes]";
    }
}
