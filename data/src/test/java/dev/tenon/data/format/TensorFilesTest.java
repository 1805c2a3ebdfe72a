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
import dev.tenon.api.op.TensorType;
import dev.tenon.data.HostArray;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFilesTest {
    private static final Device DEVICE = Device.of("test:0");

    @TempDir
    Path dir;

    private static byte[] bytes(Tensor t) {
        return HostArray.of(t).memory().toArray(ValueLayout.JAVA_BYTE);
    }

    private static Map<String, Tensor> two() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        out.put("w", Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, Shape.of(2, 3), DEVICE));
        out.put("n", Tensors.of(new long[] {7}, Shape.SCALAR, DEVICE));
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.safetensors", "x.npz"})
    void whatIsWrittenComesBackWhateverTheName(String name) throws IOException {
        Path p = dir.resolve(name);
        Map<String, Tensor> written = two();
        TensorFiles.write(p, written);
        assertFalse(written.get("w").isClosed());
        Path renamed = Files.move(p, dir.resolve("data.bin"));
        Map<String, Tensor> read = TensorFiles.read(renamed, DEVICE);
        assertEquals(List.of("w", "n"), List.copyOf(read.keySet()));
        read.forEach((key, t) -> assertArrayEquals(bytes(written.get(key)), bytes(t)));
    }

    @Test
    void aSingleArrayIsNamedLikeItsFile() throws IOException {
        Path p = dir.resolve("x.npy");
        assertThrows(IllegalArgumentException.class, () -> TensorFiles.write(p, two()));
        TensorFiles.write(p, Map.of("w", two().get("w")));
        assertEquals(List.of("x"), List.copyOf(TensorFiles.read(p, DEVICE).keySet()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"torch_protocol2.pt", "torch_legacy.pt"})
    void aCheckpointIsReadAsItsStateDict(String name) throws IOException {
        assertEquals(TensorFiles.Format.PYTORCH, TensorFiles.format(resource(name)));
        Map<String, Tensor> expected = PyTorchFile.stateDict(resource(name), DEVICE);
        Path out = dir.resolve("out.safetensors");
        List<String> heard = new ArrayList<>();
        try (TensorFile file = TensorFiles.open(resource(name), "state_dict")) {
            assertEquals(expected.keySet(), file.types().keySet());
            Map<String, TensorType> types = TensorFiles.convert(file, out, null, DEVICE,
                    (key, done, total) -> heard.add(key + (done == total ? "!" : "")));
            assertEquals(types, file.types());
        }
        Map<String, Tensor> found = TensorFiles.read(out, DEVICE);
        assertEquals(List.copyOf(expected.keySet()), List.copyOf(found.keySet()));
        expected.forEach((key, t) -> assertArrayEquals(bytes(t), bytes(found.get(key)), key));
        assertEquals(expected.size(), heard.size());
        assertEquals("as.bool!", heard.getLast());
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void safetensorsOfEveryDType(DType dtype) throws IOException {
        byte[] values = new byte[6 * dtype.bytes()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (byte) (dtype == DType.BOOL ? i % 2 : 3 * i - 7);
        }
        Path p = dir.resolve("x.safetensors");
        Tensor t = Tensors.fromHost(MemorySegment.ofArray(values), dtype, Shape.of(2, 3), DEVICE);
        Safetensors.write(p, Map.of("t", t), Map.of());
        assertArrayEquals(values, bytes(TensorFiles.read(p, DEVICE).get("t")));
    }

    @Test
    void aSafetensorsFileOfFiveGigabytesIsReadWhereItIsAsked() throws IOException {
        long big = 5L << 30;
        byte[] header = ("{\"big\":{\"dtype\":\"U8\",\"shape\":[" + big + "],\"data_offsets\":[0," + big + "]},"
                + "\"last\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" + big + "," + (big + 8) + "]}}")
                .getBytes(StandardCharsets.US_ASCII);
        Path p = dir.resolve("sparse.safetensors");
        try (FileChannel channel = FileChannel.open(p, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            ByteBuffer b = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(b.putLong(header.length).put(header).flip());
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(1.5f).putFloat(-2).flip(),
                    8 + header.length + big);
        }
        try (TensorFile file = TensorFiles.open(p)) {
            assertEquals(big, file.types().get("big").elements());
            assertArrayEquals(new float[] {1.5f, -2}, HostArray.of(file.read("last", DEVICE)).toFloatArray());
        }
    }

    @Test
    void aFileThatShrinksWhileItIsOpenIsAnError() throws IOException {
        Path p = dir.resolve("x.safetensors");
        Safetensors.write(p, Map.of("t", Tensors.of(new float[1 << 16], Shape.of(1 << 16), DEVICE)), Map.of());
        try (TensorFile file = TensorFiles.open(p)) {
            try (FileChannel channel = FileChannel.open(p, StandardOpenOption.WRITE)) {
                channel.truncate(4096);
            }
            var e = assertThrows(DatasetFormatException.class, () -> file.read("t", DEVICE));
            assertTrue(e.reason().contains("cut short by someone else"), e.reason());
        }
    }

    @Test
    void aSourceMustKeepItsPromise() throws IOException {
        Path p = Files.writeString(dir.resolve("x.safetensors"), "before");
        Map<String, TensorType> types = Map.of("t", TensorType.of(DType.F32, Shape.of(2)));
        var e = assertThrows(IllegalArgumentException.class, () -> Safetensors.write(p, types, Map.of(),
                _ -> Tensors.of(new float[3], Shape.of(3), DEVICE)));
        assertTrue(e.getMessage().contains("was announced as"), e.getMessage());
        assertThrows(IOException.class, () -> Safetensors.write(p, types, Map.of(), _ -> {
            throw new IOException("gone");
        }));
        assertEquals("before", Files.readString(p));
        assertEquals(1, dir.toFile().list().length, "no temporary file is left");
    }

    @Test
    void otherFilesAreNamed() throws IOException {
        Path text = Files.writeString(dir.resolve("x.npz"), "some text");
        var e = assertThrows(DatasetFormatException.class, () -> TensorFiles.read(text, DEVICE));
        assertTrue(e.reason().contains("no file of tensors"), e.reason());
        Path empty = Files.write(dir.resolve("y"), new byte[0]);
        assertThrows(DatasetFormatException.class, () -> TensorFiles.read(empty, DEVICE));
        assertThrows(IllegalArgumentException.class, () -> TensorFiles.write(dir.resolve("x.txt"), two()));
    }
}
