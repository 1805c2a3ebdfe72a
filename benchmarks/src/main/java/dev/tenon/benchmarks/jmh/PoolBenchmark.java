package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.PoolOptions;
import dev.tenon.nn.functional.Pools;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// Pooling, forward.
public class PoolBenchmark extends Timed {
    /// Images, channels, side, window, stride, padding.
    @Param({"8x64x112x3x2x1", "64x6x28x2x2x0", "7x13x31x3x1x1"})
    public String size = "";

    @Param({"f32", "bf16"})
    public String dtype = "";

    private Tensor x;
    private int window;
    private PoolOptions options = new PoolOptions();

    public PoolBenchmark() {}

    @Setup
    public void prepare() {
        long[] d = Operands.dims(size);
        x = new Operands(dtype).random(d[0], d[1], d[2], d[2]);
        window = (int) d[3];
        options = new PoolOptions().stride((int) d[4]).padding((int) d[5]);
    }

    @Benchmark
    public void maxPool(Blackhole hole) {
        Operands.run(hole, () -> Pools.maxPool2d(x, window, options));
    }

    @Benchmark
    public void avgPool(Blackhole hole) {
        Operands.run(hole, () -> Pools.avgPool2d(x, window, options));
    }
}
