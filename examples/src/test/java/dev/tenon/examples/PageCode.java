package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The Java code that a page of the documentation shows, run as a reader would: each block a source file of its own.
final class PageCode {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private PageCode() {}

    /// A file of the repository, from its root.
    static Path file(String name) {
        Path here = Path.of("").toAbsolutePath();
        Path file = here.resolve(name);
        return Files.exists(file) ? file : here.resolveSibling(name);
    }

    static List<String> blocks(String page) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher m = BLOCK.matcher(Files.readString(file(page)));
        while (m.find()) {
            blocks.add(m.group(1));
        }
        return blocks;
    }

    /// Runs a block and returns what it printed.
    static String run(Path folder, String source, String... args) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("Page.java"), source);
        Path output = folder.resolve("output.txt");
        String java = ProcessHandle.current().info().command().orElseThrow();
        List<String> command = new ArrayList<>(List.of(java, "--add-modules", "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), file.toString()));
        command.addAll(List.of(args));
        Process p = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = p.waitFor(5, TimeUnit.MINUTES);
        String printed = Files.readString(output, StandardCharsets.UTF_8);
        if (!ended) {
            p.destroyForcibly();
        }
        assertTrue(ended, "still running after five minutes: " + printed);
        assertEquals(0, p.exitValue(), printed);
        return printed;
    }
}
