package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Norms;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// What first reduces rows or channels and then scales them.
public class NormBenchmark extends Timed {
    @Param({"64x1024", "4096x4096", "1021x1031", "1024x50257"})
    public String size = "";

    @Param({"f32", "bf16"})
    public String dtype = "";

    @Param({"rows", "columns"})
    public String layout = "";

    private Tensor x;
    private Tensor weight;
    private Tensor bias;

    public NormBenchmark() {}

    @Setup
    public void prepare() {
        long[] dims = Operands.dims(size);
        Operands operands = new Operands(dtype);
        x = operands.matrix(layout, dims[0], dims[1]);
        weight = operands.random(dims[1]);
        bias = operands.random(dims[1]);
    }

    @Benchmark
    public void softmax(Blackhole hole) {
        Operands.run(hole, () -> x.softmax(1));
    }

    @Benchmark
    public void layerNorm(Blackhole hole) {
        Operands.run(hole, () -> Norms.layerNorm(x, Shape.of(x.size(1)), weight, bias, 1e-5));
    }

    @Benchmark
    public void batchNorm(Blackhole hole) {
        Operands.run(hole, () -> Norms.batchNormTraining(x, null, null, weight, bias, 0.1, 1e-5));
    }
}
