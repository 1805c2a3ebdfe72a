package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.AvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import java.util.List;

/// Densely connected networks with bottlenecks and compression (DenseNet-BC), for `[n, 3, 224, 224]` or small images:
/// each layer sees the maps of all layers before it in its block, and adds a few.
///
/// Convolutions start with He et al.'s normal numbers (fan-in).
///
/// Source: Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks", 2017.
public final class DenseNet extends Module {
    /// How a network is built.
    ///
    /// @param growth how many maps a layer adds
    /// @param blocks how many layers in each block; between two blocks a transition halves maps and extents
    /// @param features maps of the first convolution
    /// @param smallImages whether that convolution is one of 3 x 3 that keeps the extents, for images such as 32 x 32,
    ///     instead of one of 7 x 7 and a pool that make a quarter of them
    public record Architecture(int growth, List<Integer> blocks, int features, boolean smallImages) {
        /// Copies the list.
        public Architecture {
            blocks = List.copyOf(blocks);
        }

        /// The paper's networks for CIFAR: three blocks, growth 12.
        ///
        /// @param depth of the form 6 n + 4: 40, 100, ...
        /// @throws IllegalArgumentException for other depths
        public static Architecture cifar(int depth) {
            if (depth < 10 || depth % 6 != 4) {
                throw new IllegalArgumentException("DenseNet: depth " + depth + ": expected 6 n + 4, such as 40");
            }
            int layers = (depth - 4) / 6;
            return new Architecture(12, List.of(layers, layers, layers), 24, true);
        }
    }

    /// A bottleneck has this many times as many maps as a layer adds.
    private static final int BOTTLENECK = 4;

    private final Sequential features;
    private final AdaptiveAvgPool2d avgpool = new AdaptiveAvgPool2d(1);
    private final Linear classifier;

    /// A network, for 1000 classes (10 of small images) unless the options say otherwise.
    public DenseNet(Architecture architecture, ModelOptions options) {
        boolean small = architecture.smallImages;
        int maps = architecture.features;
        Sequential f = new Sequential();
        f.add("conv0", Layers.conv(options.channels(3), maps, small ? 3 : 7, small ? 1 : 2));
        if (!small) {
            f.add("norm0", new BatchNorm2d(maps)).add("relu0", new ReLU())
                    .add("pool0", new MaxPool2d(3, new PoolOptions().stride(2).padding(1)));
        }
        int count = architecture.blocks.size();
        for (int i = 0; i < count; i++) {
            f.add("denseblock" + (i + 1), new Block(maps, architecture.growth, architecture.blocks.get(i)));
            maps += architecture.growth * architecture.blocks.get(i);
            if (i < count - 1) {
                f.add("transition" + (i + 1), transition(maps, maps / 2));
                maps /= 2;
            }
        }
        f.add("norm5", new BatchNorm2d(maps));
        this.features = register("features", f);
        this.classifier = register("classifier", new Linear(maps, options.classes(small ? 10 : 1000)));
        Layers.kaiming(this, Init.FanMode.FAN_IN);
        Layers.fill(classifier.bias(), Init::zeros);
    }

    private static Sequential transition(int in, int out) {
        return new Sequential().add("norm", new BatchNorm2d(in)).add("relu", new ReLU())
                .add("conv", Layers.conv(in, out, 1, 1)).add("pool", new AvgPool2d(2));
    }

    /// Layers `denselayer1`, `denselayer2`, ..., each of which appends its maps to those before.
    private static final class Block extends Module {
        Block(int in, int growth, int layers) {
            for (int i = 0; i < layers; i++) {
                register("denselayer" + (i + 1), new Layer(in + i * growth, growth));
            }
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor all = x;
            for (Module layer : children()) {
                all = Tensors.cat(1, all, layer.call(all));
            }
            return all;
        }
    }

    /// Normalisation, ReLU and a convolution of 1 x 1 that narrows; the same with 3 x 3.
    private static final class Layer extends Module {
        private final BatchNorm2d norm1;
        private final Conv2d conv1;
        private final BatchNorm2d norm2;
        private final Conv2d conv2;

        Layer(int in, int growth) {
            int narrow = BOTTLENECK * growth;
            norm1 = register("norm1", new BatchNorm2d(in));
            conv1 = register("conv1", Layers.conv(in, narrow, 1, 1));
            norm2 = register("norm2", new BatchNorm2d(narrow));
            conv2 = register("conv2", Layers.conv(narrow, growth, 3, 1));
        }

        @Override
        public Tensor forward(Tensor x) {
            return conv2.call(norm2.call(conv1.call(norm1.call(x).relu())).relu());
        }
    }

    @Override
    public Tensor forward(Tensor x) {
        return classifier.call(avgpool.call(features.call(x).relu()).flatten(1, -1));
    }
}
