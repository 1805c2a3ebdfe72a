package dev.tenon.data.format;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipException;

/// Reads IDX files, the format of MNIST and its relatives: two zero bytes, a type code, the number of dimensions, the
/// sizes as big-endian 32-bit integers, then the elements. Gzip is recognised by its first bytes, not by the name.
///
/// A header is never believed: memory is taken only as bytes arrive, so a small file that claims to be huge costs
/// nothing, and a small file that decompresses into something huge stops at the limit.
///
/// Source of the format: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
public final class IdxReader {
    /// The most bytes of elements [#read(Path)] accepts: 1 GiB (MNIST has 47 MB, the largest EMNIST 547 MB).
    public static final long DEFAULT_LIMIT = 1L << 30;

    /// The most a Java array holds on every machine.
    private static final long ARRAY_LIMIT = Integer.MAX_VALUE - 8;
    private static final int FIRST_CHUNK = 1 << 16;
    /// No deflate stream grows by more than this factor.
    private static final long DEFLATE_RATIO = 1032;
    private static final int MAX_DIMENSIONS = 32;

    private IdxReader() {
    }

    /// Reads `path` with the [default limit][#DEFAULT_LIMIT].
    ///
    /// @throws DatasetFormatException if the content is malformed, cut short, followed by more bytes, or over the limit
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static IdxArray read(Path path) throws IOException {
        return read(path, DEFAULT_LIMIT);
    }

    /// Reads `path`.
    ///
    /// @param limitBytes the most bytes of elements to accept, decompressed
    /// @throws DatasetFormatException if the content is malformed, cut short, followed by more bytes, or over the limit
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    /// @throws IllegalArgumentException if `limitBytes` is negative
    public static IdxArray read(Path path, long limitBytes) throws IOException {
        if (limitBytes < 0) {
            throw new IllegalArgumentException("limitBytes " + limitBytes + " is negative");
        }
        try (DataFiles.Source source = DataFiles.open(path, "an IDX file")) {
            try {
                return read(path, source, limitBytes);
            } catch (ZipException | EOFException e) {
                throw DataFiles.damagedGzip(path, e);
            }
        }
    }

    private static IdxArray read(Path path, DataFiles.Source source, long limitBytes) throws IOException {
        InputStream in = source.in();
        byte[] magic = in.readNBytes(4);
        if (magic.length < 4) {
            throw new DatasetFormatException(path, "ends after " + magic.length
                + " bytes; an IDX file starts with 4 (0, 0, type, dimensions)");
        }
        if (magic[0] != 0 || magic[1] != 0) {
            throw new DatasetFormatException(path, String.format(
                "is not an IDX file: starts with bytes %02x %02x %02x %02x, expected 00 00, a type and the number of"
                    + " dimensions", magic[0], magic[1], magic[2], magic[3]));
        }
        IdxType type = IdxType.ofCode(magic[2] & 0xFF);
        if (type == null) {
            throw new DatasetFormatException(path, String.format(
                "has IDX type code 0x%02x, which does not exist; expected 0x08 (u8), 0x09 (i8), 0x0b (i16), 0x0c (i32),"
                    + " 0x0d (f32) or 0x0e (f64)", magic[2]));
        }
        List<Integer> shape = shape(path, in, magic[3] & 0xFF);
        long claimed = claimedBytes(path, type, shape, limitBytes);
        long header = 4 + 4L * shape.size();
        checkAgainstFile(path, source, type, shape, header, claimed);
        byte[] data = elements(path, in, type, shape, (int) claimed);
        if (in.read() >= 0) {
            throw new DatasetFormatException(path, "goes on after the " + claimed + " bytes its header announces ("
                + type + " " + shape + "); the header or the file is wrong");
        }
        return new IdxArray(type, shape, data);
    }

    private static List<Integer> shape(Path path, InputStream in, int dimensions) throws IOException {
        if (dimensions > MAX_DIMENSIONS) {
            throw new DatasetFormatException(path, "claims " + dimensions + " dimensions; at most " + MAX_DIMENSIONS
                + " are accepted, and such a number means this is no IDX file");
        }
        List<Integer> shape = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            byte[] b = in.readNBytes(4);
            if (b.length < 4) {
                throw new DatasetFormatException(path, "ends inside its header: " + dimensions
                    + " dimensions announced, sizes for " + i + " found");
            }
            int size = (b[0] & 0xFF) << 24 | (b[1] & 0xFF) << 16 | (b[2] & 0xFF) << 8 | b[3] & 0xFF;
            if (size < 0) {
                throw new DatasetFormatException(path, "claims size " + Integer.toUnsignedString(size)
                    + " in dimension " + i + "; at most " + Integer.MAX_VALUE + " is possible");
            }
            shape.add(size);
        }
        return shape;
    }

    private static long claimedBytes(Path path, IdxType type, List<Integer> shape, long limitBytes)
            throws DatasetFormatException {
        long limit = Math.min(limitBytes, ARRAY_LIMIT);
        long bytes = shape.contains(0) ? 0 : type.bytes();
        for (int size : shape) {
            // both factors are below 2^31 here, so the product is exact
            bytes *= size;
            if (bytes > limit) {
                throw new DatasetFormatException(path, "claims shape " + shape + " of " + type
                    + ", more than the limit of " + limit + " bytes; "
                    + (limit < ARRAY_LIMIT ? "if it is right, pass a higher limit" : "split the file"));
            }
        }
        return bytes;
    }

    /// What the size on disk already says, before anything is read.
    private static void checkAgainstFile(Path path, DataFiles.Source source, IdxType type, List<Integer> shape,
            long header, long claimed) throws DatasetFormatException {
        long most = source.gzip() ? Math.multiplyExact(source.fileBytes(), DEFLATE_RATIO) : source.fileBytes();
        if (header + claimed > most) {
            throw new DatasetFormatException(path, "is cut short: " + type + " " + shape + " needs "
                + (header + claimed) + " bytes, and the file of " + source.fileBytes() + " bytes "
                + (source.gzip() ? "cannot decompress to more than " + most : "has no more")
                + "; fetch or copy it again");
        }
    }

    private static byte[] elements(Path path, InputStream in, IdxType type, List<Integer> shape, int claimed)
            throws IOException {
        byte[] data = new byte[Math.min(claimed, FIRST_CHUNK)];
        int filled = 0;
        while (true) {
            filled += in.readNBytes(data, filled, data.length - filled);
            if (filled < data.length) {
                throw new DatasetFormatException(path, "is cut short: " + type + " " + shape + " needs " + claimed
                    + " bytes after the header, " + filled + " found; fetch or copy it again");
            }
            if (filled == claimed) {
                return data;
            }
            data = Arrays.copyOf(data, (int) Math.min(claimed, 4L * data.length));
        }
    }
}
