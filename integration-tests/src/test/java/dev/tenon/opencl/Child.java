package dev.tenon.opencl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A Java program run in a JVM of its own, with this one's class path.
record Child(int exitCode, String printed) {
    /// @param environment variables that differ from this process's
    /// @param options of the JVM
    /// @param command the main class and its arguments
    static Child run(Path folder, Map<String, String> environment, List<String> options, String... command)
            throws IOException, InterruptedException {
        List<String> line = new ArrayList<>();
        line.add(ProcessHandle.current().info().command().orElseThrow());
        line.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xmx1g"));
        line.addAll(options);
        line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        line.addAll(List.of(command));
        Path output = Files.createTempFile(folder, "child", ".txt");
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        Process p = builder.start();
        boolean ended = p.waitFor(5, TimeUnit.MINUTES);
        if (!ended) {
            p.destroyForcibly();
        }
        String printed = Files.readString(output);
        assertTrue(ended, () -> "still running after five minutes: " + printed);
        return new Child(p.exitValue(), printed);
    }
}
