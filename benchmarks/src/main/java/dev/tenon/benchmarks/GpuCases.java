package dev.tenon.benchmarks;

import static dev.tenon.benchmarks.Cases.F32;

import java.util.ArrayList;
import java.util.List;

/// What is timed on a graphics card: products, bandwidth, convolutions, training steps, copies from the host.
final class GpuCases {
    /// Within 5 % of the vendor's library.
    private static final double PRODUCT = 0.95;
    /// Of the bandwidth at which the device copies within its memory.
    private static final double BANDWIDTH = 0.85;

    private GpuCases() {}

    /// @param small sizes at which a processor is done in seconds, to see that everything works
    static List<BenchCase> all(boolean small) {
        List<BenchCase> all = new ArrayList<>();
        for (long n : small ? new long[] {256, 512} : new long[] {4096, 8192}) {
            for (String kind : List.of("matmul", "matmul-tf32", "matmul-bf16")) {
                all.add(Cases.matmul(kind, PRODUCT, n, n, n));
            }
        }
        bandwidth(all, (small ? 1L : 64L) << 20);
        long images = small ? 1 : 32;
        long[][] residual = {
            {images, 3, 224, 64, 7, 2, 3, 1}, {images, 64, 56, 64, 1, 1, 0, 1}, {images, 64, 56, 64, 3, 1, 1, 1},
            {images, 64, 56, 256, 1, 1, 0, 1}, {images, 128, 28, 128, 3, 1, 1, 1},
            {images, 256, 14, 256, 3, 1, 1, 1}, {images, 512, 7, 512, 3, 1, 1, 1},
            {images, 1024, 14, 2048, 1, 2, 0, 1}};
        for (long[] s : residual) {
            for (String kind : Cases.CONVOLUTIONS) {
                all.add(Cases.convolution(kind, 1.0, s));
            }
        }
        for (String step : List.of("step-mlp", "step-lenet5", "step-resnet18", "step-gpt")) {
            long[] dims = step.equals("step-resnet18") ? new long[] {small ? 2 : 128} : new long[0];
            all.add(BenchCase.of(step, 0, 0, 1.0, dims));
            all.add(BenchCase.of(step + "-captured", 0, 0, 1.0, dims));
        }
        copies(all, small);
        return List.copyOf(all);
    }

    private static void bandwidth(List<BenchCase> all, long n) {
        all.add(limited("copy", 2, n));
        all.add(limited("add", 3, n));
        all.add(limited("add-into", 3, n));
        all.add(limited("relu", 2, n));
        all.add(limited("gelu", 2, n));
        all.add(limited("add-row", 2, n));
        all.add(limited("sum", 1, n));
        all.add(limited("sum-rows", 1, n));
        all.add(limited("mean-dim0", 1, n));
        all.add(limited("softmax", 2, n));
        all.add(limited("layer-norm", 2, n));
    }

    /// @param passes how often the numbers are read or written
    private static BenchCase limited(String kind, double passes, long n) {
        return BenchCase.of(kind, 0, passes * F32 * n, 1.0, n).share(BANDWIDTH);
    }

    /// A product, a copy from the host, and both at once; in the first size the product's, then millions of bytes. The
    /// copy takes about as long as the product on what is usual today.
    private static void copies(List<BenchCase> all, boolean small) {
        long[] dims = {small ? 512 : 8192, small ? 4 : 256};
        all.add(BenchCase.of("upload", 0, 0, 1.0, dims));
        all.add(BenchCase.of("upload-product", 0, 0, 1.0, dims));
        all.add(BenchCase.of("upload-beside-product", 0, 0, 1.0, dims));
    }
}
