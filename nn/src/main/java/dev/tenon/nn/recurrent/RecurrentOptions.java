package dev.tenon.nn.recurrent;

import dev.tenon.api.Generator;
import dev.tenon.api.TensorException;

/// Settings of recurrent layers: `new RecurrentOptions().numLayers(2).bidirectional(true)`. Immutable.
///
/// @param numLayers layers one upon the other
/// @param bias whether the maps have shifts
/// @param batchFirst whether sequences are `[n, time, ...]` instead of `[time, n, ...]`
/// @param dropout the probability with which an element between two layers is dropped in training
/// @param bidirectional whether a second direction runs from the end; its outputs stand behind those of the first
/// @param generator where the random numbers of the dropout come from
public record RecurrentOptions(int numLayers, boolean bias, boolean batchFirst, double dropout, boolean bidirectional,
        Generator generator) {
    /// Checks the numbers.
    public RecurrentOptions {
        if (numLayers < 1 || !(dropout >= 0 && dropout <= 1)) {
            throw new TensorException("recurrent layer: " + numLayers + " layers, dropout " + dropout
                    + ": expected at least one layer and a probability from 0 to 1");
        }
    }

    /// One layer with shifts, `[time, n, ...]`, no dropout, one direction.
    public RecurrentOptions() {
        this(1, true, false, 0, false, Generator.getDefault());
    }

    /// With another number of layers.
    public RecurrentOptions numLayers(int n) {
        return new RecurrentOptions(n, bias, batchFirst, dropout, bidirectional, generator);
    }

    /// With or without shifts.
    public RecurrentOptions bias(boolean on) {
        return new RecurrentOptions(numLayers, on, batchFirst, dropout, bidirectional, generator);
    }

    /// With sequences `[n, time, ...]` or `[time, n, ...]`.
    public RecurrentOptions batchFirst(boolean on) {
        return new RecurrentOptions(numLayers, bias, on, dropout, bidirectional, generator);
    }

    /// With dropout between the layers.
    public RecurrentOptions dropout(double p) {
        return new RecurrentOptions(numLayers, bias, batchFirst, p, bidirectional, generator);
    }

    /// With one direction or two.
    public RecurrentOptions bidirectional(boolean on) {
        return new RecurrentOptions(numLayers, bias, batchFirst, dropout, on, generator);
    }

    /// With a generator of its own for the dropout.
    public RecurrentOptions generator(Generator g) {
        return new RecurrentOptions(numLayers, bias, batchFirst, dropout, bidirectional, g);
    }

    int directions() {
        return bidirectional ? 2 : 1;
    }

    /// The settings that differ from the usual, for texts.
    String text() {
        return (numLayers > 1 ? ", numLayers=" + numLayers : "") + (bias ? "" : ", bias=false")
                + (batchFirst ? ", batchFirst=true" : "") + (dropout > 0 ? ", dropout=" + dropout : "")
                + (bidirectional ? ", bidirectional=true" : "");
    }
}
