package dev.tenon.opencl;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.data.Batch;
import dev.tenon.data.DataLoader;
import dev.tenon.data.Dataset;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;

/// The program that [TimelineTest] runs in a JVM of its own: batches of images loaded through pinned memory, and a few
/// matrix products with each.
final class CopyAheadProgram {
    static final int BATCHES = 24;
    private static final int BATCH = 16;
    private static final int SIDE = 96;

    private CopyAheadProgram() {}

    public static void main(String[] args) {
        Device device = Device.getDefault();
        float[] pixels = new float[3 * SIDE * SIDE];
        Dataset<Sample> images = new Dataset<>() {
            @Override
            public long size() {
                return (long) BATCHES * BATCH;
            }

            @Override
            public Sample get(long index) {
                return new Sample(HostArray.of(pixels, Shape.of(3, SIDE, SIDE)), HostArray.label(index % 10));
            }
        };
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad();
                DataLoader loader = DataLoader.builder(images).batchSize(BATCH).workers(1).prefetch(4).pinMemory(true)
                        .device(device).build()) {
            Tensor first = Tensors.ones(Shape.of(3 * SIDE * SIDE, 256), DType.F32, device);
            Tensor square = Tensors.ones(Shape.of(256, 256), DType.F32, device);
            for (Batch batch : loader) {
                try (Scope _ = Scope.open(); batch) {
                    Tensor h = batch.input().reshape(BATCH, -1).mm(first);
                    for (int layer = 0; layer < 8; layer++) {
                        h = h.mm(square);
                    }
                    System.out.println("batch " + batch.number() + " = " + h.sum().item());
                }
            }
        }
    }
}
