package dev.tenon.benchmarks;

import dev.tenon.benchmarks.OneDnnCalls.Argument;
import dev.tenon.benchmarks.OneDnnCalls.Direction;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// oneDNN itself, on the library's OpenMP threads.
///
/// Matrices lie row by row, as tensors do, and each primitive packs what it wants to have packed. Or, with `packed`,
/// they lie in whatever layout the primitive likes best, as its own `benchdnn` measures it, and only products are timed.
/// Operands of convolutions lie as the primitive likes, images that are pooled or normalised in blocks of 16 channels;
/// copies into these layouts are not timed.
final class OneDnnSide implements Side {
    private final OneDnnCalls calls = new OneDnnCalls();
    private final boolean packed;

    /// @param packed whether matrices lie in the layouts that products like best
    OneDnnSide(boolean packed) {
        this.packed = packed;
    }

    @Override
    public String describe() {
        return "oneDNN " + calls.version() + (packed ? ", packed matrices, " : ", matrices row by row, ")
            + (Boolean.getBoolean("tenon.bench.cpu") ? 1 : Runtime.getRuntime().availableProcessors()) + " threads";
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        if (packed && !c.kind().startsWith("matmul")) {
            return Optional.empty();
        }
        return Optional.ofNullable(switch (c.kind()) {
            case "matmul" -> product(c, OneDnnCalls.F32);
            case "matmul-bf16" -> product(c, OneDnnCalls.BF16);
            case "conv-forward" -> convolution(c, Direction.FORWARD);
            case "conv-backward-data" -> convolution(c, Direction.DATA);
            case "conv-backward-weights" -> convolution(c, Direction.WEIGHTS);
            case "conv-train" -> all(convolution(c, Direction.FORWARD), convolution(c, Direction.DATA),
                convolution(c, Direction.WEIGHTS));
            case "softmax" -> calls.work(calls.softmax(rows(c)), Argument.SRC, Argument.DST);
            case "layer-norm" -> calls.work(calls.layerNorm(rows(c)), Argument.SRC, Argument.SCALE, Argument.SHIFT,
                Argument.MEAN, Argument.VARIANCE, Argument.DST);
            case "batch-norm-train" -> {
                MemorySegment x = images(c.dim(0), c.dim(1), c.dim(2), c.dim(3));
                yield all(calls.work(calls.batchNorm(x), Argument.SRC, Argument.SCALE, Argument.SHIFT, Argument.MEAN,
                    Argument.VARIANCE, Argument.DST), calls.work(calls.batchNormBackward(x), Argument.SRC,
                    Argument.MEAN, Argument.VARIANCE, Argument.SCALE, Argument.DIFF_DST, Argument.DIFF_SRC,
                    Argument.DIFF_SCALE, Argument.DIFF_SHIFT));
            }
            case "max-pool-3x3s2" -> calls.work(calls.maxPool(images(c.dim(0), c.dim(1), c.dim(2), c.dim(3)),
                images(c.dim(0), c.dim(1), (c.dim(2) + 1) / 2, (c.dim(3) + 1) / 2), 3, 2, 1), Argument.SRC,
                Argument.DST, Argument.WORKSPACE);
            default -> null;
        });
    }

    private MemorySegment rows(BenchCase c) {
        return calls.layout(OneDnnCalls.ROWS, OneDnnCalls.F32, c.dim(0) / 1024, 1024);
    }

    private MemorySegment images(long... dims) {
        return calls.layout(OneDnnCalls.BLOCKS, OneDnnCalls.F32, dims);
    }

    private Work product(BenchCase c, int dtype) {
        return calls.work(calls.matmul(matrix(dtype, c.dim(0), c.dim(1)), matrix(dtype, c.dim(1), c.dim(2)),
            matrix(dtype, c.dim(0), c.dim(2))), Argument.SRC, Argument.WEIGHTS, Argument.DST);
    }

    private MemorySegment matrix(int dtype, long rows, long cols) {
        return packed ? calls.any(dtype, rows, cols) : calls.layout(OneDnnCalls.ROWS, dtype, rows, cols);
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
