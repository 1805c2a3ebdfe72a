package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.DigitGenerator;
import dev.tenon.nn.Checkpoint;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.loss.CrossEntropyLoss;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.precision.Autocast;
import dev.tenon.nn.precision.GradScaler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What fewer bits cost: a small classifier of drawn digits, trained in 64 bits, in 32 bits, and with matrix products
/// in 16 bits (autocast), each saved in the bits it was trained for and loaded again to be tested.
///
/// The nets start with the same weights and see the same images in the same order.
public final class PrecisionTradeoff {
    private static final int HIDDEN = 64;
    private static final int BATCH = 50;

    private PrecisionTradeoff() {}

    /// How one precision does.
    ///
    /// @param name how it was trained
    /// @param stored the dtype of the saved weights
    /// @param accuracy the part of the test images that the loaded weights get right
    /// @param bytes the size of the file of weights
    /// @param skippedSteps how many steps the scaler of the loss left out; 0 where there is none
    public record Row(String name, DType stored, double accuracy, long bytes, int skippedSteps) {}

    /// Images as rows `[n, 784]` from 0 to 1, in `F32`, and the digits `[n]`.
    private record Digits(Tensor images, Tensor labels) {
        static Digits of(long seed, int n) {
            DigitGenerator generator = new DigitGenerator(seed);
            byte[] pixels = generator.images(0, n);
            byte[] labels = generator.labels(0, n);
            float[] values = new float[pixels.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = (pixels[i] & 0xFF) / 255f;
            }
            long[] classes = new long[n];
            for (int i = 0; i < n; i++) {
                classes[i] = labels[i];
            }
            Device d = Device.getDefault();
            return new Digits(Tensors.of(values, Shape.of(n, DigitGenerator.PIXELS), d), Tensors.of(classes).to(d));
        }
    }

    private static Sequential net() {
        Generator random = new Generator(5);
        Linear first = new Linear(DigitGenerator.PIXELS, HIDDEN);
        Linear second = new Linear(HIDDEN, DigitGenerator.CLASSES);
        for (Linear fc : List.of(first, second)) {
            double bound = 1 / Math.sqrt(fc.weight().shape().dim(1));
            Init.uniform(fc.weight().get(), -bound, bound, random);
            Init.uniform(fc.bias().get(), -bound, bound, random);
        }
        return new Sequential(first, new ReLU(), second);
    }

    /// Trains, saves, loads and tests in each precision.
    ///
    /// @param training how many images to train on
    /// @param testing how many others to test on
    /// @param epochs how often all are seen
    /// @param folder where the files of weights go
    /// @throws IOException if a file cannot be written or read
    public static List<Row> run(int training, int testing, int epochs, Path folder) throws IOException {
        try (Scope _ = Scope.open()) {
            Digits train = Digits.of(1, training);
            Digits test = Digits.of(2, testing);
            List<Row> rows = new ArrayList<>();
            for (DType dtype : new DType[] {DType.F64, DType.F32, DType.BF16, DType.F16}) {
                Sequential net = net();
                boolean mixed = dtype.bytes() == 2;
                net.to(mixed ? DType.F32 : dtype);
                int skipped = train(net, train, epochs, mixed ? dtype : null);
                Path file = folder.resolve("digits-" + dtype + ".safetensors");
                Checkpoint.saveWeights(file, net, dtype);
                Sequential loaded = net();
                loaded.to(dtype);
                Checkpoint.loadWeights(file, loaded);
                rows.add(new Row((mixed ? "autocast " : "") + dtype, dtype, accuracy(loaded, test), Files.size(file),
                        skipped));
            }
            return rows;
        }
    }

    /// @param lower the dtype of matrix products, or null for that of the parameters
    /// @return how many steps were left out
    private static int train(Sequential net, Digits digits, int epochs, @Nullable DType lower) {
        Adam optimizer = new Adam(net.parameters(), 2e-3);
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        GradScaler scaler = new GradScaler();
        boolean scaled = lower == DType.F16;
        DType dtype = net.parameters().getFirst().dtype();
        int skipped = 0;
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (long at = 0; at + BATCH <= digits.images.size(0); at += BATCH) {
                try (Scope _ = Scope.open()) {
                    Tensor x = digits.images.narrow(0, at, BATCH).to(dtype);
                    Tensor y = digits.labels.narrow(0, at, BATCH);
                    Tensor loss;
                    try (Context.Mode _ = lower == null ? Autocast.disabled() : Autocast.enter(lower)) {
                        loss = criterion.call(net.call(x), y);
                    }
                    optimizer.zeroGrad();
                    if (scaled) {
                        scaler.scale(loss).backward();
                        skipped += scaler.step(optimizer) ? 0 : 1;
                        scaler.update();
                    } else {
                        loss.backward();
                        optimizer.step();
                    }
                }
            }
        }
        return skipped;
    }

    private static double accuracy(Sequential net, Digits digits) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            DType dtype = net.parameters().getFirst().dtype();
            Tensor guess = net.call(digits.images.to(dtype)).argmax(1, false);
            return guess.eq(digits.labels).to(DType.F64).mean().item();
        }
    }

    /// Prints the table.
    ///
    /// @throws IOException if a file cannot be written or read
    public static void main(String... args) throws IOException {
        Path folder = Files.createTempDirectory("precision");
        System.out.printf("%-14s %10s %12s %14s%n", "trained in", "accuracy", "bytes saved", "steps skipped");
        for (Row r : run(4000, 1000, 4, folder)) {
            System.out.printf("%-14s %9.1f%% %12d %14d%n", r.name, 100 * r.accuracy, r.bytes, r.skippedSteps);
        }
    }
}
