package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.HostArray;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class NpyTest {
    private static final Device DEVICE = Device.of("test:0");

    @TempDir
    Path dir;

    /// A file as NumPy writes it: version, little-endian length of the header, header, elements.
    private static byte[] npy(int version, String header, byte... elements) {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer b = ByteBuffer.allocate(8 + (version == 1 ? 2 : 4) + text.length + elements.length)
                .order(ByteOrder.LITTLE_ENDIAN);
        b.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        if (version == 1) {
            b.putShort((short) text.length);
        } else {
            b.putInt(text.length);
        }
        return b.put(text).put(elements).array();
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(dir.resolve("x.npy"), content);
    }

    private static String header(String descr, boolean fortran, String shape) {
        return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape
                + ", }   \n";
    }

    private String error(byte[] content) throws IOException {
        Path p = file(content);
        DatasetFormatException e = assertThrows(DatasetFormatException.class, () -> Npy.read(p, DEVICE));
        assertEquals(p, e.path());
        return e.reason();
    }

    private static byte[] bytes(Tensor t) {
        byte[] out = new byte[(int) (t.elements() * t.dtype().bytes())];
        t.copyTo(MemorySegment.ofArray(out));
        return out;
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void readsEachVersion(int version) throws IOException {
        Path p = file(npy(version, header("<i2", false, "(2, 3)"), new byte[] {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1}));
        Npy.Header h = Npy.readHeader(p);
        assertEquals(new Npy.Header(DType.I16, Shape.of(2, 3), ByteOrder.LITTLE_ENDIAN, false), h);
        assertEquals(12, h.bytes());
        HostArray a = Npy.readHost(p);
        assertArrayEquals(new short[] {1, 2, 3, 4, 5, 262}, a.memory().toArray(ValueLayout.JAVA_SHORT));
    }

    @Test
    void readsColumnMajorAndBigEndian() throws IOException {
        // [[1, 2, 3], [4, 5, 6]] with the first axis fastest
        byte[] elements = {0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6};
        Path p = file(npy(1, header(">i2", true, "(2, 3)"), elements));
        assertEquals(ByteOrder.BIG_ENDIAN, Npy.readHeader(p).order());
        assertTrue(Npy.readHeader(p).fortranOrder());
        assertArrayEquals(new short[] {1, 2, 3, 4, 5, 6}, Npy.readHost(p).memory().toArray(ValueLayout.JAVA_SHORT));
        try (Tensor t = Npy.read(p, DEVICE)) {
            assertArrayEquals(new byte[] {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}, bytes(t));
        }
    }

    @Test
    void truthValuesAreZeroOrOne() throws IOException {
        Path p = file(npy(1, header("|b1", false, "(4,)"), new byte[] {0, 1, 2, -1}));
        try (Tensor t = Npy.read(p, DEVICE)) {
            assertArrayEquals(new byte[] {0, 1, 1, 1}, bytes(t));
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void whatIsWrittenComesBack(DType dtype) throws IOException {
        byte[] values = new byte[24 * dtype.bytes()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (dtype == DType.BOOL ? i % 2 : 37 * i + 11);
        }
        Path p = dir.resolve("y.npy");
        try (Tensor t = Tensors.fromHost(MemorySegment.ofArray(values), dtype, Shape.of(2, 3, 4), DEVICE)) {
            if (dtype == DType.BF16) {
                var e = assertThrows(IllegalArgumentException.class, () -> Npy.write(p, t));
                assertTrue(e.getMessage().contains("F32") && e.getMessage().contains("safetensors"), e.getMessage());
                assertFalse(Files.exists(p));
                return;
            }
            for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
                for (boolean fortran : new boolean[] {false, true}) {
                    Npy.write(p, t, order, fortran);
                    Npy.Header h = Npy.readHeader(p);
                    assertEquals(dtype, h.dtype());
                    assertEquals(fortran, h.fortranOrder());
                    assertEquals(0, (Files.size(p) - h.bytes()) % 64, "elements are aligned");
                    try (Tensor back = Npy.read(p, DEVICE)) {
                        assertEquals(Shape.of(2, 3, 4), back.shape());
                        assertArrayEquals(values, bytes(back), order + " " + fortran);
                    }
                }
            }
        }
    }

    @Test
    void writesTheHeaderThatNumPyWrites() throws IOException {
        Path p = dir.resolve("y.npy");
        try (Tensor t = Tensors.of(new float[] {1, 2, 3}, Shape.of(3), DEVICE)) {
            Npy.write(p, t);
        }
        byte[] all = Files.readAllBytes(p);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
                new String(all, 10, 118, StandardCharsets.US_ASCII).strip());
        assertEquals('\n', all[127]);
        assertEquals(140, all.length);
    }

    @Test
    void scalarsAndEmptyArrays() throws IOException {
        Path p = dir.resolve("y.npy");
        for (Shape shape : new Shape[] {Shape.SCALAR, Shape.of(0), Shape.of(3, 0, 2), Shape.of(1)}) {
            double[] values = shape.elements() == 1 ? new double[] {2.5} : new double[0];
            try (Tensor t = Tensors.of(values, shape, DEVICE)) {
                Npy.write(p, t);
            }
            try (Tensor t = Npy.read(p, DEVICE)) {
                assertEquals(shape, t.shape());
                assertArrayEquals(values, HostArray.of(t).memory().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED));
            }
        }
    }

    @Test
    void arraysFollowEachOtherInAChannel() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        var to = Channels.newChannel(out);
        try (Tensor a = Tensors.of(new int[] {1, 2}, Shape.of(2), DEVICE);
                Tensor b = Tensors.of(new long[] {3}, Shape.SCALAR, DEVICE)) {
            Npy.write(to, a);
            Npy.write(to, b);
        }
        ReadableByteChannel from = Channels.newChannel(new ByteArrayInputStream(out.toByteArray()));
        try (Tensor a = Npy.read(from, DEVICE); Tensor b = Npy.read(from, DEVICE)) {
            assertArrayEquals(new byte[] {1, 0, 0, 0, 2, 0, 0, 0}, bytes(a));
            assertEquals(Shape.SCALAR, b.shape());
            assertEquals(DType.I64, b.dtype());
        }
        var e = assertThrows(DatasetFormatException.class, () -> Npy.read(from, DEVICE));
        assertTrue(e.getMessage().contains("cut short"), e.getMessage());
    }

    @Test
    void aClaimedSizeCostsNothing() throws IOException {
        byte[] claim = npy(1, header("<f8", false, "(1000000000, 100)"), new byte[16]);
        assertTrue(error(claim).contains("takes 800000000000 bytes, there are 16"), error(claim));
        var e = assertThrows(DatasetFormatException.class,
                () -> Npy.read(Channels.newChannel(new ByteArrayInputStream(claim)), DEVICE));
        assertTrue(e.reason().contains("cut short") && e.reason().contains("16 are there"), e.reason());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'descr': '<u4', 'fortran_order': False, 'shape': (1,)} | astype('i8')",
        "{'descr': 'O', 'fortran_order': False, 'shape': (1,)} | pickled Python objects",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)} | imaginary",
        "{'descr': '<V2', 'fortran_order': False, 'shape': (1,)} | bfloat16",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)} | structured",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)} | NumPy's type ''",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)} | True or False",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)} | comma after the only axis",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)} | whole number",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000)} | 63 bits",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 2000000000)} | more than any file holds",
        "{'descr': '<f4', 'fortran_order': False} | of which there are only",
        "{'descr': '<f4', 'descr': '<f4', 'shape': ()} | came before",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1} | after 'x'",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} + 1 | nothing after",
        "__import__('os') | '{'",
        "{ | a string in quotes"})
    void badHeadersAreNamed(String header, String expected) throws IOException {
        String reason = error(npy(1, header, new byte[4]));
        assertTrue(reason.contains(expected), reason);
    }

    @Test
    void whatIsNoNpyIsNamed() throws IOException {
        assertTrue(error(new byte[0]).contains("ends inside the 8 bytes"));
        assertTrue(error("not an array at all".getBytes(StandardCharsets.US_ASCII)).contains("is not a .npy file"));
        assertTrue(error(npy(4, header("<f4", false, "()"), new byte[4])).contains("version 4.0"));
        byte[] long1 = npy(2, "{}");
        ByteBuffer.wrap(long1).order(ByteOrder.LITTLE_ENDIAN).putInt(8, -1);
        assertTrue(error(long1).contains("claims a header of 4294967295 bytes"));
        byte[] cut = npy(1, header("<f4", false, "()"));
        cut[8] = 127;
        assertTrue(error(cut).contains("ends inside its header of 127 bytes"));
        assertTrue(error(npy(1, header("<f4", false, "()"), new byte[5])).contains("more than one array"));
        assertThrows(NoSuchFileException.class, () -> Npy.read(dir.resolve("none.npy"), DEVICE));
    }
}
