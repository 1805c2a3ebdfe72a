package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.math.MathKernels;

/// Products of matrices in memory, with any strides (in elements), of every type.
public final class MatMul {

    /// Element types.
    public enum Type {
        F32(4),
        F64(8),
        F16(2),
        BF16(2),
        I32(4),
        I64(8);

        final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    /// A matrix in memory; strides in elements, any sign, 0 to repeat.
    public record Matrix(long address, long rowStride, long colStride) {
        Matrix plus(long bytes) {
            return new Matrix(address + bytes, rowStride, colStride);
        }
    }

    private MatMul() {}

    /// `C (+)= A * B`. Sixteen-bit inputs are summed in f32 and C is f32 then; the other types are the same throughout.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    /// @param add whether to add to C
    /// @param epilogue called for finished parts of C, or null (f32, f64 and 16-bit only)
    public static void run(
            boolean vector, WorkerPool pool, Type type, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean add,
                    Epilogue epilogue) {
        if (m <= 0 || n <= 0) {
            return;
        }
        switch (type) {
            case F32 -> floating(GemmKernel.f32(vector), pool, m, n, k, a, b, c, add, epilogue);
            case F64 -> floating(GemmKernel.f64(vector), pool, m, n, k, a, b, c, add, epilogue);
            case F16, BF16 -> {
                GemmKernel kernel = GemmKernel.f32(vector);
                MathKernels math = MathKernels.of(vector);
                Gemm.run(
                        kernel, pool, m, n, k, wideA(kernel, math, type, a), wideB(kernel, math, type, b),
                        StoreC.matrix(kernel, c.address, c.rowStride * 4, c.colStride * 4), add, epilogue);
            }
            case I32, I64 -> integers(pool, type, m, n, k, a, b, c, add);
        }
    }

    /// `count` products; the strides from one to the next are in elements (0 repeats an operand). Small ones are
    /// shared out whole.
    ///
    /// @param vector whether to use the Vector API; only where [dev.tenon.backend.cpu.VectorSupport#AVAILABLE]
    /// @param epilogue makes the epilogue of one product, or null
    public static void batched(
            boolean vector, WorkerPool pool, Type type, int count, int m, int n, int k, Matrix a, long aStride,
                    Matrix b,
                    long bStride, Matrix c,
            long cStride, boolean add, java.util.function.IntFunction<Epilogue> epilogue) {
        long out = type == Type.F16 || type == Type.BF16 ? 4 : type.bytes;
        WorkerPool.RangeBody some = (from, to) -> {
            for (long i = from; i < to; i++) {
                run(
                        vector, pool, type, m, n, k, a.plus(i * aStride * type.bytes), b.plus(i * bStride * type.bytes),
                                c.plus(i * cStride * out), add,
                        epilogue == null ? null : epilogue.apply((int) i));
            }
        };
        long work = (long) m * n * k;
        if (work < 8_000_000 && count >= pool.threads()) {
            pool.parallelFor(count, Math.max(1, 200_000 / Math.max(1, work)), some);
        } else {
            some.run(0, count);
        }
    }

