package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// What an op costs beside its arithmetic: operands of one element.
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OverheadBenchmark extends Timed {
    /// Ops in the chain that is differentiated.
    @Param({"16"})
    public int ops;

    private Tensor a;
    private Tensor b;
    private Tensor leaf;

    public OverheadBenchmark() {}

    @Setup
    public void prepare() {
        Operands operands = new Operands("f32");
        a = operands.random(1);
        b = operands.random(1);
        leaf = operands.random(1).requiresGrad(true);
    }

    @Benchmark
    public void add(Blackhole hole) {
        Operands.run(hole, () -> a.add(b));
    }

    @Benchmark
    public void addUnderGradient(Blackhole hole) {
        Operands.run(hole, () -> leaf.add(b));
    }

    @Benchmark
    public void view(Blackhole hole) {
        Operands.run(hole, () -> a.reshape(1, 1));
    }

    @Benchmark
    public void chainBackward(Blackhole hole) {
        Operands.run(hole, () -> {
            Tensor x = leaf;
            for (int i = 0; i < ops; i++) {
                x = x.add(b);
            }
            x.sum().backward();
            leaf.setGrad(null);
            return leaf;
        });
    }
}
