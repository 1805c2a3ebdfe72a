package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import java.util.random.RandomGenerator;

/// Turns an image upside down, with a probability.
///
/// @param p the probability
public record RandomVerticalFlip(double p) implements Transform {
    /// @throws IllegalArgumentException if p is not from 0 to 1
    public RandomVerticalFlip {
        Draws.checkProbability("RandomVerticalFlip", p);
    }

    /// With a probability of a half.
    public RandomVerticalFlip() {
        this(0.5);
    }

    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        Image x = Image.of("RandomVerticalFlip", image);
        return random.nextDouble() < p ? x.flippedVertically().array() : image;
    }
}
