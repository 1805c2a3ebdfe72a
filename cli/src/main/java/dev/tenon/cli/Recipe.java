package dev.tenon.cli;

import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.models.CharLSTM;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A network, and settings with which it learns well.
///
/// @param name the word for it on the command line
/// @param title for pictures
/// @param text whether it predicts the next character of a text, rather than the class of an image
/// @param defaults settings
/// @param size what images it takes
/// @param model makes the network
record Recipe(String name, String title, boolean text, Defaults defaults, Size size, Maker model) {
    /// Makes a network for a number of classes or characters, channels, a size of images, and a context.
    @FunctionalInterface
    interface Maker {
        /// @throws UsageException if the network does not take images of that size
        Module of(ModelOptions options);
    }

    /// @param epochs passes over the training set
    /// @param batchSize samples per step
    /// @param optimizer the word for it
    /// @param lr the learning rate; 0 for the optimizer's
    /// @param schedule the word for it
    /// @param clip the most that the norm of the gradient may be; 0 for no limit
    record Defaults(int epochs, int batchSize, String optimizer, double lr, String schedule, double clip) {}

    /// @param least the least height and width to which smaller images are enlarged; 0 if they are not
    /// @param multiple of what height and width must be multiples
    /// @param usual for images that have no size of their own
    record Size(int least, int multiple, int usual) {
        /// The height and width for images of the given ones.
        int fitting(int height, int width) {
            return Math.ceilDiv(Math.max(least, Math.max(height, width)), multiple) * multiple;
        }

        boolean fits(int height, int width) {
            return height >= least && width >= least && height % multiple == 0 && width % multiple == 0;
        }
    }

    private static final Size ANY = new Size(0, 1, 28);

    /// Those that are not, or not under this name, in the zoo; the first is the default.
    static final List<Recipe> OWN = List.of(
        new Recipe("lenet5", "LeNet-5", false, new Defaults(5, 64, "adam", 0, "cosine", 0), ANY,
            o -> leNet5("lenet5_modern", o)),
        new Recipe("lenet5-classic", "LeNet-5 of 1998", false, new Defaults(10, 64, "adam", 0, "cosine", 0), ANY,
            o -> leNet5("lenet5", o)),
        new Recipe("mlp", "MLP", false, new Defaults(15, 64, "adam", 0, "cosine", 0), ANY, o -> new Sequential()
            .add("flatten", new Flatten())
            .add("fc1", new Linear((long) o.inChannels() * o.height() * o.width(), 256))
            .add("relu1", new ReLU())
            .add("dropout1", new Dropout(0.2))
            .add("fc2", new Linear(256, 128))
            .add("relu2", new ReLU())
            .add("dropout2", new Dropout(0.2))
            .add("fc3", new Linear(128, o.numClasses()))),
        new Recipe("two-layer-net", "Two-layer net", false, new Defaults(10, 64, "adam", 0, "cosine", 0), ANY,
            o -> new Sequential()
                .add("flatten", new Flatten())
                .add("fc1", new Linear((long) o.inChannels() * o.height() * o.width(), 100))
                .add("relu", new ReLU())
                .add("fc2", new Linear(100, o.numClasses()))),
        new Recipe("char-rnn", "Character LSTM", true, new Defaults(5, 32, "adamw", 0.004, "cosine", 1), ANY,
            o -> new CharLSTM(new CharLSTM.Architecture(), o)),
        new Recipe("gpt", "GPT", true, new Defaults(5, 32, "adamw", 0.001, "warmup", 1), ANY,
            o -> Models.create("gpt_mini", o)));

    private static Module leNet5(String zoo, ModelOptions o) {
        if (o.height() < 12 || o.width() < 12) {
            throw new UsageException("recipe lenet5 needs images of at least 12 x 12, these are " + o.height() + " x "
                + o.width() + "; take mlp or two-layer-net, or --image-size");
        }
        return Models.create(zoo, o);
    }

    /// @throws UsageException if there is none of that name
    static Recipe of(String name) {
        return OWN.stream().filter(r -> r.name.equals(name)).findFirst().orElseGet(() -> {
            if (!Models.all().containsKey(name)) {
                throw new UsageException("unknown recipe \"" + name + "\"; there are " + names());
            }
            return zoo(Models.entry(name));
        });
    }

    static String names() {
        return OWN.stream().map(Recipe::name).collect(Collectors.joining(", ")) + " and the models "
            + Models.names().stream().filter(n -> OWN.stream().noneMatch(r -> r.name.equals(n)))
                .collect(Collectors.joining(", "));
    }

    private static Recipe zoo(ModelEntry e) {
        if (e.isLanguageModel()) {
            return new Recipe(e.name(), e.name(), true,
                e.name().startsWith("gpt") ? of("gpt").defaults : of("char-rnn").defaults, ANY, e::create);
        }
        String family = e.name().toLowerCase(Locale.ROOT);
        boolean vit = family.startsWith("vit");
        // Without batch normalisation, depth wants small steps.
        boolean plain = family.equals("alexnet") || family.startsWith("vgg") && !family.endsWith("_bn");
        int patch = vit ? Integer.parseInt(family.substring(family.lastIndexOf('_') + 1)) : 1;
        Defaults d = vit ? new Defaults(10, 64, "adamw", 0.0003, "warmup", 1)
            : plain ? new Defaults(5, 64, "adamw", 0.0001, "warmup", 0)
            : new Defaults(5, 64, "adamw", 0.001, "cosine", 0);
        return new Recipe(e.name(), e.name(), false, d,
            new Size(e.leastSize(), patch, (int) e.input().dim(1)), e::create);
    }
}
