package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.AdaptiveAvgPool2d;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Identity;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import java.util.List;

/// Residual networks, wide ones and ResNeXt, for `[n, 3, 224, 224]`: a stem, four stages of blocks of which the later
/// three halve the extents and double the channels, the mean over the positions, and a linear map.
///
/// Convolutions start with He et al.'s normal numbers (fan-out).
///
/// Sources: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016; Zagoruyko and Komodakis,
/// "Wide Residual Networks", 2016; Xie, Girshick, Dollár, Tu and He, "Aggregated Residual Transformations for Deep
/// Neural Networks", 2017.
public final class ResNet extends Module {
    /// How a network is built.
    ///
    /// @param bottleneck whether blocks have a narrow middle of 3 x 3 between two convolutions of 1 x 1; otherwise they
    ///     are two convolutions of 3 x 3
    /// @param blocks how many in each of the four stages
    /// @param groups into how many groups the channels in the middle of a bottleneck are cut
    /// @param widthPerGroup channels of a group in the first stage
    /// @param smallImages whether the stem is one convolution of 3 x 3 that keeps the extents, for images such as
    ///     32 x 32, instead of one of 7 x 7 and a pool that make a quarter of them
    public record Architecture(boolean bottleneck, List<Integer> blocks, int groups, int widthPerGroup,
            boolean smallImages) {
        /// Copies the list.
        public Architecture {
            blocks = List.copyOf(blocks);
        }

        static Architecture basic(Integer... blocks) {
            return new Architecture(false, List.of(blocks), 1, 64, false);
        }

        static Architecture bottleneck(Integer... blocks) {
            return new Architecture(true, List.of(blocks), 1, 64, false);
        }

        Architecture groups(int n, int widthOfEach) {
            return new Architecture(bottleneck, blocks, n, widthOfEach, smallImages);
        }

        Architecture forSmallImages() {
            return new Architecture(bottleneck, blocks, groups, widthPerGroup, true);
        }
    }

    private final Architecture architecture;
    private final Conv2d conv1;
    private final BatchNorm2d bn1;
    private final Module maxpool;
    private final List<Sequential> stages;
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;

    /// A network, for 1000 classes unless the options say otherwise.
    public ResNet(Architecture architecture, ModelOptions options) {
        this.architecture = architecture;
        boolean small = architecture.smallImages;
        int expansion = architecture.bottleneck ? 4 : 1;
        this.conv1 = register("conv1", Layers.conv(options.channels(3), 64, small ? 3 : 7, small ? 1 : 2));
        this.bn1 = register("bn1", new BatchNorm2d(64));
        this.maxpool = register("maxpool",
                small ? new Identity() : new MaxPool2d(3, new PoolOptions().stride(2).padding(1)));
        this.stages = List.of(
                register("layer1", stage(64, 64, 1, architecture.blocks.get(0))),
                register("layer2", stage(64 * expansion, 128, 2, architecture.blocks.get(1))),
                register("layer3", stage(128 * expansion, 256, 2, architecture.blocks.get(2))),
                register("layer4", stage(256 * expansion, 512, 2, architecture.blocks.get(3))));
        this.avgpool = register("avgpool", new AdaptiveAvgPool2d(1));
        this.fc = register("fc", new Linear(512L * expansion, options.classes(1000)));
        Layers.kaiming(this, Init.FanMode.FAN_OUT);
    }

    private Sequential stage(int in, int planes, int stride, int count) {
        Sequential blocks = new Sequential(block(in, planes, stride));
        while (blocks.size() < count) {
            blocks.add(block(planes * (architecture.bottleneck ? 4 : 1), planes, 1));
        }
        return blocks;
    }

    private ResidualBlock block(int in, int planes, int stride) {
        int out = planes * (architecture.bottleneck ? 4 : 1);
        Sequential downsample = stride == 1 && in == out ? null
                : new Sequential(Layers.conv(in, out, 1, stride), new BatchNorm2d(out));
        if (!architecture.bottleneck) {
            return ResidualBlock.basic(in, out, stride, downsample);
        }
        int width = planes * architecture.widthPerGroup / 64 * architecture.groups;
        return ResidualBlock.bottleneck(in, width, out, stride, architecture.groups, downsample);
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = maxpool.call(bn1.call(conv1.call(x)).relu());
        for (Sequential stage : stages) {
            y = stage.call(y);
        }
        return fc.call(avgpool.call(y).flatten(1, -1));
    }
}
