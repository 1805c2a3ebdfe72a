package dev.tenon.cli;

import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.image.Cifar;
import dev.tenon.data.image.ImageDataset;
import dev.tenon.data.image.ImageFolder;
import dev.tenon.data.image.Mnist;
import dev.tenon.data.transform.CenterCrop;
import dev.tenon.data.transform.Normalize;
import dev.tenon.data.transform.RandomCrop;
import dev.tenon.data.transform.RandomHorizontalFlip;
import dev.tenon.data.transform.RandomResizedCrop;
import dev.tenon.data.transform.Resize;
import dev.tenon.data.transform.ToTensor;
import dev.tenon.data.transform.Transform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The data sets of images that the command line knows by name.
final class Datasets {
    /// The words for `--dataset`.
    static final String NAMES = "digits, mnist, fashion-mnist, kmnist, cifar10, cifar100 or folder:PATH";

    private static final String FOLDER = "folder:";
    /// ImageNet's, the usual ones for photographs.
    private static final double[] PHOTO_MEANS = {0.485, 0.456, 0.406};
    private static final double[] PHOTO_DEVIATIONS = {0.229, 0.224, 0.225};

    private Datasets() {}

    private interface Reader {
        ImageDataset read(Path root, boolean train) throws IOException;
    }

    /// @param size the height and width of the images; 0 for the usual ones
    /// @param usual the height and width for data sets whose images have no size of their own
    static TrainingData of(@Nullable String dataset, @Nullable Path data, int size, int usual) {
        if (dataset == null || dataset.equals("digits")) {
            if (dataset != null && data != null) {
                throw new UsageException("--data " + data + ": the digits are generated; leave --dataset digits out to"
                    + " read files");
            }
            TrainingData set = data == null ? TrainingData.generated() : TrainingData.read(data);
            return size == 0 ? set : set.resized(size, size);
        }
        if (dataset.startsWith(FOLDER)) {
            if (data != null) {
                throw new UsageException("--data " + data + ": the folder is named by --dataset " + dataset);
            }
            return folder(Path.of(dataset.substring(FOLDER.length())), size == 0 ? usual : size);
        }
        return switch (dataset) {
            case "mnist" -> files(dataset, data, Mnist::mnist, size, false, means(0.1307), means(0.3081));
            case "fashion-mnist" ->
                files(dataset, data, Mnist::fashionMnist, size, false, means(0.2860), means(0.3530));
            case "kmnist" -> files(dataset, data, Mnist::kmnist, size, false, means(0.1918), means(0.3483));
            case "cifar10" -> files(dataset, data, Cifar::cifar10, size, true, means(0.4914, 0.4822, 0.4465),
                means(0.2470, 0.2435, 0.2616));
            case "cifar100" -> files(dataset, data, Cifar::cifar100, size, true, means(0.5071, 0.4865, 0.4409),
                means(0.2673, 0.2564, 0.2762));
            default -> throw new UsageException("unknown --dataset \"" + dataset + "\"; there are " + NAMES);
        };
    }

    private static double[] means(double... v) {
        return v;
    }

    /// @param augment whether training images are shifted by up to an eighth and mirrored
    private static TrainingData files(String name, @Nullable Path root, Reader reader, int size, boolean augment,
            double[] means, double[] deviations) {
        if (root == null) {
            throw new UsageException("--dataset " + name + " needs --data DIR, the folder of its files; nothing is"
                + " downloaded");
        }
        try {
            ImageDataset train = reader.read(root, true);
            ImageDataset test = reader.read(root, false);
            int side = (int) train.shape().dim(1);
            Dataset<Sample> learned = train.normalised(means, deviations);
            if (augment) {
                learned = train.transform(Transform.compose(new RandomCrop(side, side / 8), new RandomHorizontalFlip(),
                    new ToTensor(), new Normalize(means, deviations)));
            }
            TrainingData set = new TrainingData(name, learned, test.normalised(means, deviations),
                (int) train.shape().dim(0), side, (int) train.shape().dim(2), train.classes().size(), train.classes(),
                means, deviations);
            return size == 0 ? set : set.resized(size, size);
        } catch (IOException e) {
            throw TrainingData.bad(root, String.valueOf(e.getMessage()));
        }
    }

    /// A folder of folders, one for each class, or two of them, `train` and `test` (or `val`). Without a part for
    /// testing a fifth is put aside by chance.
    private static TrainingData folder(Path root, int side) {
        try {
            Path train = root.resolve("train");
            Path test = Files.isDirectory(root.resolve("test")) ? root.resolve("test") : root.resolve("val");
            Transform end = new ToTensor().then(new Normalize(PHOTO_MEANS, PHOTO_DEVIATIONS));
            Transform learned = Transform.compose(new RandomResizedCrop(side), new RandomHorizontalFlip(), end);
            // As torchvision does: a little larger, then the middle of it.
            Transform plain = Transform.compose(new Resize(Math.ceilDiv(side * 8, 7)), new CenterCrop(side), end);
            boolean split = Files.isDirectory(train) && Files.isDirectory(test);
            ImageFolder images = ImageFolder.of(split ? train : root);
            Dataset<Sample> first = images;
            Dataset<Sample> second = images;
            if (split) {
                ImageFolder held = ImageFolder.of(test);
                if (!held.classes().equals(images.classes())) {
                    throw new UsageException("--dataset " + FOLDER + root + ": the classes in " + test + " are "
                        + held.classes() + ", those in " + train + " are " + images.classes());
                }
                second = held;
            } else {
                List<Dataset<Sample>> parts = images.stratifiedSplit(images.labels(), 1, 0.8, 0.2);
                first = parts.get(0);
                second = parts.get(1);
            }
            return new TrainingData(String.valueOf(root.toAbsolutePath().normalize().getFileName()),
                first.transform(learned), second.transform(plain), 3, side, side, images.classes().size(),
                images.classes(), PHOTO_MEANS, PHOTO_DEVIATIONS);
        } catch (IOException e) {
            throw new UsageException("--dataset " + FOLDER + root + ": " + e.getMessage(), e);
        }
    }
}
