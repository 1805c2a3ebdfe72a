package dev.tenon.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryCacheTest {
    @TempDir
    Path folder;

    private List<Path> files() throws IOException {
        try (var all = Files.list(folder)) {
            return all.toList();
        }
    }

    @Test
    void keepsContentByKeyAndLeavesNoPartsBehind() throws IOException {
        BinaryCache cache = new BinaryCache("test", folder);
        cache.write("device\nsource", new byte[] {1, 2, 3});
        cache.write("device\nother", new byte[] {4});
        assertArrayEquals(new byte[] {1, 2, 3}, new BinaryCache("test", folder).read("device\nsource"));
        assertNull(cache.read("another device\nsource"));
        assertEquals(2, files().size());
    }

    @Test
    void ignoresDamagedFiles() throws IOException {
        BinaryCache cache = new BinaryCache("test", folder);
        cache.write("key", new byte[] {1, 2, 3});
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertNull(cache.read("key"));
        Files.write(file, new byte[] {1, 2});
        assertNull(cache.read("key"));
        cache.write("key", new byte[] {9});
        assertArrayEquals(new byte[] {9}, cache.read("key"));
    }

    @Test
    void aFolderThatCannotBeWrittenCostsOnlyTime() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        BinaryCache cache = new BinaryCache("test", file.resolve("below"));
        cache.write("key", new byte[] {1});
        assertNull(cache.read("key"));
    }
}
