package dev.tenon.benchmarks;

import dev.tenon.benchmarks.OneDnnCalls.Argument;
import dev.tenon.benchmarks.OneDnnCalls.Direction;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// oneDNN itself, as its own `benchdnn` measures it: products and convolutions of operands that lie in whatever layout
/// the primitive likes best, on the library's OpenMP threads. Copies into these layouts are not timed.
final class OneDnnSide implements Side {
    private final OneDnnCalls calls = new OneDnnCalls();

    @Override
    public String describe() {
        return "oneDNN " + calls.version() + ", layouts of its choice, "
            + (Boolean.getBoolean("tenon.bench.cpu") ? 1 : Runtime.getRuntime().availableProcessors()) + " threads";
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        return Optional.ofNullable(switch (c.kind()) {
            case "matmul" -> product(c, OneDnnCalls.F32);
            case "matmul-bf16" -> product(c, OneDnnCalls.BF16);
            case "conv-forward" -> convolution(c, Direction.FORWARD);
            case "conv-backward-data" -> convolution(c, Direction.DATA);
            case "conv-backward-weights" -> convolution(c, Direction.WEIGHTS);
            case "conv-train" -> all(convolution(c, Direction.FORWARD), convolution(c, Direction.DATA),
                convolution(c, Direction.WEIGHTS));
            default -> null;
        });
    }

    private Work product(BenchCase c, int dtype) {
        return calls.work(calls.matmul(calls.any(dtype, c.dim(0), c.dim(1)), calls.any(dtype, c.dim(1), c.dim(2)),
            calls.any(dtype, c.dim(0), c.dim(2))), Argument.SRC, Argument.WEIGHTS, Argument.DST);
    }

    private Work convolution(BenchCase c, Direction direction) {
        int dtype = OneDnnCalls.F32;
        long groups = c.dim(7);
        long kernel = c.dim(4);
        long out = (c.dim(2) + 2 * c.dim(6) - kernel) / c.dim(5) + 1;
        MemorySegment x = calls.any(dtype, c.dim(0), c.dim(1), c.dim(2), c.dim(2));
        MemorySegment w = groups == 1 ? calls.any(dtype, c.dim(3), c.dim(1), kernel, kernel)
            : calls.any(dtype, groups, c.dim(3) / groups, c.dim(1) / groups, kernel, kernel);
        MemorySegment y = calls.any(dtype, c.dim(0), c.dim(3), out, out);
        MemorySegment description = calls.convolution(direction, x, w, y, c.dim(5), c.dim(6));
        return switch (direction) {
            case FORWARD -> calls.work(description, Argument.SRC, Argument.WEIGHTS, Argument.DST);
            case DATA -> calls.work(description, Argument.DIFF_SRC, Argument.WEIGHTS, Argument.DIFF_DST);
            case WEIGHTS -> calls.work(description, Argument.SRC, Argument.DIFF_WEIGHTS, Argument.DIFF_DST);
        };
    }

    private static Work all(Work... works) {
        return new Work() {
            @Override
            public void run() {
                for (Work w : works) {
                    w.run();
                }
            }

            @Override
            public void close() {
                List.of(works).forEach(Work::close);
            }
        };
    }
}
