package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Turns an image left to right, with a probability.
///
/// @param p the probability
public record RandomHorizontalFlip(double p) implements Transform {
    /// @throws IllegalArgumentException if p is not from 0 to 1
    public RandomHorizontalFlip {
        Draws.checkProbability("RandomHorizontalFlip", p);
    }

    /// With a probability of a half.
    public RandomHorizontalFlip() {
        this(0.5);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomHorizontalFlip", image);
        return random.nextDouble() < p ? x.flippedHorizontally().array() : image;
    }
}
