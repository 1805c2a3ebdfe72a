package dev.tenon.data.image;

import dev.tenon.api.Shape;
import dev.tenon.data.format.DatasetFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// CIFAR-10 and CIFAR-100 (Krizhevsky 2009): colour images of 32 x 32, in the binary version of the files: a byte (for
/// CIFAR-100 two) of labels, then 1,024 bytes of red, of green and of blue.
///
/// The files lie in `root/cifar-10-batches-bin` and `root/cifar-100-binary`, as the archives unpack, or in `root`
/// itself; nothing is downloaded. All methods throw
///
/// - [java.nio.file.NoSuchFileException] if a file is not there, with a list of what was looked for,
/// - [DatasetFormatException] if a file is empty or cut short, or a label has no class,
/// - [IOException] if reading fails.
public final class Cifar {
    private static final Shape SHAPE = Shape.of(3, 32, 32);
    private static final int PIXELS = 3 * 32 * 32;
    private static final List<String> TEN = List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
        "horse", "ship", "truck");
    private static final int FINE = 100;
    private static final int COARSE = 20;

    private Cifar() {
    }

    /// CIFAR-10. Means 0.4914, 0.4822, 0.4465; deviations 0.2470, 0.2435, 0.2616.
    public static ImageDataset cifar10(Path root, boolean train) throws IOException {
        List<Path> folders = List.of(root.resolve("cifar-10-batches-bin"), root);
        List<Path> files = new ArrayList<>();
        for (String file : train ? IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList()
                : List.of("test_batch.bin")) {
            files.add(Folders.find("CIFAR-10", folders, List.of(file)));
        }
        return read("CIFAR-10 " + (train ? "train" : "test"), files, 1, 0, TEN);
    }

    /// CIFAR-100 with its 100 fine classes, named after `fine_label_names.txt` if that file is there. Means 0.5071,
    /// 0.4865, 0.4409; deviations 0.2673, 0.2564, 0.2762.
    public static ImageDataset cifar100(Path root, boolean train) throws IOException {
        return cifar100(root, train, 1, "fine_label_names.txt", FINE);
    }

    /// CIFAR-100 with its 20 coarse classes, named after `coarse_label_names.txt` if that file is there.
    public static ImageDataset cifar100Coarse(Path root, boolean train) throws IOException {
        return cifar100(root, train, 0, "coarse_label_names.txt", COARSE);
    }

    private static ImageDataset cifar100(Path root, boolean train, int labelAt, String namesFile, int classes)
            throws IOException {
        Path file = Folders.find("CIFAR-100", List.of(root.resolve("cifar-100-binary"), root),
            List.of(train ? "train.bin" : "test.bin"));
        Path names = file.resolveSibling(namesFile);
        List<String> lines = Files.isRegularFile(names)
            ? Files.readAllLines(names).stream().map(String::strip).filter(s -> !s.isEmpty()).toList()
            : IntStream.range(0, classes).mapToObj(Integer::toString).toList();
        if (lines.size() != classes) {
            throw new DatasetFormatException(names, "names " + lines.size() + " classes; expected " + classes);
        }
        return read("CIFAR-100 " + (train ? "train" : "test"), List.of(file), 2, labelAt, lines);
    }

    private static ImageDataset read(String name, List<Path> files, int labelBytes, int labelAt, List<String> classes)
            throws IOException {
        int record = labelBytes + PIXELS;
        long total = 0;
        for (Path file : files) {
            long bytes = Files.size(file);
            if (bytes == 0 || bytes % record != 0) {
                throw new DatasetFormatException(file, "has " + bytes + " bytes; expected one or more records of "
                    + record + " bytes; it is cut short or not in the binary version of " + name
                    + "; fetch or copy it again");
            }
            total += bytes / record;
        }
        if (total > Integer.MAX_VALUE / PIXELS) {
            throw new DatasetFormatException(files.getFirst(), "with its neighbours holds " + total
                + " images; at most " + Integer.MAX_VALUE / PIXELS + " fit in memory");
        }
        byte[] pixels = new byte[(int) total * PIXELS];
        int[] labels = new int[(int) total];
        int at = 0;
        for (Path file : files) {
            byte[] all = Files.readAllBytes(file);
            for (int from = 0; from + record <= all.length && at < labels.length; from += record, at++) {
                labels[at] = all[from + labelAt] & 0xFF;
                if (labels[at] >= classes.size()) {
                    throw new DatasetFormatException(file, "image " + from / record + " has label " + labels[at] + "; "
                        + name + " has labels 0 to " + (classes.size() - 1));
                }
                System.arraycopy(all, from + labelBytes, pixels, at * PIXELS, PIXELS);
            }
        }
        if (at < labels.length) {
            throw new DatasetFormatException(files.getLast(), "became shorter while it was read: " + at + " images of "
                + labels.length + " " + Arrays.toString(files.toArray()));
        }
        return new ImageDataset(name, pixels, labels, SHAPE, classes);
    }
}
