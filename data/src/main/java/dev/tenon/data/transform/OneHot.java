package dev.tenon.data.transform;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import dev.tenon.data.SampleTransform;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// Makes probabilities of class labels: an `I64` target without axes becomes `F32` of shape [classes], 1 at the label
/// and 0 elsewhere. [Mixup] and [CutMix] need such targets.
///
/// @param classes the number of classes
public record OneHot(int classes) implements SampleTransform<Sample, Sample> {
    /// @throws IllegalArgumentException if there are no classes
    public OneHot {
        if (classes < 1) {
            throw new IllegalArgumentException("OneHot: " + classes + " classes: expected at least 1");
        }
    }

    /// @throws IllegalArgumentException if the target is no label, or has no class
    @Override
    public Sample apply(Sample sample, RandomGenerator random) {
        HostArray target = sample.target();
        if (target.dtype() != DType.I64 || target.shape().rank() != 0) {
            throw new IllegalArgumentException("OneHot: target is " + target.dtype() + target.shape()
                + "; expected a label: i64 without axes");
        }
        long label = target.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException("OneHot: label " + label + ": expected 0 to " + (classes - 1));
        }
        float[] out = new float[classes];
        out[(int) label] = 1;
        return new Sample(sample.input(), HostArray.of(out, Shape.of(classes)));
    }
}
