package dev.tenon.cli;

import dev.tenon.api.Shape;
import dev.tenon.data.Dataset;
import dev.tenon.data.DigitsDataset;
import dev.tenon.data.Sample;
import dev.tenon.data.TableDataset;
import dev.tenon.data.format.DelimitedText;
import dev.tenon.data.format.NumericTable;
import dev.tenon.data.image.ImageDataset;
import dev.tenon.data.image.Mnist;
import dev.tenon.data.transform.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Images with labels to train and to test on: input `F32` [channels, height, width], normalised; target `I64`.
///
/// @param name for titles
/// @param train what is learned from
/// @param test what accuracy is measured on
/// @param channels 1 for grey, 3 for colour
/// @param height rows of an image
/// @param width pixels per row
/// @param classes the number of classes
/// @param names the names of the classes; empty if they have none but their numbers
/// @param mean what was subtracted from brightness 0 .. 1, for each channel
/// @param deviation by what it was divided then
record TrainingData(String name, Dataset<Sample> train, Dataset<Sample> test, int channels, int height, int width,
        int classes, List<String> names, double[] mean, double[] deviation) {
    /// The same data with images of another size.
    TrainingData resized(int rows, int columns) {
        if (rows == height && columns == width) {
            return this;
        }
        Resize resize = new Resize(rows, columns);
        return new TrainingData(name, train.transform(resize), test.transform(resize), channels, rows, columns, classes,
            names, mean, deviation);
    }

    private static TrainingData grey(String name, Dataset<Sample> train, Dataset<Sample> test, int height, int width,
            int classes, double mean, double deviation) {
        return new TrainingData(name, train, test, 1, height, width, classes, List.of(), new double[] {mean},
            new double[] {deviation});
    }

    /// Generated digits: the seeds of the two sets, their sizes, and mean and deviation of their pixels.
    private static final long TRAIN_SEED = 1;
    private static final long TEST_SEED = 2;
    private static final int TRAIN_DIGITS = 10_000;
    private static final int TEST_DIGITS = 2_000;
    private static final double DIGITS_MEAN = 0.119;
    private static final double DIGITS_DEVIATION = 0.256;
    /// MNIST's, over its 60,000 training images.
    private static final double MNIST_MEAN = 0.1307;
    private static final double MNIST_DEVIATION = 0.3081;

    /// The generated digits, always the same ones.
    static TrainingData generated() {
        return grey("generated digits",
            new DigitsDataset(TRAIN_SEED, TRAIN_DIGITS, DIGITS_MEAN, DIGITS_DEVIATION),
            new DigitsDataset(TEST_SEED, TEST_DIGITS, DIGITS_MEAN, DIGITS_DEVIATION),
            28, 28, 10, DIGITS_MEAN, DIGITS_DEVIATION);
    }

    /// What a folder holds: IDX files with MNIST's names, or a pair of text files `*.tra` and `*.tes`.
    ///
    /// @throws UsageException if it holds neither, or a file is missing, damaged or does not fit the others
    static TrainingData read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw bad(folder, Files.exists(folder) ? "is not a folder" : "no such folder");
        }
        try {
            Path trainText = single(folder, ".tra");
            Path testText = single(folder, ".tes");
            if (trainText != null || testText != null) {
                if (trainText == null || testText == null) {
                    throw bad(folder, "there is "
                        + (trainText == null ? testText : trainText).getFileName() + " but no *"
                        + (trainText == null ? ".tra" : ".tes") + " beside it");
                }
                return text(folder, trainText, testText);
            }
            return idx(folder);
        } catch (IOException | IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            String prefix = message.contains(folder.toString()) ? "--data " : "--data " + folder + ": ";
            throw new UsageException(prefix + message, e);
        }
    }

    static UsageException bad(Path folder, String why) {
        return new UsageException("--data " + folder + ": " + why);
    }

    private static TrainingData idx(Path folder) throws IOException {
        Optional<ImageDataset> train = Mnist.likeMnist(folder, true);
        Optional<ImageDataset> test = Mnist.likeMnist(folder, false);
        ImageDataset any = train.or(() -> test).orElseThrow(() -> bad(folder, "found neither MNIST's files"
            + " (train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-..., plain or .gz) nor a pair of text"
            + " files *.tra and *.tes"));
        ImageDataset other = test.orElse(any);
        Shape shape = any.shape();
        if (!other.shape().equals(shape)) {
            throw bad(folder, "train images are " + shape.dim(1) + " x " + shape.dim(2) + ", t10k images are "
                + other.shape().dim(1) + " x " + other.shape().dim(2));
        }
        if (any.size() < 2 || other.size() < 2) {
            throw bad(folder, "holds fewer than two images");
        }
        double[] mean = {MNIST_MEAN};
        double[] deviation = {MNIST_DEVIATION};
        Dataset<Sample> first = any.normalised(mean, deviation);
        Dataset<Sample> second = other.normalised(mean, deviation);
        if (any == other) {
            // One set only: its last fifth is for testing.
            long cut = Math.max(1, any.size() * 4 / 5);
            second = first.range(cut, first.size());
            first = first.range(0, cut);
        }
        int classes = Math.max(any.classes().size(), other.classes().size());
        return grey(String.valueOf(folder.toAbsolutePath().normalize().getFileName()), first, second,
            (int) shape.dim(1), (int) shape.dim(2), classes, MNIST_MEAN, MNIST_DEVIATION);
    }

    private static @Nullable Path single(Path folder, String end) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(p -> p.getFileName().toString().endsWith(end)).sorted().toList();
            if (found.size() > 1) {
                throw bad(folder, "more than one file *" + end + ": " + found);
            }
            return found.isEmpty() ? null : found.getFirst();
        }
    }

    /// Rows of a square image's pixels, and then its label.
    private static TrainingData text(Path folder, Path trainFile, Path testFile) throws IOException {
        DelimitedText format = DelimitedText.create().labelColumn(-1);
        NumericTable train = format.read(trainFile);
        NumericTable test = format.read(testFile);
        int side = (int) Math.round(Math.sqrt(train.columns()));
        if (train.columns() != test.columns() || side * side != train.columns()) {
            throw bad(folder, "rows have " + train.columns() + " values in "
                + trainFile.getFileName() + " and " + test.columns() + " in " + testFile.getFileName()
                + "; expected the same square number (the pixels of an image) in both, and the label last");
        }
        int classes = 0;
        for (NumericTable t : List.of(train, test)) {
            for (int label : t.labels()) {
                if (label < 0 || label > 9999) {
                    throw bad(folder, "label " + label + "; expected 0 to 9999");
                }
                classes = Math.max(classes, label + 1);
            }
        }
        double sum = 0;
        double squares = 0;
        double most = 0;
        for (float v : train.values()) {
            if (!Float.isFinite(v)) {
                throw bad(folder, "" + trainFile.getFileName() + " holds " + v);
            }
            sum += v;
            squares += (double) v * v;
            most = Math.max(most, v);
        }
        if (most <= 0) {
            throw bad(folder, "no value in " + trainFile.getFileName() + " is above 0");
        }
        double mean = sum / train.values().length;
        double deviation = Math.sqrt(Math.max(1e-12, squares / train.values().length - mean * mean));
        Shape shape = Shape.of(1, side, side);
        return grey(String.valueOf(folder.toAbsolutePath().normalize().getFileName()),
            new TableDataset(train, shape, mean, deviation), new TableDataset(test, shape, mean, deviation), side, side,
            classes, mean / most, deviation / most);
    }
}
