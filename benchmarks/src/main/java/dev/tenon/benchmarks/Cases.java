package dev.tenon.benchmarks;

import java.util.ArrayList;
import java.util.List;

/// What is timed on a processor.
final class Cases {
    static final int F32 = 4;
    private static final long M = 1 << 20;

    /// A convolution and its two gradients.
    static final List<String> CONVOLUTIONS =
        List.of("conv-forward", "conv-backward-data", "conv-backward-weights");

    static final List<BenchCase> ALL = all();

    private Cases() {}

    private static List<BenchCase> all() {
        List<BenchCase> all = new ArrayList<>();
        products(all);
        elementwise(all);
        rows(all);
        convolutions(all);
        overhead(all);
        steps(all);
        return List.copyOf(all);
    }

    private static void products(List<BenchCase> all) {
        for (long n : new long[] {64, 128, 256}) {
            all.add(matmul("matmul", 1.0, n, n, n));
        }
        for (long n : new long[] {512, 1024, 2048}) {
            all.add(matmul("matmul", 0.9, n, n, n).java(0.9));
        }
        all.add(matmul("matmul", 1.0, 64, 1000, 100));
        all.add(matmul("matmul", 1.0, 64, 100, 10));
        all.add(matmul("matmul", 1.0, 128, 784, 512));
        // Off the beaten path: odd and prime sizes, one row, one column.
        all.add(matmul("matmul", 1.0, 257, 509, 131));
        all.add(matmul("matmul", 1.0, 1, 1024, 1024));
        all.add(matmul("matmul", 1.0, 1024, 1024, 1));
        all.add(matmul("matmul-bf16", 0.9, 512, 512, 512));
        all.add(matmul("matmul-bf16", 0.9, 1024, 1024, 1024));
        all.add(BenchCase.of("bmm", 2.0 * 32 * 128 * 64 * 128, 0, 1.0, 32, 128, 64, 128));
        all.add(BenchCase.of("sdpa-causal", 2.0 * 8 * 4 * 128 * 128 * 64, 0, 1.0, 8, 4, 128, 64));
        all.add(BenchCase.of("sdpa-causal", 2.0 * 8 * 1024 * 1024 * 64, 0, 1.0, 1, 8, 1024, 64));
    }

    static BenchCase matmul(String kind, double aim, long m, long k, long n) {
        // Few rows or columns read one operand once: its bytes are the limit, not the arithmetic.
        boolean thin = Math.min(m, n) == 1;
        return BenchCase.of(kind, thin ? 0 : 2.0 * m * k * n, thin ? F32 * (double) (m * k + k * n + m * n) : 0, aim,
            m, k, n);
    }

    private static void elementwise(List<BenchCase> all) {
        for (long n : new long[] {1 << 10, 1 << 16, 16 * M}) {
            double aim = n == 1 << 10 ? 2.0 : 1.2;
            all.add(BenchCase.of("add", 0, 3.0 * F32 * n, aim, n));
            all.add(BenchCase.of("add-into", 0, 3.0 * F32 * n, aim, n));
            all.add(BenchCase.of("relu", 0, 2.0 * F32 * n, aim, n));
            all.add(BenchCase.of("gelu", 0, 2.0 * F32 * n, 1.3, n));
        }
        for (String f : new String[] {"exp", "tanh", "sigmoid"}) {
            all.add(BenchCase.of(f, 0, 2.0 * F32 * 16 * M, 1.2, 16 * M));
        }
        all.add(BenchCase.of("gelu-chain", 0, 3.0 * F32 * 16 * M, 1.3, 16 * M));
        all.add(BenchCase.of("add-row", 0, 2.0 * F32 * 16 * M, 1.2, 16 * M));
        all.add(BenchCase.of("where", 0, 3.25 * F32 * M, 1.2, M));
        all.add(BenchCase.of("transpose", 0, 2.0 * F32 * (1 << 16), 1.2, 1 << 16));
        all.add(BenchCase.of("transpose", 0, 2.0 * F32 * 16 * M, 1.2, 16 * M));
    }

