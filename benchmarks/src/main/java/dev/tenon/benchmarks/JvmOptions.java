package dev.tenon.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What each JVM is started with that something is timed in.
public final class JvmOptions {
    /// Where the benchmarks' own files are, `torch_side.py` among them.
    static final Path HOME = Path.of(System.getProperty("tenon.bench.home", "benchmarks")).toAbsolutePath();

    /// The vector module, native access, a heap and a compiler as the command `tenon` has them, and no warnings about
    /// what libraries do.
    public static final List<String> ALL = all();

    private JvmOptions() {}

    private static List<String> all() {
        List<String> all = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Xmx4g", "-Xms64m",
            "-XX:+UseSerialGC"));
        // Beside the launcher; a test may start elsewhere.
        Path compiler = HOME.resolveSibling("compiler.json");
        if (Files.exists(compiler)) {
            all.addAll(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:-DisplayVMOutput",
                "-XX:CompilerDirectivesFile=" + compiler));
        }
        return List.copyOf(all);
    }
}
