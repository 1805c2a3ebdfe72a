package dev.tenon.benchmarks;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Stream;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Epoch;
import dev.tenon.data.image.ImageDataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/// What moves data: the loader, and copies from the host beside computing.
final class TenonTransfers {
    /// Of the loader's epoch; as in `torch_side.py`.
    private static final int SAMPLES = 4096;

    private final Device device;

    TenonTransfers(Device device) {
        this.device = device;
    }

    Optional<Work> prepare(BenchCase c) {
        return Optional.ofNullable(switch (c.kind()) {
            case "loader" -> loader(c.dim(0), c.dim(1));
            case "upload" -> upload(c, true, false);
            case "upload-product" -> upload(c, false, true);
            case "upload-beside-product" -> upload(c, true, true);
            default -> null;
        });
    }

    /// An epoch of shuffled batches: bytes to floats, normalised, collated, and their labels.
    private Work loader(long batch, long pixels) {
        byte[] bytes = new byte[Math.toIntExact(SAMPLES * pixels)];
        new Random(1).nextBytes(bytes);
        int[] labels = new Random(2).ints(SAMPLES, 0, 10).toArray();
        long side = Math.round(Math.sqrt(pixels));
        var data = new ImageDataset("bytes", bytes, labels, Shape.of(1, side, side), Collections.nCopies(10, "class"))
            .normalised(new double[] {0.1307}, new double[] {0.3081});
        DataLoader loader = DataLoader.builder(data).batchSize((int) batch).shuffle(1).device(device)
            .workers(Runtime.getRuntime().availableProcessors()).build();
        return new Work() {
            @Override
            public void run() {
                try (Epoch epoch = loader.nextEpoch()) {
                    for (Batch b : epoch) {
                        b.close();
                    }
                }
            }

            @Override
            public void finish() {
                device.synchronize();
            }

            @Override
            public void close() {
                loader.close();
            }
        };
    }

    /// A copy of pinned memory on a stream of its own, a product on the usual one, or both.
    private Work upload(BenchCase c, boolean copies, boolean computes) {
        DeviceRuntime runtime = device.runtime();
        long n = c.dim(0);
        long bytes = c.dim(1) << 20;
        Arena arena = Arena.ofShared();
        MemorySegment host = runtime.pinnedHostMemory(bytes, arena);
        Generator g = new Generator(1);
        Tensor there = Tensors.zeros(Shape.of(bytes / 4), DType.F32, device);
        Tensor a = Tensors.randn(Shape.of(n, n), DType.F32, device, g);
        Tensor b = Tensors.randn(Shape.of(n, n), DType.F32, device, g);
        Stream stream = runtime.newStream();
        device.synchronize();
        return new Work() {
            @Override
            public void run() {
                try (Scope _ = Scope.open()) {
                    if (computes) {
                        a.matmul(b);
                    }
                    if (copies) {
                        runtime.copyFromHost(host, there.memory(), there.byteOffset(), stream);
                        // The next run's product waits for this copy, as the step that reads it would.
                        runtime.defaultStream().waitFor(stream.record());
                    }
                }
            }

            @Override
            public void finish() {
                device.synchronize();
            }

            @Override
            public void close() {
                device.synchronize();
                List.of(there, a, b).forEach(Tensor::close);
                arena.close();
            }
        };
    }
}
