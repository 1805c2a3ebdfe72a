package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.block.Reductions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reductions of a mapped value. The prologue's program feeds the accumulators block by block; nothing is stored in
/// between.
///
/// Axes are walked so that memory is read in order: if the innermost axis is reduced, each result's values follow one
/// another; if it is kept, whole rows are accumulated ([ColumnReduction]). How the work is cut depends on the
/// extents alone,
/// so results do not depend on the number of threads.
final class ReduceKernel implements Kernel {
    /// Elements that are worth a thread of their own.
    private static final long PIECE = 1 << 16;

    private final WorkerPool pool;
    private final Reductions reductions;
    private final Reducer reducer;
    private final Plan plan;
    private final Kind kind;
    private final DType result;
    private final Iteration outputs;
    private final long kept;
    private final long reduced;
    private final @Nullable ColumnReduction columns;

    ReduceKernel(Blocks blocks, WorkerPool pool, ReduceOp op, List<TensorType> in, TensorType out) {
        this.pool = pool;
        this.reductions = Reductions.of(blocks.isVector());
        this.reducer = op.reducer();
        this.result = out.dtype();
        Shape shape = in.getFirst().shape();
        for (TensorType t : in) {
            shape = Shape.broadcast(op.name(), shape, t.shape());
        }
        Lambda value = value(op);
        kind = value.dtype().kind();
        List<Integer> memory = memoryOrder(shape, in);
        List<Integer> order = new ArrayList<>();
        List<Integer> keptAxes = new ArrayList<>();
        long[] outStrides = out.strides();
        List<Integer> outAxis = new ArrayList<>();
        int next = 0;
        for (int a = 0; a < shape.rank(); a++) {
            boolean isReduced = op.axes().contains(a);
            outAxis.add(next);
            next += isReduced && !op.keepDims() ? 0 : 1;
        }
        List<Integer> tail = new ArrayList<>();
        for (int i = memory.size() - 1; i >= 0 && !op.axes().contains(memory.get(i)); i--) {
            tail.addFirst(memory.get(i));
        }
        boolean anyReduced = !op.axes().isEmpty();
        if (!anyReduced) {
            tail.clear();
        }
        for (int a = 0; a < shape.rank(); a++) {
            if (!op.axes().contains(a) && !tail.contains(a)) {
                keptAxes.add(a);
            }
        }
        order.addAll(keptAxes);
        order.addAll(op.axes());
        order.addAll(tail);
        keptAxes.addAll(tail);
        long[] dims = shape.toArray();
        kept = volume(dims, keptAxes);
        reduced = volume(dims, op.axes());
        long[] keptDims = keptAxes.stream().mapToLong(a -> dims[a]).toArray();
        long[] strides = keptAxes.stream().mapToLong(a -> outStrides[outAxis.get(a)]).toArray();
        outputs = Iteration.of(keptDims, List.of(strides));
        plan = new Plan(blocks, value, dims, order.stream().mapToInt(a -> a).toArray(), in, null);
        long width = volume(dims, tail);
        columns = width > 1 && reduced > 1
                ? new ColumnReduction(blocks, pool, reducer, kind, plan, kept / width, reduced, width) : null;
    }

    private static long volume(long[] dims, List<Integer> axes) {
        long n = 1;
        for (int a : axes) {
            n *= dims[a];
        }
        return n;
    }

    /// The axes from the largest to the smallest steps in memory of the operand with the most elements; those of
    /// extent 1
    /// and those that it repeats along come first.
    private static List<Integer> memoryOrder(Shape shape, List<TensorType> in) {
        TensorType largest = in.stream().max(Comparator.comparingLong(TensorType::elements)).orElseThrow();
        long[] strides = largest.broadcastStrides(shape);
        List<Integer> axes = new ArrayList<>();
        for (int a = 0; a < strides.length; a++) {
            axes.add(a);
        }
        axes.sort(Comparator.comparingLong(a ->
                shape.dim(a) == 1 || strides[a] == 0 ? Long.MIN_VALUE : -Math.abs(strides[a])));
        return axes;
    }

