package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// One pass over memory.
public class ElementwiseBenchmark extends Timed {
    @Param({"1", "1024", "65537", "16777216"})
    public long size;

    @Param({"f32", "bf16"})
    public String dtype = "";

    @Param({"rows", "strided"})
    public String layout = "";

    private Tensor a;
    private Tensor b;

    public ElementwiseBenchmark() {}

    @Setup
    public void prepare() {
        Operands operands = new Operands(dtype);
        a = operands.matrix(layout, 1, size);
        b = operands.matrix(layout, 1, size);
    }

    @Benchmark
    public void add(Blackhole hole) {
        Operands.run(hole, () -> a.add(b));
    }

    @Benchmark
    public void addInPlace(Blackhole hole) {
        Operands.run(hole, () -> b.add_(a));
    }

    @Benchmark
    public void relu(Blackhole hole) {
        Operands.run(hole, a::relu);
    }

    @Benchmark
    public void gelu(Blackhole hole) {
        Operands.run(hole, a::gelu);
    }
}
