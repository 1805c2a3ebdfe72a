package dev.tenon.cli;

import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.models.LeNet5;
import dev.tenon.nn.models.ModelOptions;
import java.util.List;
import java.util.stream.Collectors;

/// A network for grey images, and settings with which it learns well.
///
/// @param name the word for it on the command line
/// @param title for pictures
/// @param description one sentence
/// @param epochs passes over the training set, by default
/// @param batchSize samples per step, by default
/// @param optimizer by default
/// @param model makes the network for images of a size and a number of classes
record Recipe(String name, String title, String description, int epochs, int batchSize, String optimizer,
        Model model) {
    /// Makes a network.
    @FunctionalInterface
    interface Model {
        /// @param height rows of an image
        /// @param width pixels per row
        /// @param classes outputs
        /// @throws UsageException if the network does not take images of that size
        Module of(int height, int width, int classes);
    }

    /// All recipes; the first is the default.
    static final List<Recipe> ALL = List.of(
        new Recipe("lenet5", "LeNet-5",
            "LeNet-5 (LeCun et al. 1998) in the modern variant: ReLU for tanh, max for average pooling, all maps"
                + " connected; images of at least 12 x 12", 5, 64, "adam", Recipe::leNet5),
        new Recipe("mlp", "MLP", "a perceptron with two hidden layers, 256 and 128 wide, ReLU and dropout", 15, 64,
            "adam", (height, width, classes) -> new Sequential()
                .add("flatten", new Flatten())
                .add("fc1", new Linear(height * width, 256))
                .add("relu1", new ReLU())
                .add("dropout1", new Dropout(0.2))
                .add("fc2", new Linear(256, 128))
                .add("relu2", new ReLU())
                .add("dropout2", new Dropout(0.2))
                .add("fc3", new Linear(128, classes))),
        new Recipe("two-layer-net", "Two-layer net", "one hidden layer, 100 wide, with ReLU", 10, 64, "adam",
            (height, width, classes) -> new Sequential()
                .add("flatten", new Flatten())
                .add("fc1", new Linear(height * width, 100))
                .add("relu", new ReLU())
                .add("fc2", new Linear(100, classes))));

    private static Module leNet5(int height, int width, int classes) {
        try {
            return new LeNet5(LeNet5.Style.MODERN, new ModelOptions().imageSize(height, width).numClasses(classes));
        } catch (IllegalArgumentException e) {
            throw new UsageException("recipe lenet5 needs images of at least 12 x 12, these are " + height + " x "
                + width + "; take mlp or two-layer-net", e);
        }
    }

    static Recipe of(String name) {
        return ALL.stream().filter(r -> r.name.equals(name)).findFirst().orElseThrow(() ->
            new UsageException("unknown recipe \"" + name + "\"; there are "
                + ALL.stream().map(Recipe::name).collect(Collectors.joining(", "))));
    }
}
