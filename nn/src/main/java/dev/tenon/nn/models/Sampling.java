package dev.tenon.nn.models;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;

/// How a language model chooses the next symbol: `new Sampling().temperature(0.8).topK(40)`. Immutable.
///
/// @param temperature what logits are divided by: the smaller, the likelier the likely symbols; 0 always takes the
///     likeliest
/// @param topK only so many of the likeliest symbols are considered; 0 for all
/// @param generator where the random numbers come from
public record Sampling(double temperature, int topK, Generator generator) {
    /// Checks the numbers.
    public Sampling {
        if (!(temperature >= 0) || Double.isInfinite(temperature) || topK < 0) {
            throw new IllegalArgumentException("sampling: temperature " + temperature + ", top-k " + topK
                    + ": expected no negative numbers");
        }
    }

    /// By the model's own probabilities.
    public Sampling() {
        this(1, 0, Generator.getDefault());
    }

    /// With another temperature.
    public Sampling temperature(double t) {
        return new Sampling(t, topK, generator);
    }

    /// With so many of the likeliest symbols.
    public Sampling topK(int k) {
        return new Sampling(temperature, k, generator);
    }

    /// With a generator of its own.
    public Sampling generator(Generator g) {
        return new Sampling(temperature, topK, g);
    }

    /// @param logits one for each symbol, `[symbols]`
    long choose(Tensor logits) {
        if (temperature == 0) {
            return logits.argmax().itemLong();
        }
        Tensor scores = logits.div(temperature);
        if (topK > 0 && topK < scores.size(0)) {
            Tensor least = scores.topk(topK, 0, true).values().amin(new int[] {0}, true);
            scores = scores.maskedFill(scores.lt(least), Double.NEGATIVE_INFINITY);
        }
        return Tensors.multinomial(scores.softmax(0), 1, false, generator).itemLong();
    }
}
