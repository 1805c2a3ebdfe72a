package dev.tenon.benchmarks;

import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.layer_norm;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.lstm;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/// The training steps on libtorch: the nets of [TenonSteps], from plain functions. It has no graphs here: what Tenon
/// captures stands beside the same step.
final class LibtorchSteps {
    private final List<Tensor> parameters = new ArrayList<>();

    Work prepare(BenchCase c) {
        return switch (c.kind().replace("-captured", "")) {
            case "step-two-layer" -> twoLayer();
            case "step-mlp" -> mlp();
            case "step-lenet5" -> leNet5();
            case "step-lstm" -> longShortTermMemory();
            case "step-gpt" -> gpt();
            case "step-resnet18" -> resNet(LibtorchResNet.small(true), 10, c.dimOr(32), 3, 32, 32);
            case "step-resnet50" -> resNet(LibtorchResNet.fifty(true), 1000, c.dimOr(4), 3, 224, 224);
            case "infer-resnet50" -> infer(c.dim(0));
            default -> null;
        };
    }

    private Tensor parameter(double scale, long... dims) {
        Tensor t = LibtorchSide.random(dims).mul(new Scalar(scale)).requires_grad_(true);
        parameters.add(t);
        return t;
    }

    private Work training(Optimizer optimizer, Supplier<Tensor> loss) {
        return LibtorchSide.each(() -> {
            optimizer.zero_grad();
            loss.get().backward();
            optimizer.step();
        });
    }

    private SGD sgd(double lr, double momentum) {
        SGDOptions options = new SGDOptions(lr);
        options.momentum().put(momentum);
        return new SGD(LibtorchSide.vector(parameters.toArray(Tensor[]::new)), options);
    }

    private static Tensor labels(long classes, long... dims) {
        return randint(classes, dims).to(torch.ScalarType.Long);
    }

    /// A fully connected layer, as a function of its input.
    private UnaryOperator<Tensor> dense(long in, long out, boolean bias) {
        Tensor w = parameter(0.05, out, in);
        if (!bias) {
            return x -> linear(x, w);
        }
        TensorOptional b = new TensorOptional(parameter(0.05, out));
        return x -> linear(x, w, b);
    }

    private Work twoLayer() {
        var fc1 = dense(1000, 100, false);
        var fc2 = dense(100, 10, false);
        Tensor x = LibtorchSide.random(64, 1000);
        Tensor y = LibtorchSide.random(64, 10);
        return training(sgd(1e-6, 0), () -> fc2.apply(fc1.apply(x).relu()).sub(y).square().sum());
    }

    private Work mlp() {
        var fc1 = dense(784, 512, true);
        var fc2 = dense(512, 256, true);
        var fc3 = dense(256, 10, true);
        Tensor x = LibtorchSide.random(128, 784);
        Tensor y = labels(10, 128);
        Optimizer adam = new Adam(LibtorchSide.vector(parameters.toArray(Tensor[]::new)), new AdamOptions(1e-3));
        return training(adam, () -> cross_entropy_loss(fc3.apply(fc2.apply(fc1.apply(x).relu()).relu()), y));
    }

    private Work leNet5() {
        Tensor w1 = parameter(0.1, 6, 1, 5, 5);
        TensorOptional b1 = new TensorOptional(parameter(0.1, 6));
        Tensor w2 = parameter(0.1, 16, 6, 5, 5);
        TensorOptional b2 = new TensorOptional(parameter(0.1, 16));
        var fc1 = dense(400, 120, true);
        var fc2 = dense(120, 84, true);
        var fc3 = dense(84, 10, true);
        Tensor x = LibtorchSide.image(64, 1, 28, 28);
        Tensor y = labels(10, 64);
        long[] one = {1, 1};
        long[] two = {2, 2};
        long[] zero = {0, 0};
        return training(sgd(1e-3, 0.9), () -> {
            Tensor h = conv2d(x, w1, b1, one, two, one, 1).relu();
            h = max_pool2d(h, two, two, zero, one, false);
            h = conv2d(h, w2, b2, one, zero, one, 1).relu();
            h = max_pool2d(h, two, two, zero, one, false).flatten(1, -1);
            return cross_entropy_loss(fc3.apply(fc2.apply(fc1.apply(h).relu()).relu()), y);
        });
    }

    private Work resNet(LibtorchResNet net, long classes, long... dims) {
        parameters.addAll(net.parameters());
        Tensor x = LibtorchSide.image(dims);
        Tensor y = labels(classes, dims[0]);
        return training(sgd(1e-3, 0.9), () -> cross_entropy_loss(net.call(x), y));
    }

    private static Work infer(long batch) {
        LibtorchResNet net = LibtorchResNet.fifty(false);
        Tensor x = LibtorchSide.image(batch, 3, 224, 224);
        return LibtorchSide.each(() -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                net.call(x);
            }
        });
    }

    private Work longShortTermMemory() {
        for (int layer = 0; layer < 2; layer++) {
            parameter(0.05, 1024, 256);
            parameter(0.05, 1024, 256);
            parameter(0.05, 1024);
            parameter(0.05, 1024);
        }
        var weights = LibtorchSide.vector(parameters.toArray(Tensor[]::new));
        var state = LibtorchSide.vector(zeros(2, 32, 256), zeros(2, 32, 256));
        Tensor x = LibtorchSide.random(64, 32, 256);
        return training(sgd(1e-3, 0), () ->
            lstm(x, state, weights, true, 2, 0, true, false, false).get0().square().mean());
    }

    private Work gpt() {
        Tensor tokens = parameter(0.02, 1000, 256);
        Tensor positions = parameter(0.02, 128, 256);
        List<UnaryOperator<Tensor>> blocks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            blocks.add(block());
        }
        var norm = norm();
        var head = dense(256, 1000, false);
        Tensor index = labels(1000, 8, 128);
        Tensor next = labels(1000, 8 * 128);
        Tensor at = torch.arange(new Scalar(128)).to(torch.ScalarType.Long);
        Optimizer adamW = new AdamW(LibtorchSide.vector(parameters.toArray(Tensor[]::new)), new AdamWOptions(1e-4));
        return training(adamW, () -> {
            Tensor x = embedding(tokens, index).add(embedding(positions, at));
            for (var block : blocks) {
                x = block.apply(x);
            }
            return cross_entropy_loss(head.apply(norm.apply(x)).reshape(8 * 128, 1000), next);
        });
    }

    private UnaryOperator<Tensor> norm() {
        TensorOptional w = new TensorOptional(parameter(1, 256));
        TensorOptional b = new TensorOptional(parameter(0.1, 256));
        return x -> layer_norm(x, new long[] {256}, w, b, 1e-5, true);
    }

    private UnaryOperator<Tensor> block() {
        var norm1 = norm();
        var in = dense(256, 768, true);
        var out = dense(256, 256, true);
        var norm2 = norm();
        var up = dense(256, 1024, true);
        var down = dense(1024, 256, true);
        return x -> {
            Tensor qkv = in.apply(norm1.apply(x)).reshape(8, 128, 3, 4, 64).permute(2, 0, 3, 1, 4);
            Tensor a = scaled_dot_product_attention(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2),
                new TensorOptional(), 0, true, new DoubleOptional(), false);
            Tensor h = x.add(out.apply(a.transpose(1, 2).reshape(8, 128, 256)));
            return h.add(down.apply(gelu(up.apply(norm2.apply(h)))));
        };
    }
}
