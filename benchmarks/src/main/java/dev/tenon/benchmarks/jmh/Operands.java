package dev.tenon.benchmarks.jmh;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.function.Supplier;
import org.openjdk.jmh.infra.Blackhole;

/// What the benchmarks compute with, on the default device (`-Dtenon.device`).
final class Operands {
    private final Generator g = new Generator(1);
    private final DType dtype;

    /// @param dtype `f32`, `bf16`, ...
    Operands(String dtype) {
        this.dtype = DType.of(dtype);
    }

    /// The numbers of a size such as `64x1000x100`.
    static long[] dims(String size) {
        return Arrays.stream(size.split("x")).mapToLong(Long::parseLong).toArray();
    }

    /// Normally distributed numbers, row by row.
    Tensor random(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, Device.getDefault(), g).to(dtype);
    }

    /// A matrix, or its elements in another order in memory.
    ///
    /// @param layout `rows`, `columns` (a transposed view) or `strided` (every other column of a wider one)
    Tensor matrix(String layout, long rows, long columns) {
        return switch (layout) {
            case "rows" -> random(rows, columns);
            case "columns" -> random(columns, rows).t();
            case "strided" -> random(rows, columns, 2).select(2, 0);
            default -> throw new IllegalArgumentException("no layout is called " + layout
                + ": rows, columns, strided");
        };
    }

    /// Computes and waits for it; what it needed is given back at the end.
    static void run(Blackhole hole, Supplier<Tensor> body) {
        try (Scope _ = Scope.open()) {
            Tensor y = body.get();
            y.device().synchronize();
            hole.consume(y);
        }
    }
}
