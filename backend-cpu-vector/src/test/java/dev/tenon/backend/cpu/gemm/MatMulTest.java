package dev.tenon.backend.cpu.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.MatMul.Matrix;
import dev.tenon.backend.cpu.gemm.MatMul.Type;
import java.lang.foreign.Arena;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Products of all types, layouts and odd sizes against sums of doubles.
class MatMulTest {

    private static final WorkerPool POOL = WorkerPool.shared();
    private final Random random = new Random(1);

    static double get(Type t, long base, long i) {
        return switch (t) {
            case F32 -> Mem.getFloat(base + 4 * i);
            case F64 -> Mem.getDouble(base + 8 * i);
            case F16 -> Float.float16ToFloat(Mem.getShort(base + 2 * i));
            case BF16 -> Float.intBitsToFloat(Mem.getShort(base + 2 * i) << 16);
            case I32 -> Mem.getInt(base + 4 * i);
            case I64 -> Mem.getLong(base + 8 * i);
        };
    }

    static void put(Type t, long base, long i, double v) {
        switch (t) {
            case F32 -> Mem.putFloat(base + 4 * i, (float) v);
            case F64 -> Mem.putDouble(base + 8 * i, v);
            case F16 -> Mem.putShort(base + 2 * i, Float.floatToFloat16((float) v));
            case BF16 -> Mem.putShort(base + 2 * i, (short) (Float.floatToRawIntBits((float) v) >> 16));
            case I32 -> Mem.putInt(base + 4 * i, (int) (v * 10));
            case I64 -> Mem.putLong(base + 8 * i, (long) (v * 10));
        }
    }

    private Matrix random(Arena arena, Type t, int rows, int cols, int layout) {
        long r = layout == 0 ? cols : layout == 1 ? 1 : 2L * cols + 3;
        long c = layout == 0 ? 1 : layout == 1 ? rows : 2;
        long size = Math.max(1, (rows - 1) * r + (cols - 1) * c + 1);
        long at = arena.allocate(size * 8 + 64, 64).address();
        for (long i = 0; i < size; i++) {
            put(t, at, i, random.nextGaussian());
        }
        return new Matrix(at, r, c);
    }

