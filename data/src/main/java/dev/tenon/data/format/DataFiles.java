package dev.tenon.data.format;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Opening data files, gzip or plain.
final class DataFiles {
    private static final int BUFFER = 1 << 16;

    /// An open file: the content without compression, and what is known of its size before it is read.
    ///
    /// @param in the content
    /// @param gzip whether it is being decompressed
    /// @param fileBytes bytes on disk
    record Source(InputStream in, boolean gzip, long fileBytes) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    private DataFiles() {
    }

    /// Opens `path`. Gzip is known by its first two bytes, never by the name.
    ///
    /// @param wanted what the file should hold, for messages: "an IDX file"
    /// @throws NoSuchFileException if nothing is there; the message names the path and what was looked for
    /// @throws DatasetFormatException if it starts like gzip and is not
    static Source open(Path path, String wanted) throws IOException {
        checkReadable(path, wanted + " (plain or gzip)");
        long size = Files.size(path);
        BufferedInputStream raw = new BufferedInputStream(Files.newInputStream(path), BUFFER);
        try {
            raw.mark(2);
            int first = raw.read();
            int second = raw.read();
            raw.reset();
            if (first != 0x1F || second != 0x8B) {
                return new Source(raw, false, size);
            }
            return new Source(new BufferedInputStream(new GZIPInputStream(raw, BUFFER), BUFFER), true, size);
        } catch (ZipException | EOFException e) {
            raw.close();
            throw damagedGzip(path, e);
        } catch (Throwable e) {
            raw.close();
            throw e;
        }
    }

    /// @param wanted what the file should hold, for messages
    /// @throws NoSuchFileException if nothing is there; the message names the path and what was looked for
    /// @throws FileSystemException if it is a folder
    static void checkReadable(Path path, String wanted) throws FileSystemException {
        if (Files.isDirectory(path)) {
            throw new FileSystemException(path.toString(), null,
                "is a folder; expected " + wanted + "; give the path of the file inside it");
        }
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString(), null, "no such file; looked for " + wanted
                + " at " + path.toAbsolutePath() + neighbour(path));
        }
    }

    static DatasetFormatException damagedGzip(Path path, IOException cause) {
        String detail = cause.getMessage() == null ? "it ends too early" : cause.getMessage();
        return new DatasetFormatException(path,
            "starts like gzip but does not decompress (" + detail + "); fetch or copy the file again", cause);
    }

    private static String neighbour(Path path) {
        Path name = path.getFileName();
        if (name == null) {
            return "";
        }
        String text = name.toString();
        Path other = path.resolveSibling(text.endsWith(".gz") ? text.substring(0, text.length() - 3) : text + ".gz");
        return Files.isRegularFile(other) ? "; there is " + other.getFileName() + " next to it: give that path" : "";
    }
}
