package dev.tenon.benchmarks;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/// Residual networks on libtorch from plain functions, channels last: those that Tenon's model zoo calls
/// `resnet18_cifar` and `resnet50`.
final class LibtorchResNet {
    private static final long[] ONE = {1, 1};

    private final List<Tensor> parameters = new ArrayList<>();
    private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();
    private final boolean training;

    private LibtorchResNet(boolean training) {
        this.training = training;
    }

    /// Blocks of two 3 x 3 convolutions for images of 32 x 32 and ten classes.
    static LibtorchResNet small(boolean training) {
        LibtorchResNet net = new LibtorchResNet(training);
        net.layers.add(net.unit(3, 64, 3, 1, true));
        int in = 64;
        for (int stage = 0; stage < 4; stage++) {
            int out = 64 << stage;
            for (int i = 0; i < 2; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                net.layers.add(net.block(in, out, stride, net.unit(in, out, 3, stride, true),
                    net.unit(out, out, 3, 1, false)));
                in = out;
            }
        }
        net.head(in, 10);
        return net;
    }

    /// Bottleneck blocks for images of 224 x 224 and a thousand classes.
    static LibtorchResNet fifty(boolean training) {
        LibtorchResNet net = new LibtorchResNet(training);
        net.layers.add(net.unit(3, 64, 7, 2, true));
        net.layers.add(x -> max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, ONE, ONE, false));
        int[] counts = {3, 4, 6, 3};
        int in = 64;
        for (int stage = 0; stage < 4; stage++) {
            int width = 64 << stage;
            int out = 4 * width;
            for (int i = 0; i < counts[stage]; i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                net.layers.add(net.block(in, out, stride, net.unit(in, width, 1, 1, true),
                    net.unit(width, width, 3, stride, true), net.unit(width, out, 1, 1, false)));
                in = out;
            }
        }
        net.head(in, 1000);
        return net;
    }

    List<Tensor> parameters() {
        return parameters;
    }

    Tensor call(Tensor x) {
        Tensor y = x;
        for (UnaryOperator<Tensor> layer : layers) {
            y = layer.apply(y);
        }
        return y;
    }

    private Tensor parameter(Tensor x) {
        Tensor p = training ? x.requires_grad_(true) : x;
        parameters.add(p);
        return p;
    }

    /// Convolution, batch normalisation and perhaps ReLU.
    private UnaryOperator<Tensor> unit(int in, int out, int kernel, int stride, boolean relu) {
        double scale = Math.sqrt(2.0 / (out * kernel * kernel));
        Tensor w = parameter(LibtorchSide.image(out, in, kernel, kernel).mul(new Scalar(scale)));
        TensorOptional gamma = new TensorOptional(parameter(ones(out)));
        TensorOptional beta = new TensorOptional(parameter(zeros(out)));
        TensorOptional mean = new TensorOptional(zeros(out));
        TensorOptional variance = new TensorOptional(ones(out));
        long[] steps = {stride, stride};
        long[] padding = {kernel / 2, kernel / 2};
        return x -> {
            Tensor y = conv2d(x, w, new TensorOptional(), steps, padding, ONE, 1);
            y = batch_norm(y, gamma, beta, mean, variance, training, 0.1, 1e-5, false);
            return relu ? y.relu_() : y;
        };
    }

    @SafeVarargs
    private UnaryOperator<Tensor> block(int in, int out, int stride, UnaryOperator<Tensor>... units) {
        UnaryOperator<Tensor> shortcut = in == out && stride == 1 ? UnaryOperator.identity()
            : unit(in, out, 1, stride, false);
        return x -> {
            Tensor y = x;
            for (UnaryOperator<Tensor> u : units) {
                y = u.apply(y);
            }
            return y.add_(shortcut.apply(x)).relu_();
        };
    }

    private void head(int in, int classes) {
        Tensor w = parameter(LibtorchSide.random(classes, in).mul(new Scalar(0.01)));
        TensorOptional b = new TensorOptional(parameter(zeros(classes)));
        layers.add(x -> linear(adaptive_avg_pool2d(x, ONE).flatten(1, -1), w, b));
    }
}
