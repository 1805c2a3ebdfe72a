package dev.tenon.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A product of matrices of some layouts, for kernels that run on the processor. Numbers are small integers, so that
/// sums are exact; results are `F32`.
///
/// @param deepA whether the left one lies row by row
/// @param deepB whether the right one lies column by column
/// @param gap what lies between one row, or column, and the next
/// @param offset bytes by which operands begin after a multiple of 16
record HostProduct(DType dtype, boolean deepA, boolean deepB, int batch, int m, int n, int k, int gap, int offset) {
    /// A device with two multiprocessors.
    static final DeviceTraits TRAITS = new DeviceTraits(false, true, 1024, 48 << 10, 2, 1, true);

    private TensorType left() {
        return type(m, k, deepA);
    }

    private TensorType right() {
        return type(k, n, !deepB);
    }

    private TensorType type(long rows, long columns, boolean byRows) {
        long lead = (byRows ? columns : rows) + gap;
        return TensorType.of(dtype, Shape.of(batch, rows, columns), new long[] {(byRows ? rows : columns) * lead,
            byRows ? lead : 1, byRows ? 1 : lead});
    }

    KernelPlan plan(DeviceTraits traits) {
        MatMulOp op = new MatMulOp(Optional.of(Lambda.of(new Expr.Input(0, DType.F32.kind()), DType.F32)),
                Scalars.NONE);
        List<TensorType> in = List.of(left(), right());
        return new KernelSource(CudaDialect.INSTANCE, traits).plan(op, in, op.infer(in)).orElseThrow();
    }

    /// The result of a plan's kernels.
    float[] run(KernelPlan plan, Path folder, int capability) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            List<MemorySegment> in = List.of(filled(arena, left(), offset, 0), filled(arena, right(), offset, 3));
            return run(plan, folder, capability, in, batch * m * n);
        }
    }

    /// The same with operands of one's own.
    static float[] run(KernelPlan plan, Path folder, int capability, List<MemorySegment> in, int elements)
            throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment y = arena.allocate(4L * elements, 64).fill((byte) 0x7f);
            MemorySegment workspace = arena.allocate(Math.max(8, plan.workspaceBytes()), 64).fill((byte) 0x7f);
            for (GeneratedKernel k : plan.kernels()) {
                new HostKernel(k, folder, capability, false).run(in, List.of(y), workspace, _ -> 0);
            }
            return y.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /// What it should be.
    float[] expected() {
        float[] y = new float[batch * m * n];
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < m; i++) {
                float[] left = new float[k];
                for (int q = 0; q < k; q++) {
                    left[q] = element(b, i, q, 0);
                }
                for (int j = 0; j < n; j++) {
                    for (int q = 0; q < k; q++) {
                        y[(b * m + i) * n + j] += left[q] * element(b, q, j, 3);
                    }
                }
            }
        }
        return y;
    }

    private static float element(int batch, int i, int j, int salt) {
        return (batch * 7 + i * 31 + j * 17 + i * j % 5 + salt) % 9 - 4;
    }

    private static MemorySegment filled(Arena arena, TensorType t, int offset, int salt) {
        MemorySegment all = arena.allocate((t.maxOffset() + 1) * t.dtype().bytes() + offset, 64).asSlice(offset);
        for (int b = 0; b < t.shape().dim(0); b++) {
            for (int i = 0; i < t.shape().dim(1); i++) {
                for (int j = 0; j < t.shape().dim(2); j++) {
                    long at = b * t.stride(0) + i * t.stride(1) + j * t.stride(2);
                    store(all, t.dtype(), at, element(b, i, j, salt));
                }
            }
        }
        return all;
    }

    private static void store(MemorySegment to, DType dtype, long at, float x) {
        switch (dtype) {
            case F32 -> to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at * 4, x);
            case F16 -> to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at * 2, Float.floatToFloat16(x));
            default -> to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at * 2, (short) (Float.floatToRawIntBits(x) >> 16));
        }
    }
}
