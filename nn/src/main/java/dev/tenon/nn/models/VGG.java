package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;

/// VGG networks, for `[n, 3, 224, 224]`; images of at least 32 x 32: convolutions of 3 x 3 with ReLU, five pools that
/// halve, and three linear maps.
///
/// Convolutions start with He et al.'s normal numbers (fan-out), linear maps with normal numbers of deviation 0.01.
///
/// Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015, table 1;
/// batch normalisation was added later.
public final class VGG extends Module {
    /// The columns of the paper's table: convolutions in each of the five stages.
    public enum Depth {
        VGG11(1, 1, 2, 2, 2),
        VGG13(2, 2, 2, 2, 2),
        VGG16(2, 2, 3, 3, 3),
        VGG19(2, 2, 4, 4, 4);

        private final int[] convolutions;

        Depth(int... convolutions) {
            this.convolutions = convolutions;
        }
    }

    private static final int[] WIDTHS = {64, 128, 256, 512, 512};

    private final Sequential features;
    private final AdaptiveAvgPool2d avgpool;
    private final Sequential classifier;

    /// A network.
    ///
    /// @param batchNorm whether each convolution is followed by batch normalisation
    public VGG(Depth depth, boolean batchNorm, ModelOptions options) {
        Sequential stages = new Sequential();
        int in = options.channels(3);
        for (int stage = 0; stage < WIDTHS.length; stage++) {
            for (int i = 0; i < depth.convolutions[stage]; i++) {
                stages.add(new Conv2d(in, WIDTHS[stage], 3, 1, 1));
                if (batchNorm) {
                    stages.add(new BatchNorm2d(WIDTHS[stage]));
                }
                stages.add(new ReLU());
                in = WIDTHS[stage];
            }
            stages.add(new MaxPool2d(2));
        }
        this.features = register("features", stages);
        this.avgpool = register("avgpool", new AdaptiveAvgPool2d(7, 7));
        this.classifier = register("classifier", new Sequential(
                new Linear(512 * 7 * 7, 4096), new ReLU(), new Dropout(0.5),
                new Linear(4096, 4096), new ReLU(), new Dropout(0.5),
                new Linear(4096, options.classes(1000))));
        Layers.kaiming(features, Init.FanMode.FAN_OUT);
        Layers.linear(classifier, w -> Init.normal(w, 0, 0.01), Init::zeros);
    }

    @Override
    public Tensor forward(Tensor x) {
        return classifier.call(avgpool.call(features.call(x)).flatten(1, -1));
    }
}
