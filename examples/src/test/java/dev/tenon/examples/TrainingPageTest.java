package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs the code of `docs/training.md`.
class TrainingPageTest {
    @TempDir
    private Path folder;

    @Test
    void theCodeRunsAndLearns() throws IOException, InterruptedException {
        List<String> blocks = PageCode.blocks("docs/training.md");
        assertEquals(1, blocks.size());
        String all = PageCode.run(folder, blocks.getFirst());
        Matcher accuracy = Pattern.compile("(?m)^accuracy ([0-9.]+), f1 ([0-9.]+)").matcher(all);
        assertTrue(accuracy.find(), all);
        assertTrue(Double.parseDouble(accuracy.group(1)) > 0.85, all);
        assertTrue(Double.parseDouble(accuracy.group(2)) > 0.85, all);
        assertTrue(all.contains("epoch 1 {loss=") && all.contains("val_f1="), all);
        assertTrue(all.contains("first digits tensor(["), all);
    }
}
