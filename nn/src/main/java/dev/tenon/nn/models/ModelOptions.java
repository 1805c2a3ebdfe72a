package dev.tenon.nn.models;

/// What a model of the zoo is fitted to: `new ModelOptions().numClasses(10).inChannels(1)`. Immutable; zero stands for
/// what the model usually has.
///
/// @param numClasses how many classes are told apart; of a language model, how many symbols there are
/// @param inChannels channels of the images
/// @param height rows of the images, for models whose parameters depend on it
/// @param width pixels per row of the images, for models whose parameters depend on it
/// @param context how many symbols a language model with learned positions sees at most
public record ModelOptions(int numClasses, int inChannels, int height, int width, int context) {
    /// Checks the numbers.
    public ModelOptions {
        if (numClasses < 0 || inChannels < 0 || height < 0 || width < 0 || context < 0) {
            throw new IllegalArgumentException("model: " + numClasses + " classes, " + inChannels + " channels, images "
                    + height + " x " + width + ", context " + context + ": expected numbers of at least 1");
        }
    }

    /// All as usual.
    public ModelOptions() {
        this(0, 0, 0, 0, 0);
    }

    /// With another number of classes or symbols.
    public ModelOptions numClasses(int n) {
        return new ModelOptions(n, inChannels, height, width, context);
    }

    /// With another number of channels.
    public ModelOptions inChannels(int n) {
        return new ModelOptions(numClasses, n, height, width, context);
    }

    /// With images of another size.
    public ModelOptions imageSize(int rows, int columns) {
        return new ModelOptions(numClasses, inChannels, rows, columns, context);
    }

    /// With another number of learned positions.
    public ModelOptions context(int n) {
        return new ModelOptions(numClasses, inChannels, height, width, n);
    }

    int classes(int usual) {
        return numClasses == 0 ? usual : numClasses;
    }

    int channels(int usual) {
        return inChannels == 0 ? usual : inChannels;
    }

    int height(int usual) {
        return height == 0 ? usual : height;
    }

    int width(int usual) {
        return width == 0 ? usual : width;
    }
}
