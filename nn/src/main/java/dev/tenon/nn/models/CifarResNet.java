package dev.tenon.nn.models;

import dev.tenon.api.Index;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;
import java.util.List;

/// The narrow residual networks for CIFAR, `[n, 3, 32, 32]`: three stages of 16, 32 and 64 channels, whose shortcuts
/// have no parameters. Depth 6 n + 2 has n blocks in each stage.
///
/// Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016, section 4.2.
public final class CifarResNet extends Module {
    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final List<Sequential> stages;
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;

    /// A network, for 10 classes unless the options say otherwise.
    ///
    /// @param depth 20, 32, 44, 56, 110, or another of the form 6 n + 2
    /// @throws IllegalArgumentException for other depths
    public CifarResNet(int depth, ModelOptions options) {
        if (depth < 8 || depth % 6 != 2) {
            throw new IllegalArgumentException("CifarResNet: depth " + depth + ": expected 6 n + 2, such as 20");
        }
        int blocks = (depth - 2) / 6;
        this.conv1 = register("conv1", Layers.conv(options.channels(3), 16, 3, 1));
        this.bn1 = register("bn1", new BatchNorm2d(16));
        this.stages = List.of(
                register("layer1", stage(16, 16, 1, blocks)),
                register("layer2", stage(16, 32, 2, blocks)),
                register("layer3", stage(32, 64, 2, blocks)));
        this.avgpool = register("avgpool", new AdaptiveAvgPool2d(1));
        this.fc = register("fc", new Linear(64, options.classes(10)));
        Layers.kaiming(this, Init.FanMode.FAN_OUT);
    }

    private static Sequential stage(int in, int out, int stride, int count) {
        Sequential blocks = new Sequential(
                ResidualBlock.basic(in, out, stride, in == out ? null : new Subsample(stride, out - in)));
        while (blocks.size() < count) {
            blocks.add(ResidualBlock.basic(out, out, 1, null));
        }
        return blocks;
    }

    /// The paper's option A: each `stride`-th pixel, and further channels of zeros on both sides.
    private static final class Subsample extends Module {
        private final int stride;
        private final int added;

        Subsample(int stride, int added) {
            this.stride = stride;
            this.added = added;
        }

        @Override
        public Tensor forward(Tensor x) {
            Index every = Index.range(null, null, stride);
            return Tensors.pad(x.get(Index.all(), Index.all(), every, every), 0, 0, 0, 0, 0, added / 2, added / 2);
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = bn1.call(conv1.call(x)).relu();
        for (Sequential stage : stages) {
            y = stage.call(y);
        }
        return fc.call(avgpool.call(y).flatten(1, -1));
    }
}
