package dev.tenon.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs the code that docs/formats.md shows.
class FormatsPageTest {
    @TempDir
    private Path folder;

    @Test
    void theCodeReadsAndWrites() throws IOException, InterruptedException {
        List<String> blocks = PageCode.blocks("docs/formats.md");
        assertEquals(1, blocks.size());
        Path checkpoint = PageCode.file("data/src/test/resources/dev/tenon/data/format/torch_protocol2.pt");
        String printed = PageCode.run(folder, blocks.getFirst(), checkpoint.toString());
        for (String line : List.of("npz [fc.weight]", "{epoch=3}", "sum 21.0", "npy f16", "pt 0.5", "root bf16")) {
            assertTrue(printed.contains(line), line + " in\n" + printed);
        }
    }
}
