package dev.tenon.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The table of models is what the code says.
class ModelTableTest {
    private static final Path PAGE = Path.of("..", "docs", "models.md");

    @Test
    void isUpToDate() throws IOException {
        String text = ModelTable.text();
        if (Boolean.getBoolean("tenon.docs.write")) {
            Files.writeString(PAGE, text);
        }
        assertEquals(text, Files.readString(PAGE),
                "docs/models.md is not what the code gives: run this test with -Dtenon.docs.write=true");
    }
}
