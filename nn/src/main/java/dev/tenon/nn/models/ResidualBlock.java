package dev.tenon.nn.models;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// relu(F(x) + shortcut(x)), where F is convolutions with batch normalisation and ReLU in between: `conv1`, `bn1`,
/// `conv2`, `bn2`, ..., `downsample`.
///
/// Source: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016, figure 5.
final class ResidualBlock extends Module {
    private final List<Module> residual = new ArrayList<>();
    private final @Nullable Module downsample;

    private ResidualBlock(@Nullable Module downsample, Conv2d... convolutions) {
        for (int i = 1; i <= convolutions.length; i++) {
            Conv2d conv = convolutions[i - 1];
            residual.add(register("conv" + i, conv));
            residual.add(register("bn" + i, new BatchNorm2d(conv.weight().shape().dim(0))));
        }
        this.downsample = downsample == null ? null : register("downsample", downsample);
    }

    /// Two convolutions of 3 x 3.
    ///
    /// @param downsample the shortcut, or null for the input itself
    static ResidualBlock basic(long in, long out, int stride, @Nullable Module downsample) {
        return new ResidualBlock(downsample, Layers.conv(in, out, 3, stride), Layers.conv(out, out, 3, 1));
    }

    /// 1 x 1 to the width, 3 x 3 in groups, 1 x 1 to the output. The stride is in the middle, as the published weights
    /// want it, not in the first convolution as in the paper.
    ///
    /// @param downsample the shortcut, or null for the input itself
    static ResidualBlock bottleneck(long in, long width, long out, int stride, int groups,
            @Nullable Module downsample) {
        return new ResidualBlock(downsample, Layers.conv(in, width, 1, 1),
                Layers.conv(width, width, 3, stride, groups), Layers.conv(width, out, 1, 1));
    }

    @Override
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (int i = 0; i < residual.size(); i += 2) {
            y = residual.get(i + 1).call(residual.get(i).call(i == 0 ? y : y.relu()));
        }
        return y.add(downsample == null ? x : downsample.call(x)).relu();
    }
}
