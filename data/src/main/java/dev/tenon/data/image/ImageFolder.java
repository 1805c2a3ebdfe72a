package dev.tenon.data.image;

import dev.tenon.data.Dataset;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import dev.tenon.data.format.DatasetFormatException;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/// Image files, a folder for each class: `root/cat/1.png`, `root/dog/2.jpg`. Input `U8` of shape [channels, height,
/// width], of any size: crop or resize before batches are made of them; target `I64`, the class's place among the
/// folders' names in order.
///
/// Folders in a class's folder belong to it. Files are taken by the ending of their name and in the order of their
/// paths; hidden ones are left out. An image is decoded when it is asked for, in the worker that asks.
public final class ImageFolder implements Dataset<Sample> {
    private final Path root;
    private final List<String> classes;
    private final List<Path> files;
    private final int[] labels;
    private final ImageFiles.Mode mode;

    private ImageFolder(Path root, List<String> classes, List<Path> files, int[] labels, ImageFiles.Mode mode) {
        this.root = root;
        this.classes = classes;
        this.files = files;
        this.labels = labels;
        this.mode = mode;
    }

    /// The images below a folder, in colour.
    ///
    /// @throws NoSuchFileException if there is no such folder, or no folder in it
    /// @throws DatasetFormatException if a class has no image
    /// @throws IOException if a folder cannot be read
    public static ImageFolder of(Path root) throws IOException {
        return of(root, ImageFiles.Mode.RGB);
    }

    /// The images below a folder.
    ///
    /// @param mode whether they are decoded as grey or as colour images
    /// @throws NoSuchFileException if there is no such folder, or no folder in it
    /// @throws DatasetFormatException if a class has no image
    /// @throws IOException if a folder cannot be read
    public static ImageFolder of(Path root, ImageFiles.Mode mode) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new NoSuchFileException(root.toString(), null, (Files.exists(root) ? "is not a folder"
                : "no such folder") + "; expected a folder that has one folder of images for each class");
        }
        List<Path> folders;
        try (Stream<Path> all = Files.list(root)) {
            folders = all.filter(p -> Files.isDirectory(p) && !hidden(p)).sorted().toList();
        }
        if (folders.isEmpty()) {
            throw new NoSuchFileException(root.toString(), null,
                "has no folders; expected one folder of images for each class, such as " + root.resolve("cat"));
        }
        Set<String> endings = ImageFiles.extensions();
        List<String> classes = new ArrayList<>();
        List<String> empty = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path folder : folders) {
            try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
                List<Path> images = all.filter(p -> !hidden(p) && endings.contains(ending(p)) && Files.isRegularFile(p))
                    .sorted().toList();
                for (Path p : images) {
                    files.add(p);
                    labels.add(classes.size());
                }
                String name = String.valueOf(folder.getFileName());
                if (images.isEmpty()) {
                    empty.add(name);
                }
                classes.add(name);
            }
        }
        if (!empty.isEmpty()) {
            throw new DatasetFormatException(root, "found no image in the folders of these classes: "
                + String.join(", ", empty) + "; expected files that end in one of " + endings
                + "; remove empty folders");
        }
        return new ImageFolder(root, List.copyOf(classes), List.copyOf(files),
            labels.stream().mapToInt(i -> i).toArray(), mode);
    }

    private static boolean hidden(Path p) {
        return String.valueOf(p.getFileName()).startsWith(".");
    }

    private static String ending(Path p) {
        String name = String.valueOf(p.getFileName());
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    @Override
    public String name() {
        return "ImageFolder " + root;
    }

    @Override
    public long size() {
        return labels.length;
    }

    /// The names of the classes, in order.
    public List<String> classes() {
        return classes;
    }

    /// The class of each image, for samplers and splits.
    public int[] labels() {
        return labels.clone();
    }

    /// The file of an image.
    public Path file(long index) {
        return files.get(Math.toIntExact(index));
    }

    /// @throws DatasetFormatException if the file holds no image that can be read; names its path
    /// @throws IOException if reading fails
    @Override
    public Sample get(long index) throws IOException {
        return new Sample(ImageFiles.read(file(index), mode), HostArray.label(labels[(int) index]));
    }

    @Override
    public String toString() {
        return "ImageFolder[" + root + ": " + size() + " images, " + classes.size() + " classes]";
    }
}
