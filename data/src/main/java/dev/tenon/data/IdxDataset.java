package dev.tenon.data;

import dev.tenon.data.format.DatasetFormatException;
import dev.tenon.data.format.IdxArray;
import dev.tenon.data.format.IdxReader;
import dev.tenon.data.format.IdxType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// Images and labels from a pair of IDX files, the format of MNIST: input `F32` of shape [1, height, width], from 0
/// to 1 unless normalised otherwise; target `I64`. Held in memory as bytes.
public final class IdxDataset implements Dataset<Sample>, BatchSource {
    private final byte[] pixels;
    private final byte[] labels;
    private final int height;
    private final int width;
    private final PixelTable table;

    private IdxDataset(byte[] pixels, byte[] labels, int height, int width, PixelTable table) {
        this.pixels = pixels;
        this.labels = labels;
        this.height = height;
        this.width = width;
        this.table = table;
    }

    /// Reads a pair of files, gzip or not, with pixels scaled to 0 .. 1.
    ///
    /// @throws DatasetFormatException if a file is malformed, is not of unsigned bytes or of other dimensions than
    ///     [n, height, width] and \[n\], or the files differ in n
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static IdxDataset read(Path images, Path labels) throws IOException {
        return read(images, labels, 0, 1);
    }

    /// Reads a pair of files, gzip or not.
    ///
    /// @param mean subtracted from pixels scaled to 0 .. 1 (MNIST's is 0.1307)
    /// @param deviation by which they are divided then (MNIST's is 0.3081)
    /// @throws DatasetFormatException if a file is malformed, is not of unsigned bytes or of other dimensions than
    ///     [n, height, width] and \[n\], or the files differ in n
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static IdxDataset read(Path images, Path labels, double mean, double deviation) throws IOException {
        IdxArray x = IdxReader.read(images);
        IdxArray y = IdxReader.read(labels);
        check(images, x, 3, "images: unsigned bytes of shape [n, height, width]");
        check(labels, y, 1, "labels: unsigned bytes of shape [n]");
        if (!x.shape().getFirst().equals(y.shape().getFirst())) {
            throw new DatasetFormatException(labels, "has " + y.shape().getFirst() + " labels, but there are "
                + x.shape().getFirst() + " images in " + images + "; the two files do not belong together");
        }
        int height = x.shape().get(1);
        int width = x.shape().get(2);
        return new IdxDataset(x.bytes(), y.bytes(), height, width, new PixelTable(height, width, mean, deviation));
    }

    private static void check(Path path, IdxArray array, int rank, String wanted) throws DatasetFormatException {
        if (array.type() != IdxType.U8 || array.shape().size() != rank) {
            throw new DatasetFormatException(path, "holds " + array.type() + " of shape " + array.shape()
                + "; expected " + wanted);
        }
    }

    @Override
    public long size() {
        return labels.length;
    }

    /// Rows per image.
    public int height() {
        return height;
    }

    /// Pixels per row.
    public int width() {
        return width;
    }

    /// The largest label, or -1 if there is none.
    public int largestLabel() {
        int most = -1;
        for (byte b : labels) {
            most = Math.max(most, b & 0xFF);
        }
        return most;
    }

    private int check(long index) {
        return (int) Objects.checkIndex(index, size());
    }

    /// The label of an image.
    public int label(long index) {
        return labels[check(index)] & 0xFF;
    }

    /// The bytes of an image: `height` x `width`.
    public byte[] pixels(long index) {
        byte[] out = new byte[height * width];
        System.arraycopy(pixels, check(index) * out.length, out, 0, out.length);
        return out;
    }

    @Override
    public Sample get(long index) {
        int i = check(index);
        return table.sample(pixels, i * height * width, labels[i] & 0xFF);
    }

    @Override
    public List<Field> fields() {
        return table.fields();
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        int i = check(index);
        table.fill(pixels, i * height * width, labels[i] & 0xFF, into, row);
    }
}