    private static void floating(
            GemmKernel kernel, WorkerPool pool, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean add,
                    Epilogue epilogue) {
        int w = kernel.bytes();
        if (k > 0 && n == 1 && b.rowStride == 1 && a.colStride == 1) {
            dots(kernel, pool, m, k, a.address, a.rowStride * w, b.address, c.address, c.rowStride * w, add);
        } else if (k > 0 && m == 1 && a.colStride == 1 && b.rowStride == 1) {
            dots(kernel, pool, n, k, b.address, b.colStride * w, a.address, c.address, c.colStride * w, add);
        } else if (m == 1 && b.colStride == 1 && c.colStride == 1) {
            sums(kernel, pool, n, k, b.address, b.rowStride * w, a.address, a.colStride * w, c.address, add);
        } else if (n == 1 && a.rowStride == 1 && c.rowStride == 1) {
            sums(kernel, pool, m, k, a.address, a.colStride * w, b.address, b.rowStride * w, c.address, add);
        } else if (c.colStride != 1 && c.rowStride == 1) {
            // Transposed C: exchange the operands, so that tiles are written along their rows.
            Epilogue turned = epilogue == null ? null : (i0, rows, j0, cols) -> epilogue.apply(j0, cols, i0, rows);
            Gemm.run(
                    kernel, pool, n, m, k, matrixA(kernel, turn(b)), matrixB(kernel, turn(a)),
                    StoreC.matrix(kernel, c.address, c.colStride * w, w), add, turned);
            return;
        } else {
            Gemm.run(
                    kernel, pool, m, n, k, matrixA(kernel, a), matrixB(kernel, b),
                    StoreC.matrix(kernel, c.address, c.rowStride * w, c.colStride * w), add, epilogue);
            return;
        }
        if (epilogue != null) {
            epilogue.apply(0, m, 0, n);
        }
    }

    private static Matrix turn(Matrix x) {
        return new Matrix(x.address, x.colStride, x.rowStride);
    }

    /// The left operand in memory.
    public static PackA matrixA(GemmKernel kernel, Matrix a) {
        long row = a.rowStride * kernel.bytes();
        long col = a.colStride * kernel.bytes();
        return new PackA() {
            @Override
            public void pack(int i0, int rows, int k0, int kc, long dst) {
                kernel.packA(a.address + i0 * row + k0 * col, row, col, rows, kc, dst);
            }

            @Override
            public long direct(int i, int k) {
                return a.address + i * row + k * col;
            }

            @Override
            public long rowStep() {
                return row;
            }

            @Override
            public long step() {
                return col;
            }
        };
    }

    /// The right operand in memory.
    public static PackB matrixB(GemmKernel kernel, Matrix b) {
        long row = b.rowStride * kernel.bytes();
        long col = b.colStride * kernel.bytes();
        return new PackB() {
            @Override
            public void pack(int k0, int kc, int j0, int cols, long dst) {
                kernel.packB(b.address + k0 * row + j0 * col, row, col, kc, cols, dst);
            }

            @Override
            public long direct(int k, int j) {
                return b.colStride == 1 ? b.address + k * row + j * col : 0;
            }

            @Override
            public long step() {
                return row;
            }
        };
    }

    /// One dot product for each row.
    private static void dots(
            GemmKernel kernel, WorkerPool pool, int rows, int k, long a, long rowBytes, long x, long y, long yStep,
                    boolean add) {
        pool.parallelFor(rows, Math.max(1, 64_000 / k), (from, to) -> {
            for (long i = from; i < to; i++) {
                double s = kernel.dot(a + i * rowBytes, x, k);
                long at = y + i * yStep;
                if (kernel.bytes() == 4) {
                    Mem.putFloat(at, (float) (add ? Mem.getFloat(at) + s : s));
                } else {
                    Mem.putDouble(at, add ? Mem.getDouble(at) + s : s);
                }
            }
        });
    }

    /// A weighted sum of rows: each thread takes some columns, in pieces that stay in the cache.
    private static void sums(
            GemmKernel kernel, WorkerPool pool, int n, int k, long b, long rowBytes, long x, long xStep, long y,
                    boolean add) {
        int w = kernel.bytes();
        pool.parallelFor(n, Math.max(64, 64_000 / Math.max(1, k)), (from, to) -> {
            for (long j = from; j < to; j += 1024) {
                long cols = Math.min(1024, to - j);
                if (!add) {
                    Mem.zero(y + j * w, cols * w);
                }
                for (int i = 0; i < k; i++) {
                    double f = w == 4 ? Mem.getFloat(x + i * xStep) : Mem.getDouble(x + i * xStep);
                    kernel.axpy(f, b + i * rowBytes + j * w, y + j * w, cols);
                }
            }
        });
    }

