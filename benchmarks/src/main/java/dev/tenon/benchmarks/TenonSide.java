package dev.tenon.benchmarks;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.functional.Convs;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// The cases on Tenon.
final class TenonSide implements Side {
    private static final long M = 1 << 20;

    private final Device device;
    private final Generator g = new Generator(1);

    TenonSide(Device device) {
        this.device = device;
    }

    @Override
    public String describe() {
        return "Tenon on " + device + ", Java " + Runtime.version();
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        return new TenonSteps(device).prepare(c).or(() -> new TenonTransfers(device).prepare(c))
            .or(() -> Optional.ofNullable(operation(c)));
    }

    /// A processor by its instructions; another device by what a large product and a large copy within it take.
    @Override
    public Machine machine() {
        if (device.type().equals("cpu")) {
            return Side.super.machine();
        }
        long n = 2048;
        long elements = 32 * M;
        Work product = prepare(BenchCase.of("matmul", 0, 0, 0, n, n, n)).orElseThrow();
        Work copy = prepare(BenchCase.of("copy", 0, 0, 0, elements)).orElseThrow();
        return new Machine(2e9 * n * n * n / Stopwatch.time(product, 0.5, 0.5).best(),
            2e9 * DType.F32.bytes() * elements / Stopwatch.time(copy, 0.5, 0.5).best());
    }

    private Work each(Supplier<?> body) {
        return each(device, body);
    }

    /// Each run in a scope of its own, whose end gives the results back; a device that works on its own is waited for
    /// at the end.
    static Work each(Device device, Supplier<?> body) {
        return new Work() {
            @Override
            public void run() {
                try (Scope _ = Scope.open()) {
                    body.get();
                }
            }

            @Override
            public void finish() {
                device.synchronize();
            }
        };
    }

