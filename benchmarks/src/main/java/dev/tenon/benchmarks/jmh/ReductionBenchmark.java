package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// Reductions to one number, of rows and of columns.
public class ReductionBenchmark extends Timed {
    @Param({"1x1024", "64x1024", "4096x4096", "1021x1031"})
    public String size = "";

    @Param({"f32", "bf16"})
    public String dtype = "";

    @Param({"rows", "columns"})
    public String layout = "";

    private Tensor x;

    public ReductionBenchmark() {}

    @Setup
    public void prepare() {
        long[] dims = Operands.dims(size);
        x = new Operands(dtype).matrix(layout, dims[0], dims[1]);
    }

    @Benchmark
    public void sum(Blackhole hole) {
        Operands.run(hole, x::sum);
    }

    @Benchmark
    public void sumOfRows(Blackhole hole) {
        Operands.run(hole, () -> x.sum(1));
    }

    @Benchmark
    public void meanOfColumns(Blackhole hole) {
        Operands.run(hole, () -> x.mean(0));
    }

    @Benchmark
    public void argmaxOfRows(Blackhole hole) {
        Operands.run(hole, () -> x.argmax(1, false));
    }
}
