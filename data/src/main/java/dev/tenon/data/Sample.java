package dev.tenon.data;

import dev.tenon.api.Shape;
import java.util.Objects;

/// What a model is given and what it should say to it.
///
/// @param input the input
/// @param target what is wanted: a class label (`I64`, no axes), or numbers to be met
public record Sample(HostArray input, HostArray target) {
    /// Refuses nulls.
    public Sample {
        Objects.requireNonNull(input, "input");
        Objects.requireNonNull(target, "target");
    }

    /// Numbers with a class label.
    public static Sample of(float[] input, Shape shape, long label) {
        return new Sample(HostArray.of(input, shape), HostArray.label(label));
    }
}