    private static void rows(List<BenchCase> all) {
        for (long n : new long[] {1 << 16, 16 * M}) {
            all.add(BenchCase.of("softmax", 0, 2.0 * F32 * n, 1.3, n));
            all.add(BenchCase.of("layer-norm", 0, 2.0 * F32 * n, 1.3, n));
            all.add(BenchCase.of("sum", 0, 1.0 * F32 * n, 1.2, n));
        }
        all.add(BenchCase.of("mean-dim0", 0, 1.0 * F32 * 16 * M, 1.2, 16 * M));
        all.add(BenchCase.of("argmax", 0, 1.0 * F32 * 16 * M, 1.2, 16 * M));
        all.add(BenchCase.of("cumsum", 0, 2.0 * F32 * 16 * M, 1.2, 16 * M));
        all.add(BenchCase.of("cross-entropy", 0, 1.0 * F32 * 1024 * 50257, 1.2, 1024, 50257));
        all.add(BenchCase.of("embedding", 0, 2.0 * F32 * 8192 * 256, 1.2, 8192, 50257, 256));
        all.add(BenchCase.of("topk10", 0, 1.0 * F32 * M, 1.2, M));
        all.add(BenchCase.of("sort", 0, 2.0 * F32 * M, 1.2, M));
        all.add(BenchCase.of("batch-norm-train", 0, 5.0 * F32 * 8 * 256 * 56 * 56, 1.2, 8, 256, 56, 56));
        all.add(BenchCase.of("max-pool-3x3s2", 0, 1.25 * F32 * 8 * 64 * 112 * 112, 1.2, 8, 64, 112, 112));
    }

    /// The shapes of a ResNet-50, and others that are common. Dims: batch, channels in, side, channels out, kernel,
    /// stride, padding, groups.
    private static void convolutions(List<BenchCase> all) {
        long[][] residual = {
            {8, 3, 224, 64, 7, 2, 3, 1}, {8, 64, 56, 256, 1, 1, 0, 1}, {8, 64, 56, 64, 3, 1, 1, 1},
            {8, 128, 28, 128, 3, 1, 1, 1}, {8, 256, 14, 256, 3, 1, 1, 1}, {8, 512, 7, 512, 3, 1, 1, 1},
            {8, 1024, 14, 256, 1, 1, 0, 1}};
        long[][] others = {{8, 128, 56, 128, 3, 1, 1, 128}, {64, 1, 28, 6, 5, 1, 2, 1}, {32, 64, 32, 64, 3, 1, 1, 1}};
        for (long[] s : residual) {
            for (String kind : CONVOLUTIONS) {
                all.add(convolution(kind, 1.0, s).java(0.7));
            }
            all.add(convolution("conv-train", 1.0, s).java(0.7));
        }
        for (long[] s : others) {
            all.add(convolution("conv-forward", 1.0, s).java(0.7));
            all.add(convolution("conv-train", 1.0, s).java(0.7));
        }
    }

    /// @param kind one of [#CONVOLUTIONS], or `conv-train` for all of them
    static BenchCase convolution(String kind, double aim, long... s) {
        long out = (s[2] + 2 * s[6] - s[4]) / s[5] + 1;
        double flops = 2.0 * s[0] * s[3] * out * out * s[1] / s[7] * s[4] * s[4];
        return BenchCase.of(kind, (kind.equals("conv-train") ? 3 : 1) * flops, 0, aim, s);
    }

    private static void overhead(List<BenchCase> all) {
        all.add(BenchCase.of("tiny-add", 0, 0, 2.0));
        all.add(BenchCase.of("tiny-add-grad", 0, 0, 1.6));
        all.add(BenchCase.of("tiny-chain-backward", 0, 0, 2.0, 16));
    }

    private static void steps(List<BenchCase> all) {
        // Op by op, and as a graph that is captured once.
        for (String how : List.of("", "-captured")) {
            all.add(BenchCase.of("step-two-layer" + how, 3 * 2.0 * 64 * (1000 * 100 + 100 * 10), 0, 1.5));
            all.add(BenchCase.of("step-mlp" + how, 3 * 2.0 * 128 * (784 * 512 + 512 * 256 + 256 * 10), 0, 1.0));
            all.add(BenchCase.of("step-lenet5" + how, 0, 0, 2.0));
            all.add(BenchCase.of("step-lstm" + how, 0, 0, 1.0));
            all.add(BenchCase.of("step-gpt" + how, 0, 0, 1.2));
            all.add(BenchCase.of("step-resnet18" + how, 3 * 32 * 2 * 0.5555e9, 0, 1.0, 32));
            all.add(BenchCase.of("step-resnet50" + how, 3 * 4 * 2 * 4.089e9, 0, 1.1, 4));
        }
        all.add(BenchCase.of("infer-resnet50", 2 * 4.089e9, 0, 1.0, 1));
        all.add(BenchCase.of("infer-resnet50", 8 * 2 * 4.089e9, 0, 1.0, 8));
        // An epoch of batches of 64 images of 28 x 28 bytes as normalised floats, in a new order.
        all.add(BenchCase.of("loader", 0, 0, 5.0, 64, 784));
    }
}
