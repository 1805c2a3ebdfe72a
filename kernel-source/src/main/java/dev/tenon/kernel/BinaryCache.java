package dev.tenon.kernel;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Compiled programs on disk, one file each: a digest of the content, then the content. Files that are damaged are
/// ignored; writing is atomic, and a folder that cannot be written only costs time.
public final class BinaryCache {
    private static final System.Logger LOG = System.getLogger("dev.tenon.kernel");
    private static final int DIGEST = 32;

    private final String backend;
    private final @Nullable Path folder;
    private boolean warned;

    /// A cache in a folder.
    ///
    /// @param backend the backend's name, such as `opencl`
    /// @param folder where files lie; null keeps nothing
    public BinaryCache(String backend, @Nullable Path folder) {
        this.backend = backend;
        this.folder = folder;
    }

    /// The cache in the folder that `-Dtenon.<backend>.cache` names (`none` for no cache), by default one in the user's
    /// folder for caches. Drivers that keep compiled programs themselves, and would compile once more to hand them out,
    /// need none.
    public static BinaryCache ofUser(String backend, boolean driverKeeps) {
        String named = System.getProperty("tenon." + backend + ".cache", "");
        if (named.equals("none") || named.isBlank() && driverKeeps) {
            return new BinaryCache(backend, null);
        }
        return new BinaryCache(backend,
                named.isBlank() ? userFolder().resolve("tenon").resolve(backend) : Path.of(named));
    }

    /// Whether anything is kept.
    public boolean isOn() {
        return folder != null;
    }

    private static Path userFolder() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        Path home = Path.of(System.getProperty("user.home", "."));
        if (os.contains("win")) {
            String local = System.getenv("LOCALAPPDATA");
            return local == null ? home.resolve("AppData").resolve("Local") : Path.of(local);
        }
        if (os.contains("mac")) {
            return home.resolve("Library").resolve("Caches");
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        return xdg == null || xdg.isBlank() ? home.resolve(".cache") : Path.of(xdg);
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static Path file(Path folder, String key) {
        return folder.resolve(HexFormat.of().formatHex(digest(key.getBytes(StandardCharsets.UTF_8))) + ".bin");
    }

    /// The content kept for a key, or null.
    public byte @Nullable [] read(String key) {
        if (folder == null) {
            return null;
        }
        try {
            Path file = file(folder, key);
            if (!Files.isRegularFile(file)) {
                return null;
            }
            byte[] all = Files.readAllBytes(file);
            if (all.length <= DIGEST) {
                return null;
            }
            byte[] content = Arrays.copyOfRange(all, DIGEST, all.length);
            return Arrays.equals(digest(content), Arrays.copyOf(all, DIGEST)) ? content : null;
        } catch (IOException e) {
            warn("reading from", e);
            return null;
        }
    }

    /// Keeps content for a key.
    public void write(String key, byte[] content) {
        if (folder == null || content.length == 0) {
            return;
        }
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, "part", ".tmp");
            try {
                byte[] all = Arrays.copyOf(digest(content), DIGEST + content.length);
                System.arraycopy(content, 0, all, DIGEST, content.length);
                Files.write(part, all);
                Files.move(part, file(folder, key), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            warn("writing to", e);
        }
    }

    private void warn(String what, IOException e) {
        if (!warned) {
            warned = true;
            LOG.log(Level.WARNING, what + " the cache of compiled kernels in " + folder + " failed; kernels are"
                    + " compiled anew in every run (-Dtenon." + backend + ".cache=folder names another): " + e);
        }
    }
}
