package dev.tenon.data.download;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Fetches files over HTTP(S). A file appears under its name only when all of it is there and its checksum is right.
/// What arrived of it lies beside it with the ending `.part`; after a cut connection, or in a later run, it goes on
/// from there if the server allows and still has the same file.
///
/// Nothing is fetched unless one of these methods is called.
///
/// ```java
/// Path weights = new Downloader().cached(
///         URI.create("https://example.org/models/resnet18-f37072fd.pth"), new Checksum("f37072fd"));
/// ```
///
/// The folder is `~/.cache/tenon` or `-Dtenon.cache`. Proxies are those of Java (`-Dhttps.proxyHost`).
///
/// Source: RFC 9110, sections 13.1.5 (`If-Range`) and 14 (range requests).
public final class Downloader {
    /// Hears how far a download is.
    @FunctionalInterface
    public interface Progress {
        /// @param done bytes that are there, with those of earlier attempts
        /// @param total bytes in all, -1 if the server does not say
        void at(long done, long total);
    }

    private static final int DEFAULT_RETRIES = 4;

    private final Path folder;
    private final int retries;
    private final Duration pause;
    private final Duration patience;
    private final Progress progress;

    private Downloader(Path folder, int retries, Duration pause, Duration patience, Progress progress) {
        this.folder = folder;
        this.retries = retries;
        this.pause = pause;
        this.patience = patience;
        this.progress = progress;
    }

    /// A downloader into the [default folder][#cacheFolder()].
    public Downloader() {
        this(cacheFolder());
    }

    /// A downloader into a folder, which is made when it is needed.
    public Downloader(Path folder) {
        this(folder, DEFAULT_RETRIES, Duration.ofSeconds(1), Duration.ofSeconds(30), (_, _) -> { });
    }

    /// `-Dtenon.cache`, or `.cache/tenon` in the user's home.
    public static Path cacheFolder() {
        String given = System.getProperty("tenon.cache");
        return given != null && !given.isBlank() ? Path.of(given)
                : Path.of(System.getProperty("user.home", "."), ".cache", "tenon");
    }

    /// One that tries again so often after an attempt that brought nothing; 4 by default. An attempt that brought
    /// something does not count.
    ///
    /// @param count at least 0
    /// @param wait before the first of them; before each further one twice as long
    public Downloader withRetries(int count, Duration wait) {
        if (count < 0 || wait.isNegative()) {
            throw new IllegalArgumentException("retries " + count + " after " + wait + ": expected at least 0");
        }
        return new Downloader(folder, count, wait, patience, progress);
    }

    /// One that gives up on a connection that brings nothing for so long; 30 seconds by default.
    public Downloader withPatience(Duration longest) {
        if (!longest.isPositive()) {
            throw new IllegalArgumentException("patience " + longest + ": expected more than 0");
        }
        return new Downloader(folder, retries, pause, longest, progress);
    }

    /// One that tells how far it is.
    public Downloader withProgress(Progress listener) {
        return new Downloader(folder, retries, pause, patience, listener);
    }

    // --- files

    /// The file in the folder, fetched if it is not there or has another checksum.
    ///
    /// @param expected null to take what comes
    /// @throws DownloadException if the server does not have it, does not answer, or has another file than expected
    /// @throws IOException if it cannot be written
    public Path cached(URI source, @Nullable Checksum expected) throws IOException {
        Path target = place(source);
        if (!Files.isRegularFile(target) || !Checksum.matches(expected, target)) {
            Files.createDirectories(target.toAbsolutePath().getParent());
            fetch(source, target, expected);
        }
        return target;
    }

    /// Fetches a file to a place of its own. If a file is there that has the checksum, nothing is done.
    ///
    /// @param expected null to take what comes
    /// @throws DownloadException if another file is there already; if the server does not have it, does not answer, or
    ///     has another file than expected
    /// @throws IOException if it cannot be written
    public void download(URI source, Path target, @Nullable Checksum expected) throws IOException {
        if (Files.exists(target)) {
            if (expected != null && Files.isRegularFile(target) && Checksum.matches(expected, target)) {
                return;
            }
            throw new DownloadException(source, target + " is there already" + (expected == null ? ""
                    : " and has not the checksum " + expected) + "; delete it or give another name", null);
        }
        fetch(source, target, expected);
    }