    private void check(Type t, int m, int n, int k, int la, int lb, int lc, boolean add) {
        try (Arena arena = Arena.ofConfined()) {
            Type ct = t == Type.F16 || t == Type.BF16 ? Type.F32 : t;
            Matrix a = random(arena, t, m, k, la);
            Matrix b = random(arena, t, k, n, lb);
            Matrix c = random(arena, ct, m, n, lc);
            double[] expected = new double[m * n];
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double s = add ? get(ct, c.address(), i * c.rowStride() + j * c.colStride()) : 0;
                    for (int p = 0; p < k; p++) {
                        s += get(t, a.address(), i * a.rowStride() + p * a.colStride())
                                * get(t, b.address(), p * b.rowStride() + j * b.colStride());
                    }
                    expected[i * n + j] = s;
                }
            }
            AtomicIntegerArray seen = new AtomicIntegerArray(m * n);
            boolean ints = t == Type.I32 || t == Type.I64;
            MatMul.run(true, POOL, t, m, n, k, a, b, c, add, ints ? null : (i0, rows, j0, cols) -> {
                for (int i = i0; i < i0 + rows; i++) {
                    for (int j = j0; j < j0 + cols; j++) {
                        seen.incrementAndGet(i * n + j);
                    }
                }
            });
            double tolerance = ints ? 0 : (t == Type.F64 ? 1e-13 : 2e-6) * (4 + Math.sqrt(k) * 2);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    String what = t + " " + m + "x" + n + "x" + k + " layouts " + la + lb + lc + " add " + add
                            + " at " + i + "," + j;
                    assertEquals(expected[i * n + j], get(ct, c.address(), i * c.rowStride() + j * c.colStride()),
                            tolerance, what);
                    assertEquals(ints ? 0 : 1, seen.get(i * n + j), what);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Type.class)
    void layoutsAndOddSizes(Type t) {
        int[][] sizes = {
            {1, 1, 1}, {1, 1, 300}, {5, 1, 37}, {1, 70, 33}, {3, 2, 0}, {7, 9, 1}, {8, 32, 16}, {9, 33, 17},
                    {64, 10, 100}, {100, 64, 7},
            {17, 130, 260}, {150, 40, 300}, {65, 65, 65}
        };
        for (int[] s : sizes) {
            for (int layouts = 0; layouts < 27; layouts++) {
                check(t, s[0], s[1], s[2], layouts % 3, layouts / 3 % 3, layouts / 9, (layouts & 1) == 1);
            }
        }
    }

    @Test
    void large() {
        check(Type.F32, 300, 517, 700, 0, 0, 0, false);
        check(Type.F32, 2100, 40, 30, 0, 1, 0, true);
        check(Type.F32, 40, 2100, 30, 1, 0, 0, false);
        check(Type.F64, 260, 270, 530, 0, 1, 0, true);
        check(Type.F32, 190, 100, 1300, 0, 1, 0, true);
        check(Type.F64, 130, 100, 1300, 1, 0, 0, false);
    }

    /// A right operand that is too much to be packed as a whole.
    @Test
    void vast() {
        int m = 150;
        int n = 4200;
        int k = 1030;
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = random(arena, Type.F32, m, k, 0);
            Matrix b = random(arena, Type.F32, k, n, 0);
            Matrix c = random(arena, Type.F32, m, n, 0);
            MatMul.run(true, POOL, Type.F32, m, n, k, a, b, c, false, null);
            for (long i = 0; i < (long) m * n; i += 997) {
                double s = 0;
                for (int p = 0; p < k; p++) {
                    s += (double) Mem.getFloat(a.address() + 4 * (i / n * k + p))
                            * Mem.getFloat(b.address() + 4 * ((long) p * n + i % n));
                }
                assertEquals(s, Mem.getFloat(c.address() + 4 * i), 1e-3, "element " + i);
            }
        }
    }

    @Test
    void sameBitsForAnyNumberOfThreads() {
        try (Arena arena = Arena.ofConfined()) {
            Matrix a = random(arena, Type.F32, 300, 1300, 0);
            Matrix b = random(arena, Type.F32, 1300, 150, 0);
            Matrix c1 = random(arena, Type.F32, 300, 150, 0);
            Matrix c3 = random(arena, Type.F32, 300, 150, 0);
            MatMul.run(true, new WorkerPool(1), Type.F32, 300, 150, 1300, a, b, c1, false, null);
            MatMul.run(true, new WorkerPool(3), Type.F32, 300, 150, 1300, a, b, c3, false, null);
            for (int i = 0; i < 300 * 150; i++) {
                assertEquals(Mem.getFloat(c1.address() + 4L * i), Mem.getFloat(c3.address() + 4L * i));
            }
        }
    }

    @Test
    void batched() {
        try (Arena arena = Arena.ofConfined()) {
            int count = 13;
            Matrix a = random(arena, Type.F32, count * 20, 30, 0);
            Matrix b = random(arena, Type.F32, 30, 17, 0);
            Matrix c = random(arena, Type.F32, count * 20, 17, 0);
            Matrix all = random(arena, Type.F32, count * 20, 17, 0);
            AtomicInteger calls = new AtomicInteger();
            MatMul.batched(true, POOL, Type.F32, count, 20, 17, 30, a, 600, b, 0, c, 340, false, i -> (i0, rows, j0,
                    cols) ->
                    calls.addAndGet(rows * cols));
            MatMul.run(true, POOL, Type.F32, count * 20, 17, 30, a, b, all, false, null);
            assertEquals(count * 340, calls.get());
            for (int i = 0; i < count * 340; i++) {
                assertEquals(Mem.getFloat(all.address() + 4L * i), Mem.getFloat(c.address() + 4L * i), 1e-5);
            }
        }
    }
}