    /// What is reduced, in its kind: as if it had been stored in the prologue's dtype, but sums and products of 16-bit
    /// numbers are rounded only once, at the end.
    private static Lambda value(ReduceOp op) {
        DType dtype = op.prologue().dtype();
        Expr e = op.prologue().output();
        if (op.reducer() == Reducer.ANY || op.reducer() == Reducer.ALL) {
            // Compared with zero as it would have been stored.
            Expr stored = e instanceof Expr.Input ? e : Exprs.cast(dtype, e);
            return Lambda.of(Exprs.cast(DType.BOOL, stored), DType.BOOL);
        }
        boolean sums = op.reducer() == Reducer.SUM || op.reducer() == Reducer.PROD;
        if (sums && dtype == DType.BOOL) {
            return Lambda.of(Exprs.cast(DType.I64, Exprs.cast(DType.BOOL, e)), DType.I64);
        }
        DType work = dtype.kind().dtype();
        boolean exact = e instanceof Expr.Input i && i.kind() == dtype.kind() || sums && dtype.isFloating();
        return Lambda.of(Exprs.cast(work, exact ? e : Exprs.cast(dtype, e)), work);
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] base = CpuMemory.addresses(in, List.of());
        long y = CpuMemory.address(out.getFirst());
        if (kept == 0) {
            return;
        }
        if (columns != null) {
            columns.run(base, scalars, (number, accumulated, i) -> accumulated.store(i, result, at(y, number)));
        } else if (reduced > PIECE && kept < 32) {
            long pieces = Math.min(256, reduced / (PIECE / 2));
            for (long k = 0; k < kept; k++) {
                pieces(base, scalars, k, (int) pieces, at(y, k));
            }
        } else {
            long grain = Math.max(1, PIECE / 2 / Math.max(1, reduced));
            pool.parallelFor(kept, grain, (from, to) -> rows(base, scalars, from, to, y));
        }
    }

    private long at(long y, long number) {
        return y + outputs.offset(0, number) * result.bytes();
    }

    /// Each of some results, one after the other.
    private void rows(long[] base, Scalars scalars, long from, long to, long y) {
        Accumulator acc = new Accumulator(reductions, reducer, kind);
        if (reduced == 0) {
            for (long k = from; k < to; k++) {
                acc.store(result, at(y, k));
            }
            return;
        }
        Frame frame = plan.open(base, scalars);
        int bytes = Blocks.bytes(kind);
        long position = from * reduced;
        long end = to * reduced;
        long k = from;
        long done = 0;
        while (position < end) {
            int n = plan.blockLength(position, end);
            frame.eval(position, n);
            long x = frame.result(0);
            int used = 0;
            while (used < n) {
                int len = (int) Math.min(n - used, reduced - done);
                acc.add(x + (long) used * bytes, len, done);
                used += len;
                done += len;
                if (done == reduced) {
                    acc.store(result, at(y, k++));
                    acc.reset();
                    done = 0;
                }
            }
            position += n;
        }
    }

    /// One result from pieces that threads share.
    private void pieces(long[] base, Scalars scalars, long k, int pieces, long y) {
        Accumulator[] parts = new Accumulator[pieces];
        pool.parallelFor(pieces, 1, (from, to) -> {
            Frame frame = plan.open(base, scalars);
            for (int p = (int) from; p < to; p++) {
                Accumulator acc = new Accumulator(reductions, reducer, kind);
                long first = k * reduced;
                long position = first + start(p, pieces);
                long end = first + start(p + 1, pieces);
                while (position < end) {
                    int n = plan.blockLength(position, end);
                    frame.eval(position, n);
                    acc.add(frame.result(0), n, position - first);
                    position += n;
                }
                parts[p] = acc;
            }
        });
        for (int p = 1; p < pieces; p++) {
            parts[0].merge(parts[p]);
        }
        parts[0].store(result, y);
    }

    private long start(int piece, int pieces) {
        long length = (reduced / pieces + plan.block - 1) / plan.block * plan.block;
        return piece == pieces ? reduced : Math.min(reduced, piece * length);
    }
}
