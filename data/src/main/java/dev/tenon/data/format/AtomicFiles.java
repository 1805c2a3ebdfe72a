package dev.tenon.data.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Writes files so that under their name there is, at any moment, either what was there before or all of the new.
public final class AtomicFiles {
    private AtomicFiles() {}

    /// What writes the content.
    @FunctionalInterface
    public interface Content {
        /// Writes to an empty file.
        void to(FileChannel channel) throws IOException;
    }

    /// Writes bytes as [#write(Path, Content)] does.
    ///
    /// @throws IOException if the file cannot be written
    public static void write(Path path, byte[] bytes) throws IOException {
        write(path, channel -> {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        });
    }

    /// Writes to a temporary name in the same folder, forces it to disk and renames it. If anything fails, the
    /// temporary file is deleted and the name keeps what it had.
    ///
    /// @throws IOException if the file cannot be written; a [FileSystemException] where the path is a folder or lies in
    ///     none
    public static void write(Path path, Content content) throws IOException {
        Path name = path.getFileName();
        if (name == null || Files.isDirectory(path)) {
            throw new FileSystemException(path.toString(), null, "is a folder; give the name of a file in it");
        }
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new FileSystemException(path.toString(), null, "cannot be written: there is no folder " + folder
                    + "; create it");
        }
        Path temporary = folder.resolve("." + name + "." + ProcessHandle.current().pid() + "-"
                + Long.toUnsignedString(System.nanoTime(), 36) + ".tmp");
        try {
            // Reading is allowed as well, without which no part of the file could be mapped into memory.
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                content.to(channel);
                channel.force(true);
            }
            try {
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, path, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (Throwable e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
    }
}
