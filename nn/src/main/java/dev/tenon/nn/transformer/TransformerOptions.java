package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;

/// Settings of transformer layers: `new TransformerOptions().feedforward(512).normFirst(true)`. Immutable.
///
/// @param feedforward the width between the two maps that follow attention
/// @param dropout the probability with which an element is dropped in training
/// @param activation what stands between the two maps
/// @param epsilon added to variances
/// @param batchFirst whether sequences are `[n, time, width]` instead of `[time, n, width]`
/// @param normFirst whether each part normalises its input instead of its result
/// @param bias whether maps and normalisations have shifts
public record TransformerOptions(long feedforward, double dropout, Activation activation, double epsilon,
        boolean batchFirst, boolean normFirst, boolean bias) {
    /// What stands between the two maps.
    public enum Activation {
        /// max(x, 0).
        RELU,
        /// x Φ(x) with the normal distribution function Φ.
        GELU;

        Tensor apply(Tensor x) {
            return this == RELU ? x.relu() : x.gelu();
        }
    }

    /// Checks the numbers.
    public TransformerOptions {
        if (feedforward < 1 || !(dropout >= 0 && dropout <= 1)) {
            throw new TensorException("transformer: feed-forward width " + feedforward + ", dropout " + dropout
                    + ": expected a width of at least 1 and a probability from 0 to 1");
        }
    }

    /// Feed-forward width 2048, dropout 0.1, ReLU, epsilon 1e-5, `[time, n, width]`, normalised results, shifts.
    public TransformerOptions() {
        this(2048, 0.1, Activation.RELU, 1e-5, false, false, true);
    }

    /// With another width between the two maps.
    public TransformerOptions feedforward(long width) {
        return new TransformerOptions(width, dropout, activation, epsilon, batchFirst, normFirst, bias);
    }

    /// With another probability of dropout.
    public TransformerOptions dropout(double p) {
        return new TransformerOptions(feedforward, p, activation, epsilon, batchFirst, normFirst, bias);
    }

    /// With another activation.
    public TransformerOptions activation(Activation a) {
        return new TransformerOptions(feedforward, dropout, a, epsilon, batchFirst, normFirst, bias);
    }

    /// With another epsilon.
    public TransformerOptions epsilon(double v) {
        return new TransformerOptions(feedforward, dropout, activation, v, batchFirst, normFirst, bias);
    }

    /// With sequences `[n, time, width]` or `[time, n, width]`.
    public TransformerOptions batchFirst(boolean on) {
        return new TransformerOptions(feedforward, dropout, activation, epsilon, on, normFirst, bias);
    }

    /// With normalised inputs or results.
    public TransformerOptions normFirst(boolean on) {
        return new TransformerOptions(feedforward, dropout, activation, epsilon, batchFirst, on, bias);
    }

    /// With or without shifts.
    public TransformerOptions bias(boolean on) {
        return new TransformerOptions(feedforward, dropout, activation, epsilon, batchFirst, normFirst, on);
    }

    AttentionOptions attention() {
        return new AttentionOptions().dropout(dropout).bias(bias).batchFirst(batchFirst);
    }

    /// The settings that differ from the usual, for texts.
    String text() {
        return "feedforward=" + feedforward + ", dropout=" + dropout + ", activation=" + activation
                + (batchFirst ? ", batchFirst=true" : "") + (normFirst ? ", normFirst=true" : "")
                + (bias ? "" : ", bias=false");
    }
}
