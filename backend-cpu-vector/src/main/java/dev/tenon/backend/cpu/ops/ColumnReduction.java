package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Fn1;
import dev.tenon.backend.cpu.block.Fn2;
import dev.tenon.backend.cpu.block.Reductions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Reduction over outer axes: values come as `[outer, reduced, width]`, and rows of `width` are accumulated.
///
/// Short rows are accumulated several at a time, side by side, and folded at the end. Sums of floats are taken in
/// floats for
/// some rows and then added up in doubles, so that their error does not grow with the number of rows.
final class ColumnReduction {
    /// Takes the results: `accumulated` holds that of number `number` at `i`.
    interface Sink {
        void take(long number, Result accumulated, int i);
    }

    /// Rows that are summed in single precision.
    private static final int FLUSH = 32;
    /// The widest piece of rows that are read in place: its sums stay in the first-level cache.
    private static final int WIDE = 4096;
    private static final long PIECE = 1 << 16;

    private final WorkerPool pool;
    private final Reducer reducer;
    private final Kind kind;
    private final Plan plan;
    private final long outer;
    private final long reduced;
    private final long width;
    private final int chunk;
    private final long chunks;
    private final int pieces;
    private final Fn2 combine;
    private final Fn2 addDoubles;
    private final Fn1 toDoubles;

    ColumnReduction(Blocks blocks, WorkerPool pool, Reducer reducer, Kind kind, Plan plan, long outer, long reduced,
            long width) {
        this.pool = pool;
        this.reducer = reducer;
        this.kind = kind;
        this.plan = plan;
        this.outer = outer;
        this.reduced = reduced;
        this.width = width;
        // Memory gives more to one long run than to short ones, or to several side by side.
        boolean inPlace = plan.block == Plan.LONG_BLOCK && plan.iteration.inner() % width == 0;
        chunk = (int) Math.min(width, inPlace ? WIDE : Plan.BLOCK);
        chunks = (width + chunk - 1) / chunk;
        long tasks = outer * chunks;
        pieces = tasks >= 16 ? 1 : Math.clamp(reduced * chunk / PIECE, 1, 16);
        combine = blocks.binary(function(reducer), kind);
        addDoubles = blocks.binary(BinaryFn.ADD, Kind.F64);
        toDoubles = blocks.convert(Kind.F32, Kind.F64);
    }

    private static BinaryFn function(Reducer r) {
        return switch (r) {
            case SUM -> BinaryFn.ADD;
            case PROD -> BinaryFn.MUL;
            case MAX, ARGMAX -> BinaryFn.MAX;
            case MIN, ARGMIN -> BinaryFn.MIN;
            case ANY -> BinaryFn.OR;
            case ALL -> BinaryFn.AND;
        };
    }

    /// The accumulated values of some columns.
    static final class Result {
        private final Reducer reducer;
        private final boolean floating;
        private final double[] numbers;
        private final long[] integers;
        private final long[] positions;

        private Result(Reducer reducer, Kind kind, int n) {
            this.reducer = reducer;
            this.floating = kind.isFloating();
            numbers = new double[floating ? n : 0];
            integers = new long[floating ? 0 : n];
            positions = new long[reducer.isArg() ? n : 0];
        }

        void store(int i, DType dtype, long at) {
            if (reducer.isArg()) {
                Values.putLong(dtype, at, positions[i]);
            } else if (floating) {
                Values.putDouble(dtype, at, numbers[i]);
            } else {
                Values.putLong(dtype, at, integers[i]);
            }
        }

        /// Takes in one value; for positions, one that lies behind.
        private void add(int i, double d, long l, long position) {
            switch (reducer) {
                case SUM -> set(i, floating ? numbers[i] + d : 0, floating ? 0 : integers[i] + l);
                case PROD -> set(i, floating ? numbers[i] * d : 0, floating ? 0 : integers[i] * l);
                case MAX -> set(i, floating ? Math.max(numbers[i], d) : 0, floating ? 0 : Math.max(integers[i], l));
                case MIN -> set(i, floating ? Math.min(numbers[i], d) : 0, floating ? 0 : Math.min(integers[i], l));
                case ANY -> set(i, 0, integers[i] | l);
                case ALL -> set(i, 0, integers[i] & l);
                case ARGMAX, ARGMIN -> {
                    if (better(i, d, l)) {
                        set(i, d, l);
                        positions[i] = position;
                    }
                }
            }
        }

        private boolean better(int i, double d, long l) {
            boolean max = reducer == Reducer.ARGMAX;
            if (!floating) {
                return max ? l > integers[i] : l < integers[i];
            }
            double m = numbers[i];
            return d != d ? m == m : max ? d > m : d < m;
        }

        private void set(int i, double d, long l) {
            if (floating) {
                numbers[i] = d;
            } else {
                integers[i] = l;
            }
        }

