package dev.tenon.backend.cpu.onednn;

import dev.tenon.api.DType;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A plain matrix product of f32 or bf16 by oneDNN's one-thread primitives: each thread takes some rows of the result,
/// or some columns where there are more of these.
public final class DnnlMatMul implements Kernel {
    private final WorkerPool pool;
    private final int parts;
    /// In bytes, from one part to the next.
    private final long stepA;
    private final long stepB;
    private final long stepC;
    private final Primitive full;
    /// For the last part, which may be smaller.
    private final Primitive last;

    private DnnlMatMul(WorkerPool pool, boolean byRows, int share, int parts, TensorType a, TensorType b, TensorType c,
            Primitive full, Primitive last) {
        this.pool = pool;
        this.parts = parts;
        int bytes = a.dtype().bytes();
        stepA = byRows ? a.stride(0) * share * bytes : 0;
        stepB = byRows ? 0 : b.stride(1) * share * bytes;
        stepC = (byRows ? c.stride(0) : c.stride(1)) * share * bytes;
        this.full = full;
        this.last = last;
    }

    /// A kernel for two matrices, or empty where oneDNN has no fast one.
    public static Optional<Kernel> prepare(WorkerPool pool, MatMulOp op, List<TensorType> in, List<TensorType> out) {
        TensorType a = in.get(0);
        TensorType b = in.get(1);
        TensorType c = out.getFirst();
        DType dtype = a.dtype();
        boolean known = dtype == DType.F32 || dtype == DType.BF16;
        if (op.epilogue().isPresent() || !known || a.rank() != 2 || b.rank() != 2 || c.elements() == 0
                || a.elements() == 0 || !c.isContiguous() || !dense(a) || !dense(b)) {
            return Optional.empty();
        }
        int m = Math.toIntExact(c.shape().dim(0));
        int n = Math.toIntExact(c.shape().dim(1));
        boolean byRows = m >= n;
        int whole = byRows ? m : n;
        int share = Math.min(whole, (whole + pool.threads() - 1) / pool.threads() + 15 & -16);
        int parts = (whole + share - 1) / share;
        int before = Dnnl.alone();
        try {
            Primitive full = part(a, b, c, byRows, share);
            int rest = whole - (parts - 1) * share;
            Primitive last = rest == share ? full : part(a, b, c, byRows, rest);
            return full == null || last == null ? Optional.empty()
                    : Optional.of(new DnnlMatMul(pool, byRows, share, parts, a, b, c, full, last));
        } finally {
            Dnnl.back(before);
        }
    }

    /// Whether a matrix lies in memory row by row or column by column.
    private static boolean dense(TensorType t) {
        long rows = t.shape().dim(0);
        long cols = t.shape().dim(1);
        return t.stride(1) == 1 && t.stride(0) >= cols || t.stride(0) == 1 && t.stride(1) >= rows;
    }

    private static @Nullable Primitive part(TensorType a, TensorType b, TensorType c, boolean byRows, int share) {
        int type = a.dtype() == DType.F32 ? Dnnl.F32 : Dnnl.BF16;
        long k = a.shape().dim(1);
        long m = byRows ? share : a.shape().dim(0);
        long n = byRows ? b.shape().dim(1) : share;
        long left = Dnnl.layout(type, new long[] {m, k}, a.stride(0), a.stride(1));
        long right = Dnnl.layout(type, new long[] {k, n}, b.stride(0), b.stride(1));
        long result = Dnnl.layout(type, new long[] {m, n}, c.stride(0), c.stride(1));
        try {
            return Primitive.of(Dnnl.matmul(left, right, result),
                    new int[] {Dnnl.ARG_SRC, Dnnl.ARG_WEIGHTS, Dnnl.ARG_DST},
                    new int[] {Dnnl.QUERY_SRC, Dnnl.QUERY_WEIGHTS, Dnnl.QUERY_DST});
        } finally {
            Dnnl.freeLayout(left);
            Dnnl.freeLayout(right);
            Dnnl.freeLayout(result);
        }
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        pool.parallelTasks(parts, (part, ignored) -> {
            Primitive p = part == parts - 1 ? last : full;
            p.run(at[0] + part * stepA, at[1] + part * stepB, at[2] + part * stepC);
        });
    }
}
