package dev.tenon.benchmarks;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Compiled;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.AdamW;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.SGD;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.RecurrentOptions;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Whole training steps: forward, backward, optimiser; and inference.
final class TenonSteps {
    private final Device device;
    private final Generator g = new Generator(2);
    /// Whether a training step is a graph that is captured once.
    private boolean captured;

    TenonSteps(Device device) {
        this.device = device;
    }

    Optional<Work> prepare(BenchCase c) {
        captured = c.kind().endsWith("-captured");
        return Optional.ofNullable(switch (c.kind().replace("-captured", "")) {
            case "step-two-layer" -> twoLayer();
            case "step-mlp" -> mlp();
            case "step-lenet5" -> leNet5();
            case "step-lstm" -> lstm();
            case "step-gpt" -> gpt();
            case "step-resnet18" -> resNet("resnet18_cifar", 10, c.dimOr(32), 3, 32, 32);
            case "step-resnet50" -> resNet("resnet50", 1000, c.dimOr(4), 3, 224, 224);
            case "infer-resnet50" -> infer(c.dim(0));
            default -> null;
        });
    }

    private Tensor random(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, device, g);
    }

    private Tensor labels(long classes, long... dims) {
        return Tensors.randint(0, classes, Shape.of(dims), device, g);
    }

    private Work training(Module model, Optimizer optimizer, Supplier<Tensor> loss) {
        Supplier<Tensor> step = () -> {
            optimizer.zeroGrad();
            Tensor l = loss.get();
            l.backward();
            optimizer.step();
            return l.detach();
        };
        if (!captured) {
            return TenonSide.each(device, step);
        }
        Compiled compiled = Graphs.compileStep(_ -> List.of(step.get()), model);
        return TenonSide.each(device, () -> {
            List<Tensor> out = compiled.call(List.of());
            if (!compiled.fallbacks().isEmpty()) {
                throw new IllegalStateException("the step is not captured: " + compiled.fallbacks());
            }
            return out;
        });
    }

    private Work classifier(Module model, Optimizer optimizer, Tensor x, Tensor y) {
        return training(model, optimizer, () -> ClassLosses.crossEntropy(model.call(x), y));
    }

    private Work twoLayer() {
        Module model = new Sequential(new Linear(1000, 100, false), new ReLU(), new Linear(100, 10, false)).to(device);
        Tensor x = random(64, 1000);
        Tensor y = random(64, 10);
        return training(model, new SGD(model.parameters(), 1e-6), () -> model.call(x).sub(y).square().sum());
    }

    private Work mlp() {
        Module model = new Sequential(new Linear(784, 512), new ReLU(), new Linear(512, 256), new ReLU(),
            new Linear(256, 10)).to(device);
        return classifier(model, new Adam(model.parameters(), 1e-3), random(128, 784), labels(10, 128));
    }

    private Work leNet5() {
        Module model = new Sequential(
            new Conv2d(1, 6, 5, new ConvOptions().padding(2)), new ReLU(), new MaxPool2d(2),
            new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2), new Flatten(),
            new Linear(400, 120), new ReLU(), new Linear(120, 84), new ReLU(), new Linear(84, 10)).to(device);
        return classifier(model, momentum(model), random(64, 1, 28, 28), labels(10, 64));
    }

    private Work resNet(String name, int classes, long... dims) {
        Module model = Models.create(name, classes).to(device);
        return classifier(model, momentum(model), random(dims), labels(classes, dims[0]));
    }

    /// A compiled graph, into which batch normalisation is folded.
    private Work infer(long batch) {
        Module model = Models.create("resnet50").to(device);
        model.eval();
        Compiled compiled = Graphs.compile(model);
        Tensor x = random(batch, 3, 224, 224);
        return TenonSide.each(device, () -> {
            try (Context.Mode _ = Context.noGrad()) {
                return compiled.call(x);
            }
        });
    }

    private static SGD momentum(Module model) {
        return new SGD(model.parameters(), SGD.options(1e-3).momentum(0.9));
    }

    /// Two layers of 256 over 64 steps of 32 sequences; the loss is the mean square of the outputs.
    private Work lstm() {
        LSTM model = new LSTM(256, 256, new RecurrentOptions().numLayers(2));
        model.to(device);
        Tensor x = random(64, 32, 256);
        return training(model, new SGD(model.parameters(), 1e-3), () -> model.call(x, null).output().square().mean());
    }

    /// Pre-norm blocks with causal attention over 8 sequences of 128 tokens out of 1,000.
    private Work gpt() {
        Gpt model = new Gpt();
        model.to(device);
        Tensor tokens = labels(1000, 8, 128);
        Tensor next = labels(1000, 8 * 128);
        return training(model, new AdamW(model.parameters(), 1e-4), () ->
            ClassLosses.crossEntropy(model.call(tokens).reshape(8 * 128, 1000), next));
    }

    private static final class Gpt extends Module {
        private final Embedding tokens = register("tokens", new Embedding(1000, 256));
        private final Embedding positions = register("positions", new Embedding(128, 256));
        private final TransformerEncoderLayer[] blocks = new TransformerEncoderLayer[4];
        private final LayerNorm norm = register("norm", new LayerNorm(256));
        private final Linear head = register("head", new Linear(256, 1000, false));

        Gpt() {
            TransformerOptions options = new TransformerOptions().feedforward(1024).dropout(0).batchFirst(true)
                .normFirst(true).activation(TransformerOptions.Activation.GELU);
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = register("block" + i, new TransformerEncoderLayer(256, 4, options));
            }
        }

        @Override
        public Tensor forward(Tensor index) {
            Tensor at = Tensors.arange(0, index.size(1), 1, DType.I64, index.device());
            Tensor x = tokens.call(index).add(positions.call(at));
            Tensor mask = Attentions.causalMask(index.size(1), index.device());
            for (TransformerEncoderLayer block : blocks) {
                x = block.call(x, mask, null);
            }
            return head.call(norm.call(x));
        }
    }
}
