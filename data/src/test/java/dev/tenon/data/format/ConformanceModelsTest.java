package dev.tenon.data.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.data.HostArray;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Files that PyTorch and NumPy wrote, against safetensors files of the same weights. The folder is
/// `-Dtenon.conformance.dir`, by default `shared/conformance` beside the repository; without it nothing is tested here.
class ConformanceModelsTest {
    private static final Device DEVICE = Device.of("test:0");
    private static Path models = Path.of("");

    @BeforeAll
    static void find() {
        String given = System.getProperty("tenon.conformance.dir");
        List<Path> candidates = new ArrayList<>();
        if (given != null) {
            candidates.add(Path.of(given));
            candidates.add(Path.of("..").resolve(given));
        }
        for (Path p = Path.of("").toAbsolutePath(); given == null && p != null; p = p.getParent()) {
            candidates.add(p.resolve("shared").resolve("conformance"));
        }
        Optional<Path> found = candidates.stream().map(p -> p.resolve("models"))
                .filter(p -> Files.isRegularFile(p.resolve("lenet5").resolve("state.pt"))).findFirst();
        assumeTrue(found.isPresent(), "no model files: -Dtenon.conformance.dir names no folder with"
                + " models/lenet5/state.pt, and there is none at ../shared/conformance beside the repository");
        models = found.orElseThrow();
    }

    private static void assertSame(Path safetensors, Map<String, Tensor> found) throws IOException {
        try (Safetensors file = Safetensors.open(safetensors)) {
            Map<String, Tensor> expected = file.readAll(DEVICE);
            assertFalse(expected.isEmpty());
            assertEquals(expected.keySet(), found.keySet());
            expected.forEach((name, e) -> {
                Tensor f = found.get(name);
                assertEquals(e.type(), f.type(), name);
                assertArrayEquals(bytes(e), bytes(f), name);
            });
        }
    }

    private static byte[] bytes(Tensor t) {
        return HostArray.of(t).memory().toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void stateDicts() throws IOException {
        try (Stream<Path> folders = Files.list(models)) {
            for (Path folder : folders.filter(p -> Files.exists(p.resolve("state.pt"))).toList()) {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path pt : files.filter(p -> p.getFileName().toString().matches("state.*\\.pt")).toList()) {
                        String name = pt.getFileName().toString();
                        String twin = name.equals("state_legacy.pt") ? "state.safetensors"
                                : name.replace(".pt", ".safetensors");
                        assertSame(pt.resolveSibling(twin), PyTorchFile.stateDict(pt, DEVICE));
                    }
                }
            }
        }
    }

    @Test
    void aCheckpointWithSharedTransposedAndSlicedStorages() throws IOException {
        Path folder = models.resolve("lenet5");
        Path path = folder.resolve("checkpoint.pt");
        assertSame(folder.resolve("state.safetensors"), PyTorchFile.stateDict(path, DEVICE));
        try (PyTorchFile file = PyTorchFile.open(path)) {
            var root = (Map<?, ?>) file.root();
            assertEquals(3L, root.get("epoch"));
            assertEquals("checkpoint", root.get("note"));
            var optimizer = (Map<?, ?>) root.get("optimizer");
            assertEquals(0.1, ((Map<?, ?>) ((List<?>) optimizer.get("param_groups")).getFirst()).get("lr"));
            var tied = (List<?>) root.get("tied");
            var weight = (StoredTensor) tied.getFirst();
            float[] w = HostArray.of(weight.read(DEVICE)).toFloatArray();
            for (int n = 1; n < 3; n++) {
                var t = (StoredTensor) tied.get(n);
                assertTrue(t.sharesStorageWith(weight));
                float[] found = HostArray.of(t.read(DEVICE)).toFloatArray();
                float[] expected = new float[found.length];
                for (int i = 0; i < found.length; i++) {
                    // transposed, and rows 2 to 4
                    expected[i] = w[n == 1 ? i % 10 * 84 + i / 10 : 2 * 84 + i];
                }
                assertArrayEquals(expected, found, "tied " + n);
            }
        }
    }

    @Test
    void arrays() throws IOException {
        for (String model : List.of("lenet5", "char_lstm", "encoder")) {
            HostArray output = Npy.readHost(models.resolve(model).resolve("output.npy"));
            assertEquals(DType.F32, output.dtype());
            assertEquals(DType.I64, Npy.readHost(models.resolve(model).resolve("labels.npy")).dtype());
            for (float f : output.toFloatArray()) {
                assertTrue(Math.abs(f) < 100 && f != 0, "a logit " + f);
            }
        }
    }
}
