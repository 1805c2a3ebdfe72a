package dev.tenon.benchmarks;

import static org.bytedeco.pytorch.global.torch.add_out;
import static org.bytedeco.pytorch.global.torch.argmax;
import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.convolution_backward;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.cumsum;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.layer_norm;
import static org.bytedeco.pytorch.global.torch.matmul;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.mean;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.softmax;
import static org.bytedeco.pytorch.global.torch.sort;
import static org.bytedeco.pytorch.global.torch.topk;
import static org.bytedeco.pytorch.global.torch.where;
import static org.bytedeco.pytorch.global.torch.zeros_like;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The cases on libtorch, called from Java through JavaCPP; each run in a scope that frees its results.
///
/// Images are laid out channels last, as libtorch is fastest with.
final class LibtorchSide implements Side {
    LibtorchSide() {
        torch.set_num_threads(Boolean.getBoolean("tenon.bench.cpu") ? 1 : Runtime.getRuntime().availableProcessors());
    }

    @Override
    public String describe() {
        String version = Tensor.class.getPackage().getImplementationVersion();
        return "libtorch (pytorch " + version + "), " + torch.get_num_threads() + " threads";
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        // What lives as long as the case must not belong to a scope that ends before.
        Work step = new LibtorchSteps().prepare(c);
        return Optional.ofNullable(step != null ? step : operation(c));
    }

    static Work each(Runnable body) {
        return () -> {
            try (PointerScope _ = new PointerScope()) {
                body.run();
            }
        };
    }

    static Tensor random(long... dims) {
        return randn(dims);
    }

    static Tensor image(long... dims) {
        return randn(dims).contiguous(torch.MemoryFormat.ChannelsLast);
    }

    private static Work unary(Tensor x, UnaryOperator<Tensor> f) {
        return each(() -> f.apply(x));
    }

    private static Work operation(BenchCase c) {
        return switch (c.kind()) {
            case "matmul" -> product(random(c.dim(0), c.dim(1)), random(c.dim(1), c.dim(2)));
            case "matmul-bf16" -> product(random(c.dim(0), c.dim(1)).to(torch.ScalarType.BFloat16),
                random(c.dim(1), c.dim(2)).to(torch.ScalarType.BFloat16));
            case "bmm" -> product(random(c.dim(0), c.dim(1), c.dim(2)), random(c.dim(0), c.dim(2), c.dim(3)));
            case "sdpa-causal" -> {
                Tensor q = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                Tensor k = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                Tensor v = random(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                yield each(() -> scaled_dot_product_attention(q, k, v, new TensorOptional(), 0, true,
                    new DoubleOptional(), false));
            }
            case "add" -> {
                Tensor a = random(c.dim(0));
                Tensor b = random(c.dim(0));
                yield each(() -> a.add(b));
            }
            case "add-into" -> {
                Tensor a = random(c.dim(0));
                Tensor b = zeros_like(a);
                yield each(() -> add_out(a, a, b));
            }
            case "relu" -> unary(random(c.dim(0)), Tensor::relu);
            case "gelu" -> unary(random(c.dim(0)), x -> gelu(x));
            case "exp" -> unary(random(c.dim(0)), Tensor::exp);
            case "tanh" -> unary(random(c.dim(0)), Tensor::tanh);
            case "sigmoid" -> unary(random(c.dim(0)), Tensor::sigmoid);
            case "gelu-chain" -> {
                Tensor a = random(c.dim(0) / 1024, 1024);
                Tensor b = random(c.dim(0) / 1024, 1024);
                Tensor row = random(1024);
                yield each(() -> gelu(a.mul(b).add(row)));
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
                yield each(() -> where(mask, a, b));
            }
            case "transpose" -> {
                Tensor a = random(side(c), side(c));
                yield each(() -> a.t().contiguous());
            }
            case "softmax" -> unary(random(c.dim(0) / 1024, 1024), x -> softmax(x, -1));
            case "softmax-rows" -> unary(random(c.dim(0), c.dim(1)), x -> softmax(x, -1));
            case "layer-norm" -> {
                TensorOptional w = new TensorOptional(random(1024));
                TensorOptional b = new TensorOptional(random(1024));
                yield unary(random(c.dim(0) / 1024, 1024),
                    x -> layer_norm(x, new long[] {1024}, w, b, 1e-5, true));
            }
            case "sum" -> unary(random(c.dim(0)), Tensor::sum);
            case "mean-dim0" -> unary(random(side(c), side(c)),
                x -> mean(x, new long[] {0}, false, new ScalarTypeOptional()));
            case "argmax" -> unary(random(side(c), side(c)), x -> argmax(x, new LongOptional(1), false));
            case "cumsum" -> unary(random(side(c), side(c)), x -> cumsum(x, 1));
            case "cross-entropy" -> {
                Tensor x = random(c.dim(0), c.dim(1));
                Tensor y = randint(c.dim(1), new long[] {c.dim(0)}).to(torch.ScalarType.Long);
                yield each(() -> cross_entropy_loss(x, y));
            }
            case "embedding" -> {
                Tensor w = random(c.dim(1), c.dim(2));
                Tensor i = randint(c.dim(1), new long[] {c.dim(0)}).to(torch.ScalarType.Long);
                yield each(() -> embedding(w, i));
            }
            case "topk10" -> {
                Tensor x = random(c.dim(0));
                yield each(() -> topk(x, 10));
            }
            case "sort" -> {
                Tensor x = random(c.dim(0));
                yield each(() -> sort(x));
            }
            case "batch-norm-train" -> batchNorm(c);
            case "max-pool-3x3s2" -> unary(image(c.dim(0), c.dim(1), c.dim(2), c.dim(3)),
                x -> max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false));
            case "conv-forward", "conv-train", "conv-backward-data", "conv-backward-weights" -> convolution(c);
            case "tiny-add" -> {
                Tensor a = random(1);
                Tensor b = random(1);
                yield each(() -> a.add(b));
            }
            case "tiny-add-grad" -> {
                Tensor a = random(1).requires_grad_(true);
                Tensor b = random(1);
                yield each(() -> a.add(b));
            }
            case "tiny-chain-backward" -> {
                Tensor a = random(1).requires_grad_(true);
                Tensor b = random(1);
                yield each(() -> {
                    Tensor x = a;
                    for (int i = 0; i < c.dim(0); i++) {
                        x = x.add(b);
                    }
                    x.sum().backward();
                    forget(a);
                });
            }
            default -> null;
        };
    }

