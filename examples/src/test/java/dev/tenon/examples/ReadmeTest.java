package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs the code that the README shows, as a reader would: each block a source file of its own.
class ReadmeTest {
    @TempDir
    private Path folder;

    @Test
    void theCodeRunsAndLearns() throws IOException, InterruptedException {
        List<String> blocks = PageCode.blocks("README.md");
        assertFalse(blocks.isEmpty(), "the README shows no code");
        for (String block : blocks) {
            String printed = PageCode.run(folder, block);
            assertTrue(printed.contains("dy/dw = tensor([20., 20., 20.])"), printed);
            Matcher accuracy = Pattern.compile("accuracy ([0-9.]+)").matcher(printed);
            assertTrue(accuracy.find(), printed);
            assertTrue(Double.parseDouble(accuracy.group(1)) > 0.8, printed);
            Matcher second = Pattern.compile("sin''\\(0.5\\) = (-[0-9.]+)").matcher(printed);
            assertTrue(second.find(), printed);
            assertEquals(-Math.sin(0.5), Double.parseDouble(second.group(1)), 1e-12);
        }
    }
}
