package dev.tenon.benchmarks.jmh;

import dev.tenon.api.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/// Matrix products: square ones, tall ones, one row.
public class MatMulBenchmark extends Timed {
    /// Rows, inner dimension and columns.
    @Param({"64x64x64", "256x256x256", "1024x1024x1024", "64x1000x100", "257x509x131", "1x1024x1024"})
    public String size = "";

    @Param({"f32", "f64", "bf16"})
    public String dtype = "";

    /// Of the second operand: `columns` is the product with a transposed matrix, as a linear layer has it.
    @Param({"rows", "columns"})
    public String layout = "";

    private Tensor a;
    private Tensor b;

    public MatMulBenchmark() {}

    @Setup
    public void prepare() {
        long[] mkn = Operands.dims(size);
        Operands operands = new Operands(dtype);
        a = operands.random(mkn[0], mkn[1]);
        b = operands.matrix(layout, mkn[1], mkn[2]);
    }

    @Benchmark
    public void matmul(Blackhole hole) {
        Operands.run(hole, () -> a.matmul(b));
    }
}
