package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The binding to the driver, through JCuda's own native part, with a library that stands in for the driver. In a
/// process of its own, which afterwards believes that it has GPUs. Needs Linux and a C compiler.
class JCudaDriverCallsTest {
    @TempDir
    private Path folder;

    private static boolean onPath(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(p -> !p.isBlank() && Files.isExecutable(Path.of(p, program)));
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, p.waitFor(), () -> command + ":\n" + out);
        return out;
    }

    private Path standIn() throws IOException, InterruptedException {
        Path source = folder.resolve("stand_in.c");
        try (InputStream in = JCudaDriverCallsTest.class.getResourceAsStream("stand_in.c")) {
            Files.copy(Objects.requireNonNull(in), source);
        }
        Path library = folder.resolve("libcuda.so.1");
        run(List.of("cc", "-shared", "-fPIC", "-w", "-o", library.toString(), "-Wl,-soname,libcuda.so.1",
                source.toString()));
        return library;
    }

    @Test
    void everyCallReachesTheDriverWithItsArguments() throws Exception {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        Assumptions.assumeTrue(os.startsWith("linux") && System.getProperty("os.arch").equals("amd64"),
                "JCuda has a native part for Linux on x86-64");
        Assumptions.assumeTrue(onPath("cc"), "no C compiler on the PATH");
        Path library = standIn();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String printed = run(List.of(java, "--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + folder,
                "-Dtenon.cuda.home=" + System.getProperty("tenon.cuda.home", ""), "-cp",
                System.getProperty("java.class.path"), StandIn.class.getName(), library.toString()));
        assertEquals("""
                version 13000, devices 2
                Stand-in 1, 6442450944 bytes
                attributes [1024, 49152, 132, 9, 0, 1]
                peer true
                failed: cuMemAlloc: CUDA_ERROR_INVALID_CONTEXT (201)
                contexts 1000 1001
                memory [1, 2]
                failed: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2)
                copied 9 98
                event false true
                elapsed 1.5
                failed: cuEventElapsedTime: CUDA_ERROR_INVALID_HANDLE (400)
                failed: cuModuleLoadData: CUDA_ERROR_INVALID_IMAGE (200)
                launched [42, -43]
                captured [0, 0]
                replayed [42, -43]
                """, printed);
        assertTrue(Arrays.stream(Objects.requireNonNull(folder.toFile().list()))
                .noneMatch(f -> f.endsWith(".tmp")), "half a library was left behind");
    }
}
