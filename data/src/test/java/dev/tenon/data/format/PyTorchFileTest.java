package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.data.HostArray;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Reads what PyTorch wrote; `torch_files.py` beside the files says what is in them.
class PyTorchFileTest {
    private static final Device DEVICE = Device.of("test:0");

    @TempDir
    Path dir;

    static Path resource(String name) {
        try {
            return Path.of(Objects.requireNonNull(PyTorchFileTest.class.getResource(name), name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static float[] floats(Tensor t) {
        return HostArray.of(t).toFloatArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"protocol2", "protocol3", "protocol4", "protocol5", "legacy"})
    void everyLayoutAndProtocol(String name) throws IOException {
        try (PyTorchFile file = PyTorchFile.open(resource("torch_" + name + ".pt"))) {
            var root = (Map<?, ?>) Objects.requireNonNull(file.root());
            assertEquals(Arrays.asList("state_dict", "integers", "floats", "words", "truths", "sets", "size", "device",
                    "dtype", "numpy", "counter", "default", 3L, null), new ArrayList<Object>(root.keySet()));
            BigInteger big = BigInteger.ONE.shiftLeft(100);
            assertEquals(List.of(0L, 255L, 256L, 65535L, 65536L, -1L, 1L << 31, -(1L << 40), Long.MAX_VALUE,
                    Long.MIN_VALUE, big, big.negate()), root.get("integers"));
            assertEquals(List.of(0.1, -1e300, Double.POSITIVE_INFINITY), root.get("floats"));
            var words = (List<?>) root.get("words");
            assertEquals(List.of("", "text", "\u00e4\u4e2d\uD83D\uDE00"), words.subList(0, 3));
            assertArrayEquals(new byte[] {0, -1}, (byte[]) words.get(3));
            assertEquals(Arrays.asList(true, false, null), root.get("truths"));
            assertEquals(List.of(List.of(1L), List.of(2L)), root.get("sets"));
            assertEquals(List.of(2L, 3L), root.get("size"));
            assertEquals("cuda:1", root.get("device"));
            assertEquals(DType.BF16, root.get("dtype"));
            assertEquals(List.of(0.5, -3L, 0.25, true), root.get("numpy"));
            assertEquals(Map.of("a", 2L, "b", 1L), root.get("counter"));
            assertEquals(Map.of("x", List.of(1L)), root.get("default"));
            assertEquals("three", root.get(3L));
            assertEquals("none", root.get(null));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"protocol2", "protocol5", "legacy"})
    void stridedSharedAndEmptyTensors(String name) throws IOException {
        Path path = resource("torch_" + name + ".pt");
        Map<String, Tensor> state = PyTorchFile.stateDict(path, DEVICE);
        float[] whole = new float[24];
        float[] transposed = new float[24];
        for (int i = 0; i < 24; i++) {
            whole[i] = i;
            transposed[i] = i % 4 * 6 + i / 4;
        }
        assertArrayEquals(whole, floats(state.get("whole")));
        assertEquals(Shape.of(6, 4), state.get("transposed").shape());
        assertArrayEquals(transposed, floats(state.get("transposed")));
        assertEquals(Shape.of(2, 3), state.get("sliced").shape());
        assertArrayEquals(new float[] {6, 8, 10, 12, 14, 16}, floats(state.get("sliced")));
        assertArrayEquals(new float[] {1.5f, 1.5f, 1.5f, -2, -2, -2}, floats(state.get("expanded")));
        assertArrayEquals(whole, floats(state.get("tied")));
        assertEquals(Shape.SCALAR, state.get("scalar").shape());
        assertArrayEquals(new long[] {7}, HostArray.of(state.get("scalar")).toLongArray());
        assertEquals(Shape.of(0, 3), state.get("empty").shape());
        assertArrayEquals(new float[] {0.25f, 0.5f}, floats(state.get("parameter")));
        try (PyTorchFile file = PyTorchFile.open(path)) {
            assertTrue(file.entries().get("tied").sharesStorageWith(file.entries().get("sliced")));
            assertFalse(file.entries().get("tied").sharesStorageWith(file.entries().get("parameter")));
            assertEquals(96, file.entries().get("transposed").bytes());
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyDType(DType dtype) throws IOException {
        String word = switch (dtype) {
            case F64 -> "float64";
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            case I64 -> "int64";
            case I32 -> "int32";
            case I16 -> "int16";
            case I8 -> "int8";
            case U8 -> "uint8";
            case BOOL -> "bool";
        };
        for (String name : List.of("torch_protocol2.pt", "torch_legacy.pt")) {
            Tensor t = PyTorchFile.stateDict(resource(name), DEVICE).get("as." + word);
            assertEquals(dtype, t.dtype());
            var memory = HostArray.of(t).memory();
            for (int i = 0; i < 4; i++) {
                double found = switch (dtype) {
                    case F64 -> memory.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8 * i);
                    case F32 -> memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
                    case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i));
                    case BF16 -> Float.intBitsToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i) << 16);
                    case I64 -> memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * i);
                    case I32 -> memory.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * i);
                    case I16 -> memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i);
                    case I8, U8, BOOL -> memory.get(ValueLayout.JAVA_BYTE, i);
                };
                assertEquals(dtype == DType.BOOL ? Math.min(i, 1) : dtype == DType.U8 ? i : i - 2, found);
            }
        }
    }

    @Test
    void theWholeTree() throws IOException {
        var root = (Map<?, ?>) Objects.requireNonNull(PyTorchFile.read(resource("torch_protocol4.pt"), DEVICE));
        var state = (Map<?, ?>) root.get("state_dict");
        assertArrayEquals(new float[] {0.25f, 0.5f}, floats((Tensor) state.get("parameter")));
        assertNull(((List<?>) root.get("truths")).get(2));
        assertThrows(UnsupportedOperationException.class, () -> state.remove("parameter"));
    }

    @Test
    void keysLeadToAStateDict() throws IOException {
        Path path = resource("torch_protocol2.pt");
        assertEquals(PyTorchFile.stateDict(path, DEVICE).keySet(),
                PyTorchFile.stateDict(path, DEVICE, "state_dict").keySet());
        var wrong = assertThrows(DatasetFormatException.class, () -> PyTorchFile.stateDict(path, DEVICE, "ema"));
        assertTrue(wrong.reason().contains("has no \"ema\"") && wrong.reason().contains("state_dict"), wrong.reason());
        var none = assertThrows(DatasetFormatException.class, () -> PyTorchFile.stateDict(path, DEVICE, "counter"));
        assertTrue(none.reason().contains("no tensors by name under [counter]; there are some under [state_dict]"),
                none.reason());
    }

    @Test
    void aPickledModuleIsNotExecuted() {
        var e = assertThrows(DatasetFormatException.class, () -> PyTorchFile.open(resource("torch_module.pt")));
        assertTrue(e.reason().contains("torch.nn.modules.linear.Linear, which is not in the list")
                && e.reason().contains("state_dict()"), e.reason());
    }

    @Test
    void aClosedFileIsNotRead() throws IOException {
        PyTorchFile file = PyTorchFile.open(resource("torch_protocol2.pt"));
        StoredTensor t = file.entries().get("whole");
        file.close();
        assertThrows(IllegalStateException.class, () -> t.read(DEVICE));
    }

    @Test
    void truncatedFilesAreErrors() throws IOException {
        for (String name : List.of("torch_protocol2.pt", "torch_legacy.pt")) {
            byte[] all = Files.readAllBytes(resource(name));
            for (int n = 0; n < all.length; n += n < 64 ? 1 : 13) {
                Path cut = Files.write(dir.resolve("cut.pt"), Arrays.copyOf(all, n));
                assertThrows(DatasetFormatException.class, () -> PyTorchFile.read(cut, DEVICE), name + " " + n);
            }
        }
    }
}
