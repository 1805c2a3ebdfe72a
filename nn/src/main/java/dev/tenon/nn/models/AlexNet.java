package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;

/// AlexNet in the variant of one column of convolutions, for `[n, 3, 224, 224]`; images of at least 63 x 63.
///
/// Sources: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012;
/// Krizhevsky, "One Weird Trick for Parallelizing Convolutional Neural Networks", 2014, whose widths these are.
public final class AlexNet extends Module {
    private final Sequential features;
    private final AdaptiveAvgPool2d avgpool;
    private final Sequential classifier;

    /// For 1000 classes.
    public AlexNet() {
        this(new ModelOptions());
    }

    /// For other classes or channels.
    public AlexNet(ModelOptions options) {
        this.features = register("features", new Sequential(
                new Conv2d(options.channels(3), 64, 11, 4, 2), new ReLU(), pool(),
                new Conv2d(64, 192, 5, 1, 2), new ReLU(), pool(),
                new Conv2d(192, 384, 3, 1, 1), new ReLU(),
                new Conv2d(384, 256, 3, 1, 1), new ReLU(),
                new Conv2d(256, 256, 3, 1, 1), new ReLU(), pool()));
        this.avgpool = register("avgpool", new AdaptiveAvgPool2d(6, 6));
        this.classifier = register("classifier", new Sequential(
                new Dropout(0.5), new Linear(256 * 6 * 6, 4096), new ReLU(),
                new Dropout(0.5), new Linear(4096, 4096), new ReLU(),
                new Linear(4096, options.classes(1000))));
    }

    private static MaxPool2d pool() {
        return new MaxPool2d(3, new PoolOptions().stride(2));
    }

    @Override
    public Tensor forward(Tensor x) {
        return classifier.call(avgpool.call(features.call(x)).flatten(1, -1));
    }
}