    /// Where a file is kept: below the folder, by host and path.
    Path place(URI source) throws DownloadException {
        String scheme = String.valueOf(source.getScheme());
        String host = source.getHost();
        if (!scheme.equals("http") && !scheme.equals("https") || host == null || source.getRawPath() == null) {
            throw new DownloadException(source, "expected an address that starts with http:// or https://", null);
        }
        Path at = folder.resolve(safe(host));
        String last = "";
        for (String part : source.getRawPath().split("/")) {
            if (!part.isEmpty()) {
                at = at.resolve(safe(part));
                last = part;
            }
        }
        if (last.isEmpty()) {
            throw new DownloadException(source, "the address names no file", null);
        }
        // Another query is another file.
        return source.getRawQuery() == null ? at : at.resolveSibling(
                HexFormat.of().toHexDigits(source.getRawQuery().hashCode()) + "-" + at.getFileName());
    }

    private static String safe(String part) {
        String s = part.replaceAll("[^A-Za-z0-9._+=,@-]", "_");
        return s.startsWith(".") ? "_" + s.substring(1) : s;
    }

    // --- fetching

    private void fetch(URI source, Path target, @Nullable Checksum expected) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + ".part");
        while (true) {
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.READ); FileLock lock = lock(channel)) {
                if (lock == null) {
                    throw new DownloadException(source, "is being fetched to " + part + " by someone else just now;"
                            + " wait for that", null);
                }
                if (!Files.exists(part)) {
                    // It was finished by someone else between the opening and the locking.
                    if (Files.isRegularFile(target) && Checksum.matches(expected, target)) {
                        return;
                    }
                    continue;
                }
                complete(source, part, channel, expected);
                move(part, target);
                return;
            }
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Held by this same process, which is no different.
            return null;
        }
    }

    private static void move(Path part, Path target) throws IOException {
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.deleteIfExists(validatorFile(part));
    }

    /// Where the server's name for the version is kept of which a part is.
    private static Path validatorFile(Path part) {
        return part.resolveSibling(part.getFileName() + ".version");
    }

    /// Fills the part, over several connections if need be.
    private void complete(URI source, Path part, FileChannel channel, @Nullable Checksum expected)
            throws IOException {
        Path validatorFile = validatorFile(part);
        String validator = Files.isRegularFile(validatorFile)
                ? Files.readString(validatorFile, StandardCharsets.UTF_8) : "";
        if (validator.isEmpty()) {
            // Without the server's word that the file is still the same, the parts might not fit together.
            channel.truncate(0);
        }
        boolean resumed = channel.size() > 0;
        boolean restarted = false;
        int failures = 0;
        long most = channel.size();
        try (Transfer transfer = new Transfer(source, part, channel, patience, progress)) {
            while (true) {
                try {
                    transfer.attempt(validator, v -> Files.writeString(validatorFile, v));
                } catch (Transfer.Interrupted e) {
                    validator = transfer.validator();
                    resumed = true;
                    failures = channel.size() > most ? 0 : failures + 1;
                    most = Math.max(most, channel.size());
                    if (failures > retries) {
                        throw new DownloadException(source, "gave up after " + failures + " attempts that brought"
                                + " nothing new (" + e.getMessage() + "); what arrived is kept in " + part
                                + ": try again to go on", e);
                    }
                    rest(failures);
                    continue;
                }
                validator = transfer.validator();
                channel.force(true);
                Checksum found = Checksum.of(part);
                if (expected == null || expected.matches(found)) {
                    return;
                }
                channel.truncate(0);
                if (!resumed || restarted) {
                    Files.deleteIfExists(validatorFile);
                    Files.deleteIfExists(part);
                    throw new DownloadException(source, "has the SHA-256 " + found + ", expected " + expected
                            + ": it is another file than was meant, or was damaged on the way; nothing was kept", null);
                }
                // A wrong beginning may have come from an earlier attempt: once more from the start.
                restarted = true;
                validator = "";
                most = 0;
            }
        }
    }

    private void rest(int failures) throws InterruptedIOException {
        try {
            Thread.sleep(pause.multipliedBy(1L << Math.min(6, Math.max(0, failures - 1))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting to try again");
        }
    }
}
