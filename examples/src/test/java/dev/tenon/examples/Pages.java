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

/// Programs that pages of the documentation show, run as a reader would: each block of Java a source file of its own.
final class Pages {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private Pages() {}

    /// Runs the blocks of a page.
    ///
    /// @param page its path in the checkout
    /// @param folder for the source files
    /// @return what each block printed, at least one
    static List<String> run(String page, Path folder) throws IOException, InterruptedException {
        Path here = Path.of("").toAbsolutePath();
        Path file = here.resolve(page);
        String text = Files.readString(Files.exists(file) ? file : here.resolveSibling(page));
        List<String> printed = new ArrayList<>();
        Matcher m = BLOCK.matcher(text);
        while (m.find()) {
            printed.add(program(m.group(1), folder));
        }
        assertFalse(printed.isEmpty(), page + " shows no code");
        return printed;
    }

    private static String program(String source, Path folder) throws IOException, InterruptedException {
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
