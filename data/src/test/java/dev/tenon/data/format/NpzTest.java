package dev.tenon.data.format;

import static dev.tenon.data.format.PyTorchFileTest.resource;
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
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Archives that NumPy wrote (`numpy_files.py` beside them says what is inside), ours, and damaged ones.
class NpzTest {
    private static final Device DEVICE = Device.of("test:0");

    @TempDir
    Path dir;

    private static double value(HostArray a, int i) {
        MemorySegment m = a.memory();
        return switch (a.dtype()) {
            case F64 -> m.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
            case F32 -> m.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
            case F16 -> Float.float16ToFloat(m.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
            case I64 -> m.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
            case I32 -> m.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            case I16 -> m.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i);
            default -> m.get(ValueLayout.JAVA_BYTE, i);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"stored", "deflated"})
    void readsWhatNumPyWrote(String how) throws IOException {
        try (Npz file = Npz.open(resource("numpy_" + how + ".npz"))) {
            assertEquals(33, file.types().size());
            int checked = 0;
            for (var e : file.headers().entrySet()) {
                String name = e.getKey();
                if (List.of("scalar", "empty", "cube.fortran").contains(name)) {
                    continue;
                }
                assertEquals(name.endsWith(".fortran"), e.getValue().fortranOrder(), name);
                if (e.getValue().dtype().bytes() > 1) {
                    assertEquals(name.contains(".big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
                            e.getValue().order(), name);
                }
                HostArray a = HostArray.of(file.read(name, DEVICE));
                assertEquals(DType.of(name.replaceAll("\\..*", "")), a.dtype());
                assertEquals(Shape.of(2, 3), a.shape());
                for (int i = 0; i < 6; i++) {
                    assertEquals(a.dtype() == DType.BOOL ? Math.min(i, 1) : i, value(a, i), name + " " + i);
                }
                checked++;
            }
            assertEquals(30, checked);
            assertEquals(2.5, value(HostArray.of(file.read("scalar", DEVICE)), 0));
            assertEquals(Shape.of(0, 4), file.read("empty", DEVICE).shape());
            HostArray cube = HostArray.of(file.read("cube.fortran", DEVICE));
            for (int i = 0; i < 24; i++) {
                assertEquals(i, value(cube, i));
            }
            var e = assertThrows(IllegalArgumentException.class, () -> file.read("none", DEVICE));
            assertTrue(e.getMessage().contains("no tensor \"none\"; it holds [float16"), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void readsEachVersionThatNumPyWrote(int version) throws IOException {
        HostArray a = Npy.readHost(resource("numpy_version" + version + ".npy"));
        for (int i = 0; i < 6; i++) {
            assertEquals(i, value(a, i));
        }
    }

    @Test
    void whatIsWrittenComesBack() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("b/weight", Tensors.of(new float[1000], Shape.of(10, 100), DEVICE));
        tensors.put("\u00e4", Tensors.of(new long[] {1, -2}, Shape.of(2), DEVICE));
        tensors.put("scalar", Tensors.of(new double[] {0.5}, Shape.SCALAR, DEVICE));
        Path stored = dir.resolve("s.npz");
        Path deflated = dir.resolve("d.npz");
        Npz.write(stored, tensors);
        Npz.writeCompressed(deflated, tensors);
        assertTrue(Files.size(deflated) < 1000 && Files.size(stored) > 4000);
        for (Path p : List.of(stored, deflated)) {
            try (Npz file = Npz.open(p)) {
                assertEquals(List.copyOf(tensors.keySet()), List.copyOf(file.types().keySet()));
                file.readAll(DEVICE).forEach((name, t) -> {
                    Tensor expected = tensors.get(name);
                    assertEquals(expected.type(), t.type());
                    assertArrayEquals(HostArray.of(expected).memory().toArray(ValueLayout.JAVA_BYTE),
                            HostArray.of(t).memory().toArray(ValueLayout.JAVA_BYTE));
                });
            }
        }
        byte[] first = Files.readAllBytes(stored);
        Npz.write(stored, tensors);
        assertArrayEquals(first, Files.readAllBytes(stored), "equal contents are equal bytes");
        Npz.write(stored, Map.of());
        try (Npz file = Npz.open(stored)) {
            assertTrue(file.types().isEmpty());
        }
    }

    @Test
    void bf16IsRefusedBeforeAnythingIsWritten() throws IOException {
        Path p = Files.writeString(dir.resolve("x.npz"), "before");
        Tensor t = Tensors.fromHost(MemorySegment.ofArray(new byte[2]), DType.BF16, Shape.of(1), DEVICE);
        var e = assertThrows(IllegalArgumentException.class, () -> Npz.write(p, Map.of("t", t)));
        assertTrue(e.getMessage().contains("bf16"));
        assertEquals("before", Files.readString(p));
    }

    // --- damaged

    private static String reason(Path p) {
        return assertThrows(DatasetFormatException.class, () -> {
            try (Npz file = Npz.open(p)) {
                file.readAll(DEVICE);
            }
        }).reason();
    }

    @ParameterizedTest
    @ValueSource(strings = {"stored", "deflated"})
    void everyCutAndEveryFlippedByteIsAnErrorOrHarmless(String how) throws IOException {
        Path small = dir.resolve("small.npz");
        Map<String, Tensor> two = new LinkedHashMap<>();
        try (Npz all = Npz.open(resource("numpy_stored.npz"))) {
            for (String name : List.of("float32", "int16.big.fortran")) {
                two.put(name, all.read(name, DEVICE));
            }
        }
        if (how.equals("stored")) {
            Npz.write(small, two);
        } else {
            Npz.writeCompressed(small, two);
        }
        byte[] good = Files.readAllBytes(small);
        for (int n = 0; n < good.length; n++) {
            Path cut = Files.write(dir.resolve("cut.npz"), Arrays.copyOf(good, n));
            assertFalse(reason(cut).isEmpty());
            byte[] flipped = good.clone();
            flipped[n] ^= (byte) 0xFF;
            Path p = Files.write(dir.resolve("flipped.npz"), flipped);
            try (Npz file = Npz.open(p)) {
                for (Tensor t : file.readAll(DEVICE).values()) {
                    assertEquals(6, t.elements());
                }
            } catch (DatasetFormatException e) {
                assertTrue(e.getMessage().contains("flipped.npz"), e.getMessage());
            }
        }
    }

    @Test
    void aBombIsRefused() throws IOException {
        Path p = dir.resolve("bomb.npz");
        Npz.writeCompressed(p, Map.of("zeros", Tensors.of(new float[1 << 20], Shape.of(1 << 20), DEVICE)));
        assertTrue(Files.size(p) < 10_000);
        var e = assertThrows(DatasetFormatException.class, () -> Npz.open(p, 1 << 20).close());
        assertTrue(e.reason().contains("more than the limit of 1048576 bytes"), e.reason());
        // a claim that the compressed bytes cannot keep
        byte[] b = Files.readAllBytes(p);
        ByteBuffer buffer = ByteBuffer.wrap(b).order(ByteOrder.LITTLE_ENDIAN);
        int central = buffer.getInt(b.length - 6);
        buffer.putInt(central + 24, 0x7FFFFFFF);
        assertTrue(reason(Files.write(p, b)).contains("claims 2147483647 bytes from"));
        buffer.putInt(central + 24, (1 << 22) + 129);
        assertTrue(reason(Files.write(p, b)).contains("cut short"));
        buffer.putInt(central + 24, (1 << 22) + 127);
        assertTrue(reason(Files.write(p, b)).contains("decompresses to more than"));
    }

    @Test
    void entriesThatOverlapOrComeTwiceAreRefused() throws IOException {
        Path p = dir.resolve("two.npz");
        Npz.write(p, new LinkedHashMap<>(Map.of("a", Tensors.of(new int[4], Shape.of(4), DEVICE),
                "b", Tensors.of(new int[4], Shape.of(4), DEVICE))));
        byte[] good = Files.readAllBytes(p);
        ByteBuffer buffer = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
        int central = buffer.getInt(good.length - 6);
        int second = central + 46 + 5 + buffer.getShort(central + 30);
        byte name = buffer.get(second + 46);
        buffer.put(second + 46, buffer.get(central + 46));
        assertTrue(reason(Files.write(p, buffer.array())).contains("two entries \""));
        buffer.put(second + 46, name);
        buffer.putInt(second + 42, buffer.getInt(central + 42));
        assertTrue(reason(Files.write(p, buffer.array())).contains("overlap"));
    }

    @Test
    void zip64() throws IOException {
        // sizes and places as zip64 has them, as an archive over 4 GB would
        Path one = dir.resolve("one.npy");
        Npy.write(one, Tensors.of(new int[] {5, 6}, Shape.of(2), DEVICE));
        byte[] content = Files.readAllBytes(one);
        CRC32 crc = new CRC32();
        crc.update(content);
        byte[] name = "x.npy".getBytes(StandardCharsets.US_ASCII);
        ByteBuffer b = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x04034B50).putShort((short) 45).putShort((short) 0).putShort((short) 0).putInt(0)
                .putInt((int) crc.getValue()).putInt(-1).putInt(-1).putShort((short) 5).putShort((short) 20)
                .put(name).putShort((short) 1).putShort((short) 16).putLong(content.length).putLong(content.length)
                .put(content);
        int central = b.position();
        b.putInt(0x02014B50).putShort((short) 45).putShort((short) 45).putShort((short) 0).putShort((short) 0)
                .putInt(0).putInt((int) crc.getValue()).putInt(-1).putInt(-1).putShort((short) 5)
                .putShort((short) 34).putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0).putInt(-1)
                .put(name).putShort((short) 9999).putShort((short) 2).putShort((short) 0)
                .putShort((short) 1).putShort((short) 24).putLong(content.length).putLong(content.length).putLong(0);
        int end64 = b.position();
        b.putInt(0x06064B50).putLong(44).putShort((short) 45).putShort((short) 45).putInt(0).putInt(0).putLong(1)
                .putLong(1).putLong(end64 - central).putLong(central);
        b.putInt(0x07064B50).putInt(0).putLong(end64).putInt(1);
        b.putInt(0x06054B50).putShort((short) 0).putShort((short) 0).putShort((short) -1).putShort((short) -1)
                .putInt(-1).putInt(-1).putShort((short) 0);
        Path p = Files.write(dir.resolve("64.npz"), Arrays.copyOf(b.array(), b.position()));
        try (Npz file = Npz.open(p)) {
            assertEquals(6, value(HostArray.of(file.read("x", DEVICE)), 1));
        }
        b.putInt(central + 46 + 5 + 6, 8 << 16 | 1);
        assertTrue(reason(Files.write(p, Arrays.copyOf(b.array(), b.position()))).contains("zip64 field"));
    }

    @Test
    void otherZipFilesAreNamed() throws IOException {
        Path p = dir.resolve("other.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(p))) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
        }
        assertTrue(reason(p).contains("without arrays") && reason(p).contains("readme.txt"));
        assertTrue(reason(Files.writeString(p, "text")).contains("no zip file"));
        assertThrows(NoSuchFileException.class, () -> Npz.open(dir.resolve("none.npz")));
    }
}
