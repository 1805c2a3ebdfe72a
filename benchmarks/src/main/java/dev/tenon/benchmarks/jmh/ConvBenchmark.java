package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.WindowGeometry;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// Convolutions and their two gradients, without bias.
public class ConvBenchmark extends Timed {
    /// Images, channels, side, filters, kernel, stride, padding, groups.
    @Param({"8x3x224x64x7x2x3x1", "8x64x56x64x3x1x1x1", "8x512x7x512x3x1x1x1", "8x64x56x256x1x1x0x1",
        "8x128x56x128x3x1x1x128", "7x13x31x17x3x1x1x1"})
    public String size = "";

    @Param({"f32", "bf16"})
    public String dtype = "";

    private Convolution op;
    private Tensor x;
    private Tensor w;
    private Tensor up;

    public ConvBenchmark() {}

    @Setup
    public void prepare() {
        long[] d = Operands.dims(size);
        Operands operands = new Operands(dtype);
        op = new Convolution(WindowGeometry.of(2, (int) d[5], (int) d[6], 1), (int) d[7]);
        x = operands.random(d[0], d[1], d[2], d[2]);
        w = operands.random(d[3], d[1] / d[7], d[4], d[4]);
        up = Dispatcher.apply(op, List.of(x, w)).getFirst();
    }

    @Benchmark
    public void forward(Blackhole hole) {
        Operands.run(hole, () -> Dispatcher.apply(op, List.of(x, w)).getFirst());
    }

    @Benchmark
    public void backwardData(Blackhole hole) {
        Operands.run(hole, () ->
            Dispatcher.apply(new ConvolutionBackwardData(op, x.shape()), List.of(up, w)).getFirst());
    }

    @Benchmark
    public void backwardWeights(Blackhole hole) {
        Operands.run(hole, () ->
            Dispatcher.apply(new ConvolutionBackwardWeight(op, w.shape()), List.of(x, up)).getFirst());
    }
}
