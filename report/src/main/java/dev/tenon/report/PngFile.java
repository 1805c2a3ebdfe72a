package dev.tenon.report;

import dev.tenon.data.format.AtomicFiles;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.jspecify.annotations.Nullable;

/// Writes PNG files so that a reader sees the old picture or the new one, never half of one.
final class PngFile {
    private PngFile() {
    }

    /// Says that no screen is needed, unless the user has said otherwise. Call it before any drawing.
    static void headless() {
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
    }

    /// Writes `image` to `path`, replacing what is there; missing folders are made.
    ///
    /// @param what the picture's name in messages: "training curve"
    /// @throws IOException if the folder cannot be made or written to; the message names the picture, the path and why
    static void write(BufferedImage image, Path path, String what) throws IOException {
        byte[] png = encode(image);
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null || path.getFileName() == null || Files.isDirectory(path)) {
            throw failure(path, what, "it is a folder; give the name of a file", null);
        }
        try {
            Files.createDirectories(folder);
            AtomicFiles.write(path, png);
        } catch (IOException e) {
            throw failure(path, what, "folder " + folder + " cannot be written to (" + reason(e)
                + "); choose another folder or change its permissions", e);
        }
    }

    /// The picture as PNG.
    static byte[] encode(BufferedImage image) throws IOException {
        var bytes = new ByteArrayOutputStream();
        // in memory on purpose: ImageIO's own cache would write to the machine's temporary folder
        try (var stream = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(image, "png", stream)) {
                throw new IOException("this Java runtime has no PNG writer (module java.desktop is incomplete)");
            }
        }
        return bytes.toByteArray();
    }

    private static IOException failure(Path path, String what, String why, @Nullable IOException cause) {
        return new IOException("cannot write the " + what + " to " + path + ": " + why, cause);
    }

    private static String reason(IOException e) {
        String kind = e.getClass().getSimpleName().replaceFirst("Exception$", "");
        if (e instanceof FileSystemException files && files.getReason() != null) {
            return kind + ": " + files.getReason();
        }
        return kind;
    }
}
