package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdxReaderTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(IdxType.class)
    void readsEveryType(IdxType type) throws IOException {
        double[] wanted = switch (type) {
            case U8 -> new double[] {0, 1, 127, 128, 255, 7};
            case I8 -> new double[] {0, 1, 127, -128, -1, 7};
            case I16 -> new double[] {0, 258, 32767, -32768, -1, 7};
            case I32 -> new double[] {0, 16909060, Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 7};
            case F32 -> new double[] {0, 0.1f, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, -1, 7};
            case F64 -> new double[] {0, 0.1, Double.MAX_VALUE, Double.NEGATIVE_INFINITY, -1, 7};
        };
        byte[] content = idx(type, wanted, 2, 3);
        IdxArray plain = IdxReader.read(write("plain", content));
        // named .gz and not gzip, gzip and not named so: the content decides
        assertEquals(plain, IdxReader.read(write("plain.gz", content)));
        assertEquals(plain, IdxReader.read(write("packed", gzip(content))));
        assertEquals(type, plain.type());
        assertEquals(List.of(2, 3), plain.shape());
        assertEquals(6, plain.size());
        float[] floats = plain.toFloats();
        for (int i = 0; i < 6; i++) {
            assertEquals(wanted[i], plain.get(i));
            assertEquals((float) wanted[i], floats[i]);
        }
        if (type == IdxType.F32 || type == IdxType.F64) {
            assertThrows(IllegalStateException.class, plain::toInts);
        } else {
            assertArrayEquals(Arrays.stream(wanted).mapToInt(v -> (int) v).toArray(), plain.toInts());
        }
        assertArrayEquals(Arrays.copyOfRange(content, 12, content.length), plain.bytes());
        assertTrue(plain.buffer().isReadOnly());
    }

    @Test
    void readsAnArrayLargerThanItsBuffers() throws IOException {
        double[] values = new double[500 * 28 * 28];
        for (int i = 0; i < values.length; i++) {
            values[i] = i * 31 % 251;
        }
        byte[] content = idx(IdxType.U8, values, 500, 28, 28);
        IdxArray read = IdxReader.read(write("images", gzip(content)));
        assertEquals(List.of(500, 28, 28), read.shape());
        assertArrayEquals(Arrays.copyOfRange(content, 16, content.length), read.bytes());
        assertEquals(read, IdxReader.read(write("images2", content)));
    }

    @Test
    void readsEmptyAndScalarArrays() throws IOException {
        assertEquals(0, IdxReader.read(write("empty", idx(IdxType.I32, new double[0], 0, 28))).size());
        assertEquals(0, IdxReader.read(write("empty2", idx(IdxType.I32, new double[0], Integer.MAX_VALUE, 0))).size());
        IdxArray scalar = IdxReader.read(write("scalar", idx(IdxType.F64, new double[] {2.5})));
        assertEquals(List.of(), scalar.shape());
        assertEquals(2.5, scalar.get(0));
    }

    @Test
    void missingFileNamesPathAndWhatWasLookedFor() throws IOException {
        Path path = folder.resolve("train-images");
        var e = assertThrows(NoSuchFileException.class, () -> IdxReader.read(path));
        assertTrue(e.getMessage().contains("train-images"), e.getMessage());
        assertTrue(e.getMessage().contains("an IDX file"), e.getMessage());
        write("train-images.gz", gzip(idx(IdxType.U8, new double[] {1}, 1)));
        var near = assertThrows(NoSuchFileException.class, () -> IdxReader.read(path));
        assertTrue(near.getMessage().contains("there is train-images.gz next to it"), near.getMessage());
    }

    @Test
    void folderIsRefused() {
        var e = assertThrows(FileSystemException.class, () -> IdxReader.read(folder));
        assertTrue(e.getMessage().contains("is a folder"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void shorterThanTheMagicNumber(int length) throws IOException {
        bad(new byte[length], "ends after " + length + " bytes");
    }

    @Test
    void notIdxAtAll() throws IOException {
        bad("label,pixel0\n".getBytes(), "is not an IDX file");
    }

    @Test
    void unknownType() throws IOException {
        bad(new byte[] {0, 0, 0x0A, 1, 0, 0, 0, 1, 5}, "type code 0x0a");
    }

    @Test
    void tooManyDimensions() throws IOException {
        bad(new byte[] {0, 0, 8, (byte) 200}, "200 dimensions");
    }

    @Test
    void headerCutShort() throws IOException {
        bad(new byte[] {0, 0, 8, 3, 0, 0, 0, 1, 0, 0}, "ends inside its header");
    }

    @Test
    void negativeSize() throws IOException {
        bad(new byte[] {0, 0, 8, 1, -1, -1, -1, -1}, "4294967295");
    }

    @Test
    void dataCutShort() throws IOException {
        byte[] content = idx(IdxType.I16, new double[] {1, 2, 3}, 3);
        bad(Arrays.copyOf(content, content.length - 1), "is cut short");
        bad(gzip(Arrays.copyOf(content, content.length - 1)), "is cut short");
    }

    @Test
    void trailingBytes() throws IOException {
        byte[] content = idx(IdxType.I16, new double[] {1, 2, 3}, 3);
        bad(Arrays.copyOf(content, content.length + 1), "goes on after the 6 bytes");
        bad(gzip(Arrays.copyOf(content, content.length + 1)), "goes on after the 6 bytes");
    }

    @Test
    void hugeClaimsCostNothing() throws IOException {
        byte[] overflow = {0, 0, 0x0E, 4, 127, -1, -1, -1, 127, -1, -1, -1, 127, -1, -1, -1, 127, -1, -1, -1};
        bad(overflow, "more than the limit");
        bad(gzip(overflow), "more than the limit");
        // within the limit, but the file cannot hold it: known before a byte is allocated
        byte[] large = {0, 0, 8, 1, 0x3F, -1, -1, -1};
        bad(large, "has no more");
        bad(gzip(large), "cannot decompress to more than");
    }

    @Test
    void bombStopsAtTheLimit() throws IOException {
        byte[] zeros = idx(IdxType.U8, new double[4_000_000], 4_000_000);
        Path path = write("bomb", gzip(zeros));
        assertTrue(Files.size(path) < 10_000);
        var e = assertThrows(DatasetFormatException.class, () -> IdxReader.read(path, 1_000_000));
        assertTrue(e.getMessage().contains("limit of 1000000 bytes"), e.getMessage());
        assertEquals(4_000_000, IdxReader.read(path).size());
        assertThrows(IllegalArgumentException.class, () -> IdxReader.read(path, -1));
    }

    @Test
    void endlessTrailIsNotRead() throws IOException {
        byte[] content = Arrays.copyOf(idx(IdxType.U8, new double[] {1, 2}, 2), 50_000_000);
        bad(gzip(content), "goes on after the 2 bytes");
    }

    @Test
    void damagedGzip() throws IOException {
        byte[] packed = gzip(idx(IdxType.U8, new double[10_000], 10_000));
        bad(Arrays.copyOf(packed, packed.length / 2), "does not decompress");
        bad(Arrays.copyOf(packed, 2), "does not decompress");
        byte[] checksum = packed.clone();
        checksum[checksum.length - 6] ^= 1;
        bad(checksum, "does not decompress");
    }

    @Test
    void arrayIsAValueAndChecksItself() {
        IdxArray a = new IdxArray(IdxType.U8, List.of(2), new byte[] {1, 2});
        assertEquals(a, new IdxArray(IdxType.U8, List.of(2), new byte[] {1, 2}));
        assertEquals(a.hashCode(), new IdxArray(IdxType.U8, List.of(2), new byte[] {1, 2}).hashCode());
        assertNotEquals(a, new IdxArray(IdxType.I8, List.of(2), new byte[] {1, 2}));
        assertThrows(IndexOutOfBoundsException.class, () -> a.get(2));
        assertThrows(IllegalArgumentException.class, () -> new IdxArray(IdxType.I16, List.of(2), new byte[3]));
        assertThrows(IllegalArgumentException.class, () -> new IdxArray(IdxType.U8, List.of(-1), new byte[0]));
        assertThrows(IllegalArgumentException.class,
            () -> new IdxArray(IdxType.U8, List.of(1 << 30, 1 << 30, 1 << 30), new byte[0]));
    }

    private void bad(byte[] content, String reason) throws IOException {
        Path path = write("bad-file", content);
        var e = assertThrows(DatasetFormatException.class, () -> IdxReader.read(path));
        assertTrue(e.reason().contains(reason), e.reason());
        assertTrue(e.getMessage().contains("bad-file"), e.getMessage());
        assertEquals(path, e.path());
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }

    private static byte[] gzip(byte[] content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    private static byte[] idx(IdxType type, double[] values, int... shape) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeShort(0);
        out.writeByte(type.code());
        out.writeByte(shape.length);
        for (int size : shape) {
            out.writeInt(size);
        }
        for (double v : values) {
            switch (type) {
                case U8, I8 -> out.writeByte((int) v);
                case I16 -> out.writeShort((int) v);
                case I32 -> out.writeInt((int) v);
                case F32 -> out.writeFloat((float) v);
                case F64 -> out.writeDouble(v);
            }
        }
        return bytes.toByteArray();
    }
}
