package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.TopK;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Reductions;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The first few of a stable sort, in one pass: a heap keeps the best so far, and vectors of floats without any that is
/// better than the worst of these are passed over.
///
/// An element is one word, its key of [SortKernel] above its position: the words wanted are the smallest, and no two
/// are equal, so however a line is cut, the result is the same.
final class TopKKernel implements Kernel {
    private static final int PIECE = 1 << 16;

    private final WorkerPool pool;
    private final Reductions reductions;
    private final TopK op;
    private final DType dtype;
    private final int length;
    private final long[] steps;
    private final Iteration lines;

    TopKKernel(Blocks blocks, WorkerPool pool, TopK op, TensorType in, List<TensorType> out) {
        this.pool = pool;
        this.reductions = Reductions.of(blocks.isVector());
        this.op = op;
        this.dtype = in.dtype();
        this.length = Math.toIntExact(in.shape().dim(op.axis()));
        List<TensorType> all = List.of(in, out.get(0), out.get(1));
        steps = all.stream().mapToLong(t -> t.stride(op.axis()) * t.dtype().bytes()).toArray();
        lines = ScanKernel.lines(all, op.axis());
    }

    /// Whether this is better than a sort: keys fit beside positions, and few elements are wanted.
    static boolean suits(TopK op, TensorType in) {
        long n = in.shape().dim(op.axis());
        return in.dtype().bytes() <= 4 && op.k() > 0 && op.k() <= n / 8 && n <= Integer.MAX_VALUE;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        long count = lines.elements();
        if (count >= pool.threads() || length < 2 * PIECE) {
            pool.parallelFor(count, Math.max(1, PIECE / length), (from, to) -> {
                Best best = new Best(op.k());
                for (long l = from; l < to; l++) {
                    best.size = 0;
                    scan(at[0] + lines.offset(0, l) * dtype.bytes(), 0, length, best);
                    store(best, at, l);
                }
            });
            return;
        }
        for (long l = 0; l < count; l++) {
            long x = at[0] + lines.offset(0, l) * dtype.bytes();
            Best[] parts = new Best[pool.threads()];
            pool.parallelFor(parts.length, 1, (from, to) -> {
                for (int p = (int) from; p < to; p++) {
                    parts[p] = new Best(op.k());
                    scan(x, start(p, parts.length), start(p + 1, parts.length), parts[p]);
                }
            });
            for (int p = 1; p < parts.length; p++) {
                for (int i = 0; i < parts[p].size; i++) {
                    parts[0].offer(parts[p].words[i]);
                }
            }
            store(parts[0], at, l);
        }
    }

    private int start(int part, int parts) {
        return (int) ((long) length * part / parts);
    }

    private long word(long x, int i) {
        long key = SortKernel.key(dtype, x + i * steps[0]);
        return (op.largest() ? ~key : key) << 32 | i;
    }

    private void scan(long x, int from, int to, Best best) {
        boolean floats = dtype == DType.F32 && steps[0] == 4;
        int i = from;
        while (i < to) {
            if (floats && best.size == op.k()) {
                float bound = Mem.getFloat(x + 4L * (int) best.words[0]);
                i = reductions.beyond(x, i, to, bound, op.largest());
                if (i == to) {
                    break;
                }
            }
            best.offer(word(x, i));
            i++;
        }
    }

    private void store(Best best, long[] at, long line) {
        Arrays.sort(best.words, 0, best.size);
        long x = at[0] + lines.offset(0, line) * dtype.bytes();
        long y = at[1] + lines.offset(1, line) * dtype.bytes();
        long p = at[2] + lines.offset(2, line) * DType.I64.bytes();
        for (int i = 0; i < best.size; i++) {
            int position = (int) best.words[i];
            Blocks.move(x + position * steps[0], 0, y + i * steps[1], 0, 1, dtype.bytes());
            Values.putLong(DType.I64, p + i * steps[2], position);
        }
    }

    /// The smallest words so far, the largest of them on top of a heap.
    private static final class Best {
        private final long[] words;
        private int size;

        Best(int k) {
            words = new long[k];
        }

        void offer(long word) {
            if (size < words.length) {
                int i = size++;
                while (i > 0 && words[(i - 1) / 2] < word) {
                    words[i] = words[(i - 1) / 2];
                    i = (i - 1) / 2;
                }
                words[i] = word;
            } else if (word < words[0]) {
                sink(word);
            }
        }

        /// Puts a word in place of the one on top.
        private void sink(long word) {
            int i = 0;
            for (int child = 1; child < size; child = 2 * i + 1) {
                if (child + 1 < size && words[child + 1] > words[child]) {
                    child++;
                }
                if (words[child] <= word) {
                    break;
                }
                words[i] = words[child];
                i = child;
            }
            words[i] = word;
        }
    }
}
