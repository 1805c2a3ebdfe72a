package dev.tenon.onnx.export;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Writes files so that under their name there is, at any moment, either what was there before or all of the new.
final class ModelFile {
    private ModelFile() {}

    /// What writes the content.
    @FunctionalInterface
    interface Content {
        void to(FileChannel channel) throws IOException;
    }

    /// Writes to a temporary name in the same folder, forces it to disk and renames it. If anything fails, the name
    /// keeps what it had.
    static void write(Path file, Content content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "cannot be written: give the name of a file in a"
                    + " folder that exists");
        }
        Path temporary = Files.createTempFile(folder, "." + file.getFileName(), ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.READ,
                    StandardOpenOption.WRITE)) {
                content.to(channel);
                channel.force(true);
            }
            try {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (Throwable e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
    }
}