    private static long side(BenchCase c) {
        return Math.round(Math.sqrt(c.dim(0)));
    }

    private static Work product(Tensor a, Tensor b) {
        return each(() -> matmul(a, b));
    }

    /// Drops a gradient, so that the next is not added to it.
    static void forget(Tensor x) {
        x.mutable_grad().reset();
    }

    private static void backward(Tensor y, Tensor up) {
        y.backward(up, new BoolOptional(), false, new org.bytedeco.pytorch.TensorArrayRefOptional());
    }

    private static Work batchNorm(BenchCase c) {
        Tensor x = image(c.dim(0), c.dim(1), c.dim(2), c.dim(3)).requires_grad_(true);
        Tensor w = random(c.dim(1)).requires_grad_(true);
        Tensor b = random(c.dim(1)).requires_grad_(true);
        Tensor up = image(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
        return each(() -> {
            backward(batch_norm(x, new TensorOptional(w), new TensorOptional(b), new TensorOptional(),
                new TensorOptional(), true, 0.1, 1e-5, false), up);
            forget(x);
            forget(w);
            forget(b);
        });
    }

    private static Work convolution(BenchCase c) {
        long groups = c.dim(7);
        Tensor x = image(c.dim(0), c.dim(1), c.dim(2), c.dim(2));
        Tensor w = image(c.dim(3), c.dim(1) / groups, c.dim(4), c.dim(4));
        long[] stride = {c.dim(5), c.dim(5)};
        long[] padding = {c.dim(6), c.dim(6)};
        long[] one = {1, 1};
        if (c.kind().equals("conv-forward")) {
            return each(() -> conv2d(x, w, new TensorOptional(), stride, padding, one, groups));
        }
        Tensor up = torch.ones_like(conv2d(x, w, new TensorOptional(), stride, padding, one, groups));
        if (!c.kind().equals("conv-train")) {
            boolean data = c.kind().equals("conv-backward-data");
            BoolPointer which = new BoolPointer(3).put(0, data).put(1, !data).put(2, false);
            return each(() -> convolution_backward(up, x, w, new LongArrayRefOptional(), stride, padding, one, false,
                new long[] {0, 0}, groups, which));
        }
        x.requires_grad_(true);
        w.requires_grad_(true);
        return each(() -> {
            backward(conv2d(x, w, new TensorOptional(), stride, padding, one, groups), up);
            forget(x);
            forget(w);
        });
    }

    /// Tensors as a vector, for functions that take one.
    static TensorVector vector(Tensor... tensors) {
        return new TensorVector(tensors);
    }
}
