package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.gemm.Epilogue;
import dev.tenon.backend.cpu.gemm.MatMul;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// Products of matrices and batches of them, with an epilogue.
///
/// The product goes straight into the output where that has the product's dtype, otherwise into scratch memory; the
/// epilogue, or the rounding of 16-bit results, is a map over it, or over its parts while they are in the cache.
/// Integers narrower than 32 bits are widened first.
final class MatMulKernel implements Kernel {
    /// Results of more bytes are finished part by part. Smaller ones come back from a cache quickly, and pieces of rows
    /// cost more than that.
    private static final long LARGE = 4 << 20;

    private final boolean vector;
    private final WorkerPool pool;
    private final MatMul.Type type;
    private final int m;
    private final int n;
    private final int k;
    private final TensorType a;
    private final TensorType b;
    private final TensorType c;
    private final Iteration batch;
    private final boolean intoOutput;
    private final @Nullable MapKernel widenA;
    private final @Nullable MapKernel widenB;
    private final @Nullable MapKernel finish;
    /// Whether the product calls for [#finish] part by part.
    private final boolean inParts;

    MatMulKernel(Blocks blocks, WorkerPool pool, MatMulOp op, List<TensorType> in, List<TensorType> out) {
        this.vector = blocks.isVector();
        this.pool = pool;
        DType dtype = in.getFirst().dtype();
        boolean small = dtype == DType.I16 || dtype == DType.I8 || dtype == DType.U8;
        a = small ? in.get(0).withDType(DType.I32) : in.get(0);
        b = small ? in.get(1).withDType(DType.I32) : in.get(1);
        widenA = small ? convert(blocks, in.get(0), a) : null;
        widenB = small ? convert(blocks, in.get(1), b) : null;
        type = MatMul.Type.valueOf(a.dtype().name());
        m = Math.toIntExact(a.shape().dim(-2));
        k = Math.toIntExact(a.shape().dim(-1));
        n = Math.toIntExact(b.shape().dim(-1));
        TensorType y = out.getFirst();
        DType work = dtype.kind().dtype();
        Lambda body = op.epilogue().orElseGet(() -> Lambda.of(Exprs.in(0, work, dtype), dtype));
        intoOutput = y.dtype() == work;
        c = intoOutput ? y : TensorType.of(work, y.shape());
        boolean done = op.epilogue().isEmpty() && intoOutput;
        List<TensorType> operands = new ArrayList<>(List.of(c));
        operands.addAll(in.subList(2, in.size()));
        finish = done ? null : new MapKernel(blocks, pool, body, operands, out);
        inParts = finish != null && work.isFloating() && y.isContiguous() && m > 1 && n > 1
                && y.elements() * y.dtype().bytes() > LARGE;
        Shape outer = y.shape().slice(0, y.rank() - 2);
        batch = Iteration.of(outer.toArray(), List.of(outer(a, outer), outer(b, outer), outer(c, outer)));
    }

    private MapKernel convert(Blocks blocks, TensorType from, TensorType to) {
        return new MapKernel(blocks, pool, Lambda.of(Exprs.in(0, from.dtype(), to.dtype()), to.dtype()),
                List.of(from), List.of(to));
    }

    /// The strides of a batch of matrices along the axes of `outer`.
    private static long[] outer(TensorType t, Shape outer) {
        long[] s = t.strides();
        long[] result = new long[outer.rank()];
        int pad = result.length - (s.length - 2);
        for (int i = pad; i < result.length; i++) {
            boolean repeats = t.shape().dim(i - pad) == 1 && outer.dim(i) != 1;
            result[i] = repeats ? 0 : s[i - pad];
        }
        return result;
    }

    private static long bytes(TensorType t) {
        return t.elements() * t.dtype().bytes() + 63 & -64;
    }

    @Override
    public long workspaceBytes() {
        return (intoOutput ? 0 : bytes(c)) + (widenA == null ? 0 : bytes(a) + bytes(b));
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        long scratch = workspace == null ? 0 : CpuMemory.address(workspace);
        long x = at[0];
        long w = at[1];
        long y = at[in.size()];
        if (!intoOutput) {
            y = scratch;
            scratch += bytes(c);
        }
        if (widenA != null && widenB != null) {
            widenA.run(new long[] {x, scratch}, Scalars.NONE);
            widenB.run(new long[] {w, scratch + bytes(a)}, Scalars.NONE);
            x = scratch;
            w = scratch + bytes(a);
        }
        MapKernel f = finish;
        if (f == null) {
            product(x, w, y, null);
            return;
        }
        long[] operands = new long[in.size() - 1 + out.size()];
        operands[0] = y;
        System.arraycopy(at, 2, operands, 1, at.length - 2);
        product(x, w, y, inParts ? first -> part(f, operands, scalars, first * m * n) : null);
        if (!inParts) {
            f.run(operands, scalars);
        }
    }

    /// Finishes parts of a matrix whose first element has the given number.
    private Epilogue part(MapKernel f, long[] operands, Scalars scalars, long first) {
        return (i0, rows, j0, cols) -> {
            Frame frame = f.open(operands, scalars);
            long at = first + (long) i0 * n + j0;
            if (cols == n) {
                frame.run(at, at + (long) rows * n);
                return;
            }
            for (int i = 0; i < rows; i++, at += n) {
                frame.run(at, at + cols);
            }
        };
    }

    /// @param parts for the number of a matrix, what finishes its parts; or null
    private void product(long x, long w, long y, @Nullable LongFunction<Epilogue> parts) {
        if (c.elements() == 0) {
            return;
        }
        long[] sa = batch.strides()[0];
        long[] sb = batch.strides()[1];
        long[] sc = batch.strides()[2];
        int last = batch.rank() - 1;
        int count = Math.toIntExact(batch.inner());
        long rowA = a.stride(-2);
        long rowC = c.stride(-2);
        boolean tall = count > 1 && sb[last] == 0 && sa[last] == m * rowA && sc[last] == m * rowC;
        long loops = batch.elements() / count;
        for (long i = 0; i < loops; i++) {
            long first = i * count;
            var ma = new MatMul.Matrix(x + batch.offset(0, first) * a.dtype().bytes(), rowA, a.stride(-1));
            var mb = new MatMul.Matrix(w + batch.offset(1, first) * b.dtype().bytes(), b.stride(-2), b.stride(-1));
            var mc = new MatMul.Matrix(y + batch.offset(2, first) * c.dtype().bytes(), rowC, c.stride(-1));
            if (tall || count == 1) {
                MatMul.run(vector, pool, type, m * count, n, k, ma, mb, mc, false,
                        parts == null ? null : parts.apply(first));
            } else {
                MatMul.batched(vector, pool, type, count, m, n, k, ma, sa[last], mb, sb[last], mc, sc[last], false,
                        parts == null ? null : q -> parts.apply(first + q));
            }
        }
    }
}
