package dev.tenon.benchmarks;

import java.util.List;

/// What each JVM is started with that something is timed in.
public final class JvmOptions {
    /// The vector module, native access, a heap as the command `tenon` has it, and no warnings about what libraries do.
    public static final List<String> ALL = List.of("--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Xmx4g", "-Xms64m",
        "-XX:+UseSerialGC");

    private JvmOptions() {}
}
