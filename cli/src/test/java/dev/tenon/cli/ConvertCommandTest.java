package dev.tenon.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.format.Safetensors;
import dev.tenon.data.format.TensorFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
    @TempDir
    Path dir;

    private Path in = Path.of("");

    @BeforeEach
    void write() throws IOException {
        in = dir.resolve("in.safetensors");
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("fc.weight", Tensors.of(new float[][] {{1, 2.5f, -3}, {0.1f, 70000, 1e-9f}}));
        state.put("steps", Tensors.of(7L));
        Safetensors.write(in, state, Map.of("format", "pt"));
    }

    @Test
    void toAnotherFormatAndBack() throws IOException {
        Path npz = dir.resolve("out.npz");
        Run run = Run.of("convert", in.toString(), npz.toString());
        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("fc.weight") && run.out().contains("f32") && run.out().contains("[2, 3]")
            && run.out().contains("24 B"), run.out());
        assertTrue(run.out().contains("wrote " + npz + ": 2 tensors, 7 elements, "), run.out());
        Path back = dir.resolve("back.safetensors");
        assertEquals(0, Run.of("convert", npz.toString(), back.toString()).exitCode());
        Map<String, Tensor> state = TensorFiles.read(back, Device.getDefault());
        assertEquals(List.of("fc.weight", "steps"), List.copyOf(state.keySet()));
        assertArrayEquals(new float[] {1, 2.5f, -3, 0.1f, 70000, 1e-9f}, state.get("fc.weight").toFloatArray());
        assertArrayEquals(new long[] {7}, state.get("steps").toLongArray());
    }

    @Test
    void toHalfPrecisionKeepsIntegersAndText() throws IOException {
        for (String dtype : List.of("f16", "BF16", "float64")) {
            Path out = dir.resolve(dtype + ".safetensors");
            assertEquals(0, Run.of("convert", in.toString(), out.toString(), "--dtype", dtype).exitCode());
            try (Safetensors file = Safetensors.open(out)) {
                assertEquals(Map.of("format", "pt"), file.metadata());
                Tensor w = file.read("fc.weight", Device.getDefault());
                assertEquals(DType.of(dtype), w.dtype());
                assertEquals(2.5f, w.toFloatArray()[1]);
                assertEquals(dtype.equals("f16"), Float.isInfinite(w.toFloatArray()[4]), "70000 is too large for f16");
                assertEquals(DType.I64, file.types().get("steps").dtype());
            }
        }
    }

    @Test
    void nothingIsReplacedUnasked() throws IOException {
        Path out = Files.writeString(dir.resolve("out.npz"), "mine");
        Run run = Run.of("convert", in.toString(), out.toString());
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("--force"), run.err());
        assertEquals("mine", Files.readString(out));
        assertEquals(0, Run.of("convert", in.toString(), out.toString(), "--force").exitCode());
        assertEquals(2, TensorFiles.read(out).size());
    }

    @Test
    void whatCannotBeIsSaidInOneLine() throws IOException {
        assertError(2, "PyTorch's files are read and not written", "convert", in.toString(), "x.pt");
        assertError(2, "ends in .safetensors, .npz or .npy", "convert", in.toString(), "x.txt");
        assertError(2, "expected f64, f32, f16 or bf16", "convert", in.toString(), "x.npz", "--dtype", "i8");
        assertError(2, "expected f64, f32, f16 or bf16", "convert", in.toString(), "x.npz", "--dtype", "f17");
        assertError(2, "no bf16", "convert", in.toString(), dir.resolve("x.npz").toString(), "--dtype", "bf16");
        assertError(2, "holds one tensor, there are 2", "convert", in.toString(), dir.resolve("x.npy").toString());
        assertError(2, "only PyTorch checkpoints are nested", "convert", in.toString(),
            dir.resolve("x.npz").toString(), "--key", "model");
        assertError(1, "no such file", "convert", dir.resolve("none.pt").toString(), dir.resolve("x.npz").toString());
        Path text = Files.writeString(dir.resolve("text.pt"), "not a file of tensors");
        assertError(1, "no file of tensors", "convert", text.toString(), dir.resolve("x.npz").toString());
        assertEquals(List.of("in.safetensors", "text.pt"), List.of(dir.toFile().list()).stream().sorted().toList());
    }

    private static void assertError(int exitCode, String expected, String... command) {
        Run run = Run.of(command);
        assertEquals(exitCode, run.exitCode(), run.out());
        assertTrue(run.err().contains(expected), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
    }
}
