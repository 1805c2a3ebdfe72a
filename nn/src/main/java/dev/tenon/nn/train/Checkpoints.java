package dev.tenon.nn.train;

import dev.tenon.data.format.AtomicFiles;
import dev.tenon.nn.Checkpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A folder of checkpoints from which a run goes on after it was ended at any moment, to the same last bit:
///
/// ```java
/// trainer.resume(folder);                      // goes on, or starts from the beginning if there is nothing yet
/// trainer.fit(FitOptions.of(train).epochs(90).checkpoints(Checkpoints.in(folder).everySteps(500).keep(3)));
/// ```
///
/// Each checkpoint is a safetensors file `checkpoint-<steps>-<epochs>.safetensors` and, written after it, a file with
/// its
/// SHA-256 in the form that `sha256sum --check` reads. Both appear under their names only when complete. A checkpoint
/// counts once its hash is there and right; those that do not are passed over for the one before. Older ones are
/// deleted after a newer one counts.
public final class Checkpoints {
    private static final System.Logger LOG = System.getLogger("dev.tenon");
    private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{10,})-(\\d{5,})\\.safetensors");
    private static final Pattern OURS = Pattern.compile("\\.?checkpoint-\\d{10,}-\\d{5,}\\.safetensors.*");
    private static final String HASH = ".sha256";

    private final Path folder;
    private long everySteps;
    private int everyEpochs = 1;
    private int keep = 2;

    private Checkpoints(Path folder) {
        this.folder = folder;
    }

    /// Checkpoints after every epoch, of which the last two are kept.
    ///
    /// @param folder made if it is not there
    public static Checkpoints in(Path folder) {
        return new Checkpoints(folder);
    }

    /// Also after every n-th step of the optimiser.
    ///
    /// @return this
    /// @throws IllegalArgumentException if n is below 1
    public Checkpoints everySteps(long n) {
        everySteps = positive("everySteps", n);
        return this;
    }

    /// After every n-th epoch, and the last one.
    ///
    /// @return this
    /// @throws IllegalArgumentException if n is below 1
    public Checkpoints everyEpochs(int n) {
        everyEpochs = (int) positive("everyEpochs", n);
        return this;
    }

    /// How many are kept. With one, a damaged file leaves nothing to go back to.
    ///
    /// @return this
    /// @throws IllegalArgumentException if n is below 1
    public Checkpoints keep(int n) {
        keep = (int) positive("keep", n);
        return this;
    }

    private static long positive(String name, long n) {
        if (n < 1) {
            throw new IllegalArgumentException("checkpoints: " + name + " " + n + ": expected at least 1");
        }
        return n;
    }

    /// The folder.
    public Path folder() {
        return folder;
    }

    boolean isDueAfterStep(long step) {
        return everySteps > 0 && step % everySteps == 0;
    }

    boolean isDueAfterEpoch(int epoch, boolean last) {
        return last || epoch % everyEpochs == 0;
    }

    // --- writing

    /// Makes the folder and removes what a run that was ended has left half done.
    ///
    /// @param fresh whether a new run begins
    /// @throws IllegalArgumentException if a new run begins where there are checkpoints of another
    void prepare(boolean fresh) throws IOException {
        Files.createDirectories(folder);
        List<Path> whole = whole(folder);
        if (fresh && !whole.isEmpty()) {
            throw new IllegalArgumentException("checkpoints: " + folder + " holds those of another run, such as "
                    + whole.getFirst().getFileName() + ": call resume(folder) to go on with it, or take another"
                    + " folder");
        }
        removeBut(whole);
    }

    void save(Checkpoint checkpoint, Map<String, String> text, long step, int epochs) throws IOException {
        Path file = folder.resolve("checkpoint-%010d-%05d.safetensors".formatted(step, epochs));
        // Where one of this name is there already, it must not count while it is written over.
        Files.deleteIfExists(hashFile(file));
        checkpoint.save(file, text);
        AtomicFiles.write(hashFile(file), (hash(file) + "  " + file.getFileName() + "\n")
                .getBytes(StandardCharsets.US_ASCII));
        List<Path> whole = whole(folder);
        removeBut(whole.subList(0, Math.min(keep, whole.size())));
    }

    private void removeBut(List<Path> kept) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.list(folder)) {
            all = files.filter(p -> OURS.matcher(p.getFileName().toString()).matches()).toList();
        }
        for (Path p : all) {
            if (!kept.contains(p) && kept.stream().noneMatch(k -> hashFile(k).equals(p))) {
                Files.deleteIfExists(p);
            }
        }
    }

    private static Path hashFile(Path file) {
        return file.resolveSibling(file.getFileName() + HASH);
    }

    // --- reading

    /// The checkpoints whose hashes are there, the newest first; whether they are right is not looked at.
    private static List<Path> whole(Path folder) throws IOException {
        List<Path> out = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(p -> NAME.matcher(p.getFileName().toString()).matches() && Files.exists(hashFile(p)))
                    .forEach(out::add);
        }
        out.sort(Comparator.comparingLong((Path p) -> number(p, 1)).thenComparingLong(p -> number(p, 2)).reversed());
        return out;
    }

    private static long number(Path file, int group) {
        Matcher m = NAME.matcher(file.getFileName().toString());
        if (!m.matches()) {
            throw new IllegalArgumentException(file + " is no checkpoint");
        }
        return Long.parseLong(m.group(group));
    }

    /// The newest checkpoint of a folder whose hash is right; empty if the folder has none or is not there.
    ///
    /// @throws IOException if there are checkpoints, and all are damaged, or the folder cannot be read
    public static Optional<Path> newest(Path folder) throws IOException {
        List<Path> files;
        try {
            files = whole(folder);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        for (Path file : files) {
            String[] words = Files.readString(hashFile(file), StandardCharsets.ISO_8859_1).strip().split(" ");
            if (words[0].equals(hash(file))) {
                return Optional.of(file);
            }
            LOG.log(System.Logger.Level.WARNING, "checkpoint " + file + " does not have the SHA-256 written beside it:"
                    + " it is damaged and passed over");
        }
        if (!files.isEmpty()) {
            throw new IOException("none of the checkpoints in " + folder + " has the SHA-256 written beside it: "
                    + files.stream().map(Path::getFileName).toList() + " are damaged; restore one from a backup, or"
                    + " remove them to start over");
        }
        return Optional.empty();
    }

    private static String hash(Path file) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
