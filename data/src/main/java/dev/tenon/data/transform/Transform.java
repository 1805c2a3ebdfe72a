package dev.tenon.data.transform;

import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import dev.tenon.data.SampleTransform;
import java.util.List;
import java.util.random.RandomGenerator;

/// Changes the input of a sample, most often an image; see the package's description for what an image is.
///
/// ```java
/// Dataset<Sample> train = Cifar.cifar10(root, true).transform(Transform.compose(
///         new RandomCrop(32, 4), new RandomHorizontalFlip(0.5), new ToTensor(),
///         new Normalize(means, deviations)));
/// ```
@FunctionalInterface
public interface Transform extends SampleTransform<Sample, Sample> {
    /// The changed array; the given one stays as it is.
    ///
    /// @throws IllegalArgumentException if the array is not what this transform takes; names both
    HostArray apply(HostArray image, RandomGenerator random);

    @Override
    default Sample apply(Sample sample, RandomGenerator random) {
        return new Sample(apply(sample.input(), random), sample.target());
    }

    /// This, then another.
    default Transform then(Transform next) {
        return (image, random) -> next.apply(apply(image, random), random);
    }

    /// One after the other.
    static Transform compose(Transform... transforms) {
        List<Transform> all = List.of(transforms);
        return (image, random) -> {
            HostArray x = image;
            for (Transform t : all) {
                x = t.apply(x, random);
            }
            return x;
        };
    }

    /// A transform that is applied with a probability, and otherwise leaves images as they are.
    ///
    /// @throws IllegalArgumentException if p is not from 0 to 1
    static Transform randomApply(double p, Transform transform) {
        Draws.checkProbability("randomApply", p);
        return (image, random) -> random.nextDouble() < p ? transform.apply(image, random) : image;
    }

    /// One of several transforms, each as likely as the others.
    ///
    /// @throws IllegalArgumentException if there is none
    static Transform randomChoice(Transform... transforms) {
        List<Transform> all = List.of(transforms);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("randomChoice of no transforms");
        }
        return (image, random) -> all.get(Draws.below(random, all.size())).apply(image, random);
    }
}
