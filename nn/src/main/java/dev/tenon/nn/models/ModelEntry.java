package dev.tenon.nn.models;

import dev.tenon.api.Context;
import dev.tenon.api.Shape;
import dev.tenon.nn.Module;
import dev.tenon.nn.init.Init;
import java.io.IOException;
import java.util.function.Function;

/// A model of the zoo: what it is called, what it takes, and how it is made.
///
/// @param name such as `resnet18`
/// @param paper who published it, and when
/// @param input the shape of one sample: an image `[channels, height, width]`, or a sequence `[time]` of symbols
/// @param numClasses how many classes, or symbols of a language model, it usually has
/// @param leastSize the least height and width of images; 0 where parameters depend on the size of the images, which
///     then is given in the options
/// @param maker makes the model, with random numbers for parameters
/// @param fit reads from a file of weights what the model must be fitted to
public record ModelEntry(String name, String paper, Shape input, int numClasses, int leastSize,
        Function<ModelOptions, Module> maker, Function<Weights, ModelOptions> fit) {
    /// Whether it takes symbols and predicts symbols.
    public boolean isLanguageModel() {
        return input.rank() == 1;
    }

    /// Makes the model, with random numbers for parameters.
    public Module create(ModelOptions options) {
        return maker.apply(options);
    }

    /// Makes the model with trained weights, which also tell its number of classes and other sizes.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if names or shapes do not fit; the message lists them all
    public Module create(Weights weights) throws IOException {
        Module model;
        try (Context.Mode _ = Init.skippingRandom()) {
            model = maker.apply(fit.apply(weights));
        }
        weights.loadInto(model);
        return model;
    }
}
