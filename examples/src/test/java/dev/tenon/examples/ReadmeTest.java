package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs the code that the README shows, as a reader would: each block a source file of its own.
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    @Test
    void theCodeRunsAndLearns() throws IOException, InterruptedException {
        List<String> blocks = blocks(Files.readString(readme()));
        assertFalse(blocks.isEmpty(), "the README shows no code");
        for (String block : blocks) {
            String printed = run(block);
            assertTrue(printed.contains("dy/dw = tensor([20., 20., 20.])"), printed);
            Matcher accuracy = Pattern.compile("accuracy ([0-9.]+)").matcher(printed);
            assertTrue(accuracy.find(), printed);
            assertTrue(Double.parseDouble(accuracy.group(1)) > 0.8, printed);
            Matcher second = Pattern.compile("sin''\\(0.5\\) = (-[0-9.]+)").matcher(printed);
            assertTrue(second.find(), printed);
            assertEquals(-Math.sin(0.5), Double.parseDouble(second.group(1)), 1e-12);
        }
    }

    private static Path readme() {
        Path here = Path.of("").toAbsolutePath();
        Path readme = here.resolve("README.md");
        return Files.exists(readme) ? readme : here.resolveSibling("README.md");
    }

    private static List<String> blocks(String markdown) {
        List<String> blocks = new ArrayList<>();
        Matcher m = BLOCK.matcher(markdown);
        while (m.find()) {
            blocks.add(m.group(1));
        }
        return blocks;
    }

    private String run(String source) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("Page.java"), source);
        Path output = folder.resolve("output.txt");
        String java = ProcessHandle.current().info().command().orElseThrow();
        Process p = new ProcessBuilder(java, "--add-modules", "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), file.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
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