    private static PackA wideA(GemmKernel kernel, MathKernels math, Type type, Matrix a) {
        return (i0, rows, k0, kc, dst) -> {
            long t = Workspace.get().memory(Workspace.WIDE, 4L * rows * kc);
            boolean byRow = Math.abs(a.colStride) <= Math.abs(a.rowStride);
            widen(math, type, a, i0, rows, k0, kc, byRow, t);
            kernel.packA(t, byRow ? 4L * kc : 4, byRow ? 4 : 4L * rows, rows, kc, dst);
        };
    }

    private static PackB wideB(GemmKernel kernel, MathKernels math, Type type, Matrix b) {
        return (k0, kc, j0, cols, dst) -> {
            long t = Workspace.get().memory(Workspace.WIDE, 4L * kc * cols);
            boolean byRow = Math.abs(b.colStride) <= Math.abs(b.rowStride);
            widen(math, type, b, k0, kc, j0, cols, byRow, t);
            kernel.packB(t, byRow ? 4L * cols : 4, byRow ? 4 : 4L * kc, kc, cols, dst);
        };
    }

    /// Part of a 16-bit matrix as dense floats, row by row or column by column.
    private static void widen(MathKernels math, Type type, Matrix x, int r0, int rows, int c0, int cols,
            boolean byRow, long dst) {
        int outer = byRow ? rows : cols;
        int inner = byRow ? cols : rows;
        long outerStep = 2 * (byRow ? x.rowStride : x.colStride);
        long innerStep = 2 * (byRow ? x.colStride : x.rowStride);
        long src = x.address + 2 * (r0 * x.rowStride + c0 * x.colStride);
        for (int i = 0; i < outer; i++, src += outerStep, dst += 4L * inner) {
            if (innerStep != 2) {
                for (int j = 0; j < inner; j++) {
                    short h = Mem.getShort(src + j * innerStep);
                    Mem.putFloat(dst + 4L * j, type == Type.F16 ? Float.float16ToFloat(h)
                            : Float.intBitsToFloat(h << 16));
                }
            } else if (type == Type.F16) {
                math.f16ToF32(src, dst, inner);
            } else {
                math.bf16ToF32(src, dst, inner);
            }
        }
    }

    private static void integers(
            WorkerPool pool, Type type, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean add) {
        pool.parallelFor(m, Math.max(1, 50_000 / Math.max(1, (long) n * k)), (from, to) -> {
            for (long i = from; i < to; i++) {
                if (type == Type.I32) {
                    row32(i, n, k, a, b, c, add);
                } else {
                    row64(i, n, k, a, b, c, add);
                }
            }
        });
    }

    private static void row32(long i, int n, int k, Matrix a, Matrix b, Matrix c, boolean add) {
        for (long j = 0; j < n; j++) {
            long at = c.address + 4 * (i * c.rowStride + j * c.colStride);
            long x = a.address + 4 * i * a.rowStride;
            long y = b.address + 4 * j * b.colStride;
            int s = add ? Mem.getInt(at) : 0;
            for (int p = 0; p < k; p++, x += 4 * a.colStride, y += 4 * b.rowStride) {
                s += Mem.getInt(x) * Mem.getInt(y);
            }
            Mem.putInt(at, s);
        }
    }

    private static void row64(long i, int n, int k, Matrix a, Matrix b, Matrix c, boolean add) {
        for (long j = 0; j < n; j++) {
            long at = c.address + 8 * (i * c.rowStride + j * c.colStride);
            long x = a.address + 8 * i * a.rowStride;
            long y = b.address + 8 * j * b.colStride;
            long s = add ? Mem.getLong(at) : 0;
            for (int p = 0; p < k; p++, x += 8 * a.colStride, y += 8 * b.rowStride) {
                s += Mem.getLong(x) * Mem.getLong(y);
            }
            Mem.putLong(at, s);
        }
    }
}
