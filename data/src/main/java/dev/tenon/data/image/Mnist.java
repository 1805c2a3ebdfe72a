package dev.tenon.data.image;

import dev.tenon.api.Shape;
import dev.tenon.data.IdxDataset;
import dev.tenon.data.format.DatasetFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// MNIST and its relatives: grey images of 28 x 28 with labels, in pairs of IDX files.
///
/// The files lie, plain or gzip, where torchvision puts them (`root/MNIST/raw`), or in `root/MNIST`, `root/raw` or
/// `root` itself; nothing is downloaded. All methods throw
///
/// - [java.nio.file.NoSuchFileException] if a file is not there, with a list of what was looked for,
/// - [DatasetFormatException] if a file is malformed or cut short, the two do not belong together, or a label has no
///   class,
/// - [IOException] if reading fails.
public final class Mnist {
    private static final List<String> DIGITS = digits();
    private static final List<String> FASHION = List.of("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
        "Shirt", "Sneaker", "Bag", "Ankle boot");
    private static final List<String> KUZUSHIJI =
        List.of("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo");
    /// Lower-case letters that EMNIST does not tell from their capitals when it merges classes.
    private static final String MERGED = "cijklmopsuvwxyz";
    private static final Map<String, List<String>> EMNIST = Map.of(
        "byclass", letters('0', '9', 'A', 'Z', 'a', 'z'),
        "bymerge", merged(),
        "balanced", merged(),
        "letters", withPlaceholder(letters('a', 'z')),
        "digits", DIGITS,
        "mnist", DIGITS);

    private Mnist() {
    }

    private static List<String> digits() {
        return letters('0', '9');
    }

    private static List<String> letters(int... ranges) {
        List<String> out = new ArrayList<>();
        for (int r = 0; r < ranges.length; r += 2) {
            IntStream.rangeClosed(ranges[r], ranges[r + 1]).forEach(c -> out.add(Character.toString(c)));
        }
        return List.copyOf(out);
    }

    private static List<String> merged() {
        return letters('0', '9', 'A', 'Z', 'a', 'z').stream().filter(c -> !MERGED.contains(c)).toList();
    }

    private static List<String> withPlaceholder(List<String> names) {
        List<String> out = new ArrayList<>(names);
        out.addFirst("N/A");
        return List.copyOf(out);
    }

    /// MNIST: handwritten digits (LeCun, Cortes and Burges), 60,000 to train and 10,000 to test. Mean 0.1307, deviation
    /// 0.3081.
    public static ImageDataset mnist(Path root, boolean train) throws IOException {
        return read("MNIST", root, "", train, DIGITS, false);
    }

    /// Fashion-MNIST: pieces of clothing (Xiao, Rasul and Vollgraf 2017). Mean 0.2860, deviation 0.3530.
    public static ImageDataset fashionMnist(Path root, boolean train) throws IOException {
        return read("FashionMNIST", root, "", train, FASHION, false);
    }

    /// Kuzushiji-MNIST: Japanese characters (Clanuwat et al. 2018). Mean 0.1918, deviation 0.3483.
    public static ImageDataset kmnist(Path root, boolean train) throws IOException {
        return read("KMNIST", root, "", train, KUZUSHIJI, false);
    }

    /// EMNIST: digits and letters (Cohen et al. 2017). Its files hold images with rows and columns exchanged; here they
    /// stand upright, whereas torchvision gives them as they lie in the file.
    ///
    /// @param split `byclass` (62 classes), `bymerge` or `balanced` (47, without lower-case letters that look like
    ///     their capitals), `letters` (labels 1 to 26; class 0, `N/A`, is empty), `digits` or `mnist`
    /// @throws IllegalArgumentException if there is no such split
    public static ImageDataset emnist(Path root, String split, boolean train) throws IOException {
        List<String> classes = EMNIST.get(split);
        if (classes == null) {
            throw new IllegalArgumentException("EMNIST has no split \"" + split
                + "\"; expected byclass, bymerge, balanced, letters, digits or mnist");
        }
        return read("EMNIST", root, "emnist-" + split + "-", train, classes, true);
    }

    /// Images of any size and classes of any number in files with MNIST's names: the classes are 0 to the largest
    /// label.
    ///
    /// @return empty if there is no file of images
    public static Optional<ImageDataset> likeMnist(Path root, boolean train) throws IOException {
        return Folders.first(folders("MNIST", root), names(part("", train) + "-images", "idx3-ubyte")).isEmpty()
            ? Optional.empty() : Optional.of(read("MNIST", root, "", train, List.of(), false));
    }

    private static List<Path> folders(String set, Path root) {
        return List.of(root.resolve(set).resolve("raw"), root.resolve(set), root.resolve("raw"), root);
    }

    private static String part(String prefix, boolean train) {
        return prefix.isEmpty() && !train ? "t10k" : prefix + (train ? "train" : "test");
    }

    /// @param known the names of the classes; empty for as many as there are labels
    private static ImageDataset read(String set, Path root, String prefix, boolean train, List<String> known,
            boolean transposed) throws IOException {
        String part = part(prefix, train);
        String name = set + " " + part;
        Path images = Folders.find(name, folders(set, root), names(part + "-images", "idx3-ubyte"));
        Path labels = Folders.find(name, List.of(folder(images)), names(part + "-labels", "idx1-ubyte"));
        IdxDataset idx = IdxDataset.read(images, labels);
        int height = transposed ? idx.width() : idx.height();
        int width = transposed ? idx.height() : idx.width();
        int each = height * width;
        int n = (int) idx.size();
        List<String> classes = known.isEmpty()
            ? IntStream.rangeClosed(0, idx.largestLabel()).mapToObj(Integer::toString).toList() : known;
        byte[] pixels = new byte[n * each];
        int[] classOf = new int[n];
        for (int i = 0; i < n; i++) {
            classOf[i] = idx.label(i);
            if (classOf[i] >= classes.size()) {
                throw new DatasetFormatException(labels, "label " + i + " is " + classOf[i] + "; " + set
                    + " has labels 0 to " + (classes.size() - 1));
            }
            byte[] image = idx.pixels(i);
            if (transposed) {
                for (int y = 0; y < height; y++) {
                    for (int x = 0; x < width; x++) {
                        pixels[i * each + y * width + x] = image[x * height + y];
                    }
                }
            } else {
                System.arraycopy(image, 0, pixels, i * each, each);
            }
        }
        return new ImageDataset(name, pixels, classOf, Shape.of(1, height, width), classes);
    }

    private static Path folder(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }

    private static List<String> names(String stem, String kind) {
        return List.of(stem + "-" + kind, stem + "-" + kind + ".gz", stem + "." + kind, stem + "." + kind + ".gz");
    }
}