        private void merge(Result o) {
            if (reducer == Reducer.SUM && floating) {
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] += o.numbers[i];
                }
                return;
            }
            for (int i = 0; i < Math.max(numbers.length, integers.length); i++) {
                add(i, floating ? o.numbers[i] : 0, floating ? 0 : o.integers[i],
                        positions.length == 0 ? 0 : o.positions[i]);
            }
        }
    }

    /// Reduces operands at the given addresses.
    void run(long[] base, Scalars scalars, Sink sink) {
        long work = reduced * chunk;
        if (pieces == 1) {
            pool.parallelFor(outer * chunks, Math.max(1, PIECE / 2 / work), (from, to) -> {
                Frame frame = plan.open(base, scalars);
                for (long t = from; t < to; t++) {
                    hand(t, columns(frame, t, 0, reduced), sink);
                }
            });
            return;
        }
        int tasks = (int) (outer * chunks);
        Result[] parts = new Result[tasks * pieces];
        pool.parallelFor(parts.length, 1, (from, to) -> {
            Frame frame = plan.open(base, scalars);
            for (int p = (int) from; p < to; p++) {
                long first = reduced * (p % pieces) / pieces;
                parts[p] = columns(frame, p / pieces, first, reduced * (p % pieces + 1) / pieces);
            }
        });
        for (int t = 0; t < tasks; t++) {
            Result r = parts[t * pieces];
            for (int p = 1; p < pieces; p++) {
                r.merge(parts[t * pieces + p]);
            }
            hand(t, r, sink);
        }
    }

    private void hand(long task, Result r, Sink sink) {
        long first = task / chunks * width + task % chunks * chunk;
        int n = columnsOf(task);
        for (int i = 0; i < n; i++) {
            sink.take(first + i, r, i);
        }
    }

    private int columnsOf(long task) {
        return (int) Math.min(chunk, width - task % chunks * chunk);
    }

    /// Some columns over the reduced positions from `from` to before `to`, at least one.
    private Result columns(Frame frame, long task, long from, long to) {
        int cols = columnsOf(task);
        long start = task / chunks * reduced * width + task % chunks * chunk;
        Result result = new Result(reducer, kind, cols);
        if (reducer.isArg()) {
            positions(frame, start, cols, from, to, result);
            return result;
        }
        int bytes = Blocks.bytes(kind);
        // Whole rows that follow one another may be accumulated side by side.
        int most = chunks == 1 ? (int) Math.max(1, Math.min(to - from, Plan.BLOCK / width)) * cols : cols;
        boolean sums = reducer == Reducer.SUM && kind.isFloating();
        long acc = Scratch.get().more((long) most * 8 * 4);
        long sum = acc + (long) most * 8;
        long wide = sum + (long) most * 8;
        long joined = wide + (long) most * 8;
        int used = 0;
        int summed = 0;
        int pending = 0;
        long r = from;
        while (r < to) {
            long position = start + r * width;
            int n = cols;
            if (chunks == 1) {
                n = plan.blockLength(position, start + to * width);
                n = Math.max(cols, Math.min(n, most) / cols * cols);
                n = pending == 0 ? n : Math.min(n, used);
            }
            long x = eval(frame, position, n, joined, bytes);
            if (pending == 0) {
                Mem.copy(x, acc, (long) n * bytes);
                used = n;
            } else {
                combine.run(acc, x, acc, n);
            }
            pending++;
            r += n / cols;
            if (sums && (pending == FLUSH || r >= to)) {
                summed = flush(acc, used, sum, summed, wide);
                pending = 0;
            }
        }
        fold(result, sums ? sum : acc, sums ? summed : used, cols, sums ? Kind.F64 : kind);
        return result;
    }

    /// A run of values; where it is longer than a block, several are joined.
    private long eval(Frame frame, long position, int n, long joined, int bytes) {
        int len = plan.blockLength(position, position + n);
        frame.eval(position, len);
        if (len == n) {
            return frame.result(0);
        }
        Mem.copy(frame.result(0), joined, (long) len * bytes);
        for (int done = len; done < n; done += len) {
            len = plan.blockLength(position + done, position + n);
            frame.eval(position + done, len);
            Mem.copy(frame.result(0), joined + (long) done * bytes, (long) len * bytes);
        }
        return joined;
    }

    /// Adds sums of some rows to those of all.
    private int flush(long acc, int n, long sum, int summed, long wide) {
        long x = acc;
        if (kind == Kind.F32) {
            toDoubles.run(acc, wide, n);
            x = wide;
        }
        int common = Math.min(n, summed);
        addDoubles.run(sum, x, sum, common);
        Mem.copy(x + 8L * common, sum + 8L * common, 8L * Math.max(0, n - common));
        return Math.max(n, summed);
    }

    /// Puts the values of rows side by side together, halving their number each time.
    private void fold(Result result, long x, int n, int cols, Kind of) {
        int bytes = Blocks.bytes(of);
        Fn2 f = of == kind ? combine : addDoubles;
        int rows = n / cols;
        while (rows > 1) {
            int half = rows / 2;
            f.run(x, x + (long) (rows - half) * cols * bytes, x, half * cols);
            rows -= half;
        }
        if (of == Kind.F64) {
            MemorySegment.copy(Mem.ALL, ValueLayout.JAVA_DOUBLE_UNALIGNED, x, result.numbers, 0, cols);
            return;
        }
        for (int i = 0; i < cols; i++) {
            double d = of.isFloating() ? Reductions.number(of, x, i) : 0;
            result.set(i, d, of.isFloating() ? 0 : Reductions.integer(of, x, i));
        }
    }

    private void positions(Frame frame, long start, int cols, long from, long to, Result result) {
        for (long r = from; r < to; r++) {
            int done = 0;
            while (done < cols) {
                long position = start + r * width + done;
                int n = plan.blockLength(position, position + cols - done);
                frame.eval(position, n);
                long x = frame.result(0);
                for (int i = 0; i < n; i++) {
                    double d = kind.isFloating() ? Reductions.number(kind, x, i) : 0;
                    long l = kind.isFloating() ? 0 : Reductions.integer(kind, x, i);
                    if (r == from) {
                        result.set(done + i, d, l);
                        result.positions[done + i] = r;
                    } else {
                        result.add(done + i, d, l, r);
                    }
                }
                done += n;
            }
        }
    }
}