    private Tensor random(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, device, g);
    }

    private Work unary(Tensor x, UnaryOperator<Tensor> f) {
        return each(() -> f.apply(x));
    }

    private Work operation(BenchCase c) {
        return switch (c.kind()) {
            // Where the device has such numbers, by an option of this process.
            case "matmul", "matmul-tf32" -> product(random(c.dim(0), c.dim(1)), random(c.dim(1), c.dim(2)));
            case "matmul-bf16" -> product(random(c.dim(0), c.dim(1)).to(DType.BF16),
                random(c.dim(1), c.dim(2)).to(DType.BF16));
            case "bmm" -> product(random(c.dim(0), c.dim(1), c.dim(2)), random(c.dim(0), c.dim(2), c.dim(3)));
            case "sdpa-causal" -> {
                Tensor q = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                Tensor k = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                Tensor v = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                yield each(() -> Attentions.attention(q, k, v, null, true, 1 / Math.sqrt(c.dim(3))));
            }
            case "add" -> {
                Tensor a = random(c.dim(0));
                Tensor b = random(c.dim(0));
                yield each(() -> a.add(b));
            }
            case "add-into" -> {
                Tensor a = random(c.dim(0));
                Tensor b = Tensors.zerosLike(a);
                yield each(() -> a.add_(b));
            }
            case "copy" -> unary(random(c.dim(0)), Tensor::clone);
            case "relu" -> unary(random(c.dim(0)), Tensor::relu);
            case "gelu" -> unary(random(c.dim(0)), Tensor::gelu);
            case "exp" -> unary(random(c.dim(0)), Tensor::exp);
            case "tanh" -> unary(random(c.dim(0)), Tensor::tanh);
            case "sigmoid" -> unary(random(c.dim(0)), Tensor::sigmoid);
            case "gelu-chain" -> {
                Tensor a = random(c.dim(0) / 1024, 1024);
                Tensor b = random(c.dim(0) / 1024, 1024);
                Tensor row = random(1024);
                yield each(() -> a.mul(b).add(row).gelu());
            }
            case "add-row" -> {
                Tensor a = random(c.dim(0) / 1024, 1024);
                Tensor row = random(1024);
                yield each(() -> a.add(row));
            }
            case "where" -> {
                Tensor a = random(c.dim(0));
                Tensor b = random(c.dim(0));
                Tensor mask = a.gt(b);
                yield each(() -> Tensors.where(mask, a, b));
            }
            case "transpose" -> {
                Tensor a = random(side(c), side(c));
                yield each(() -> a.t().contiguous());
            }
            case "softmax" -> unary(random(c.dim(0) / 1024, 1024), x -> x.softmax(-1));
            case "softmax-rows" -> unary(random(c.dim(0), c.dim(1)), x -> x.softmax(-1));
            case "layer-norm" -> {
                Tensor w = random(1024);
                Tensor b = random(1024);
                yield unary(random(c.dim(0) / 1024, 1024), x -> Norms.layerNorm(x, Shape.of(1024), w, b, 1e-5));
            }
            case "sum" -> unary(random(c.dim(0)), Tensor::sum);
            case "sum-rows" -> unary(random(c.dim(0) / 1024, 1024), x -> x.sum(1));
            case "mean-dim0" -> unary(random(side(c), side(c)), x -> x.mean(0));
            case "argmax" -> unary(random(side(c), side(c)), x -> x.argmax(1, false));
            case "cumsum" -> unary(random(side(c), side(c)), x -> x.cumsum(1));
            case "cross-entropy" -> {
                Tensor x = random(c.dim(0), c.dim(1));
                Tensor y = Tensors.randint(0, c.dim(1), Shape.of(c.dim(0)), device, g);
                yield each(() -> ClassLosses.crossEntropy(x, y));
            }
            case "embedding" -> {
                Tensor w = random(c.dim(1), c.dim(2));
                Tensor i = Tensors.randint(0, c.dim(1), Shape.of(c.dim(0)), device, g);
                yield each(() -> Linears.embedding(i, w));
            }
            case "topk10" -> {
                Tensor x = random(c.dim(0));
                yield each(() -> x.topk(10, -1, true));
            }
            case "sort" -> {
                Tensor x = random(c.dim(0));
                yield each(() -> x.sort(-1, false));
            }
            case "batch-norm-train" -> batchNorm(c);
            case "max-pool-3x3s2" -> unary(random(c.dim(0), c.dim(1), c.dim(2), c.dim(3)),
                x -> Pools.maxPool2d(x, 3, new PoolOptions().stride(2).padding(1)));
            case "conv-forward", "conv-train", "conv-backward-data", "conv-backward-weights" -> convolution(c);
            case "tiny-add" -> {
                Tensor a = random(1);
                Tensor b = random(1);
                yield each(() -> a.add(b));
            }
            case "tiny-add-grad" -> {
                Tensor a = random(1).requiresGrad(true);
                Tensor b = random(1);
                yield each(() -> a.add(b));
            }
            case "tiny-chain-backward" -> chain(c);
            default -> null;
        };
    }

    private static long side(BenchCase c) {
        return Math.round(Math.sqrt(c.dim(0)));
    }

    private Work product(Tensor a, Tensor b) {
        return each(() -> a.matmul(b));
    }

    /// A chain of additions forward and backward; one run is one chain.
    private Work chain(BenchCase c) {
        Tensor a = random(1).requiresGrad(true);
        Tensor b = random(1);
        return each(() -> {
            Tensor x = a;
            for (int i = 0; i < c.dim(0); i++) {
                x = x.add(b);
            }
            x.sum().backward();
            a.setGrad(null);
            return a;
        });
    }

    private Work batchNorm(BenchCase c) {
        Tensor x = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3)).requiresGrad(true);
        Tensor w = random(c.dim(1)).requiresGrad(true);
        Tensor b = random(c.dim(1)).requiresGrad(true);
        Tensor up = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
        return each(() -> {
            Norms.batchNormTraining(x, null, null, w, b, 0.1, 1e-5).backward(up, false, false);
            x.setGrad(null);
            w.setGrad(null);
            b.setGrad(null);
            return x;
        });
    }

    private Work convolution(BenchCase c) {
        long groups = c.dim(7);
        Tensor x = random(c.dim(0), c.dim(1), c.dim(2), c.dim(2));
        Tensor w = random(c.dim(3), c.dim(1) / groups, c.dim(4), c.dim(4));
        ConvOptions options = new ConvOptions().stride((int) c.dim(5)).padding((int) c.dim(6)).groups((int) groups);
        if (c.kind().equals("conv-forward")) {
            return each(() -> Convs.conv2d(x, w, null, options));
        }
        Tensor up = Tensors.onesLike(Convs.conv2d(x, w, null, options));
        if (!c.kind().equals("conv-train")) {
            Convolution op = new Convolution(WindowGeometry.of(2, (int) c.dim(5), (int) c.dim(6), 1), (int) groups);
            return c.kind().equals("conv-backward-data")
                ? each(() -> Dispatcher.apply(new ConvolutionBackwardData(op, x.shape()), List.of(up, w)))
                : each(() -> Dispatcher.apply(new ConvolutionBackwardWeight(op, w.shape()), List.of(x, up)));
        }
        x.requiresGrad(true);
        w.requiresGrad(true);
        return each(() -> {
            Convs.conv2d(x, w, null, options).backward(up, false, false);
            x.setGrad(null);
            w.setGrad(null);
            return x;
        });
    }
}
