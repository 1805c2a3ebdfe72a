package dev.tenon.backend.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Pooling against values worked out by hand (those PyTorch gives).
class PoolTest {

    private static final WorkerPool POOL = WorkerPool.shared();

    private static long values(Arena arena, int bytes, double... v) {
        long at = arena.allocate(8L * v.length, 64).address();
        for (int i = 0; i < v.length; i++) {
            if (bytes == 4) {
                Mem.putFloat(at + 4L * i, (float) v[i]);
            } else {
                Mem.putDouble(at + 8L * i, v[i]);
            }
        }
        return at;
    }

    private static void same(int bytes, long got, double... expected) {
        for (int i = 0; i < expected.length; i++) {
            double g = bytes == 4 ? Mem.getFloat(got + 4L * i) : Mem.getDouble(got + 8L * i);
            assertEquals(expected[i], g, 1e-6, "at " + i);
        }
    }

    private static ConvShape shape(int h, int w, int k, int stride, int pad, int oh, int ow) {
        return new ConvShape(
                1, 1, new int[] {1, h, w}, 1, new int[] {1, k, k}, new int[] {1, oh, ow},
                        new int[] {1, stride, stride}, new int[] {0, pad, pad},
                new int[] {1, 1, 1}, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void max(int bytes) {
        try (Arena arena = Arena.ofShared()) {
            long x = values(arena, bytes, 1, 2, 3, 4, Double.NaN, 0, -1, -2, 5, 5, 7, 7);
            long y = values(arena, bytes, new double[9]);
            long indices = arena.allocate(80, 64).address();
            ConvShape s = shape(3, 4, 2, 2, 1, 2, 3);
            Pool.max(true, POOL, s, bytes, x, y, indices);
            same(bytes, y, 1, 3, 4, Double.NaN, 7, 7);
            long[] at = {0, 2, 3, 4, 10, 11};
            for (int i = 0; i < 6; i++) {
                assertEquals(at[i], Mem.getLong(indices + 8L * i));
            }
            long dx = values(arena, bytes, new double[12]);
            Pool.maxBackward(POOL, s, bytes, values(arena, bytes, 1, 2, 3, 4, 5, 6), indices, dx);
            same(bytes, dx, 1, 0, 2, 3, 4, 0, 0, 0, 0, 0, 5, 6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void average(int bytes) {
        try (Arena arena = Arena.ofShared()) {
            long x = values(arena, bytes, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            long y = values(arena, bytes, new double[9]);
            ConvShape s = shape(3, 3, 2, 2, 1, 2, 2);
            int[] after = {0, 1, 1};
            Pool.average(true, POOL, s, bytes, after, true, x, y);
            same(bytes, y, 0.25, 1.25, 2.75, 7);
            Pool.average(true, POOL, s, bytes, after, false, x, y);
            same(bytes, y, 1, 2.5, 5.5, 7);
            long dx = values(arena, bytes, new double[9]);
            Pool.averageBackward(POOL, s, bytes, after, false, values(arena, bytes, 1, 2, 4, 8), dx);
            same(bytes, dx, 1, 1, 1, 2, 2, 2, 2, 2, 2);
            // sizes rounded up: the last window has one column inside, and what lies past the padding is not counted
            ConvShape up = shape(3, 3, 2, 2, 0, 2, 2);
            Pool.average(true, POOL, up, bytes, new int[3], true, x, y);
            same(bytes, y, 3, 4.5, 7.5, 9);
        }
    }

    /// Rows long enough for vectors, with borders on both sides, against plain loops.
    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void longRows(int bytes) {
        int[][] cases = { // width, kernel, stride, padding, dilation
            {28, 2, 2, 0, 1}, {57, 3, 2, 1, 1}, {70, 3, 1, 1, 1}, {41, 2, 2, 1, 2}, {50, 4, 3, 1, 1},
                    {33, 5, 1, 2, 2}, {112, 3, 2, 1, 1}
        };
        var random = new java.util.Random(3);
        for (int[] c : cases) {
            int w = c[0];
            int ow = (w + 2 * c[3] - c[4] * (c[1] - 1) - 1) / c[2] + 1;
            int[] pad = {0, c[3], c[3]};
            ConvShape s = new ConvShape(
                    2, 3, new int[] {1, w, w}, 3, new int[] {1, c[1], c[1]}, new int[] {1, ow, ow},
                            new int[] {1, c[2], c[2]}, pad,
                    new int[] {1, c[4], c[4]}, 1);
            double[] values = random.doubles(6L * w * w, -1, 1).map(v -> (float) v).toArray();
            values[w * w / 2] = Double.NaN;
            values[w * w / 2 + 1] = values[w * w / 2 + 2];
            try (Arena arena = Arena.ofShared()) {
                long x = values(arena, bytes, values);
                long y = values(arena, bytes, new double[6 * ow * ow]);
                long means = values(arena, bytes, new double[6 * ow * ow]);
                long indices = arena.allocate(48L * ow * ow, 64).address();
                Pool.max(true, POOL, s, bytes, x, y, indices);
                Pool.average(true, POOL, s, bytes, pad, false, x, means);
                for (int o = 0; o < 6 * ow * ow; o++) {
                    int plane = o / (ow * ow);
                    int best = -1;
                    double sum = 0;
                    int count = 0;
                    for (int t = 0; t < c[1] * c[1]; t++) {
                        int iy = o / ow % ow * c[2] - c[3] + t / c[1] * c[4];
                        int ix = o % ow * c[2] - c[3] + t % c[1] * c[4];
                        if (iy < 0 || iy >= w || ix < 0 || ix >= w) {
                            continue;
                        }
                        double v = values[(plane * w + iy) * w + ix];
                        sum += v;
                        count++;
                        if (best < 0 || v > values[plane * w * w + best] || v != v) {
                            best = iy * w + ix;
                        }
                    }
                    String what = java.util.Arrays.toString(c) + " at " + o;
                    double got = bytes == 4 ? Mem.getFloat(y + 4L * o) : Mem.getDouble(y + 8L * o);
                    assertEquals(values[plane * w * w + best], got, what);
                    assertEquals(best, Mem.getLong(indices + 8L * o), what);
                    assertEquals(sum / count, bytes == 4 ? Mem.getFloat(means + 4L * o)
                            : Mem.getDouble(means + 8L * o), 1e-6, what);
                }
            }
        }
    }

    /// Maxima and their places by vectors and one by one, for windows of all sorts over planes with equal elements, NaN
    /// and infinities.
    @Test
    void maximaByVectorsAndOneByOne() {
        Random r = new Random(7);
        for (int round = 0; round < 600; round++) {
            int k = 1 + r.nextInt(4);
            int stride = 1 + r.nextInt(3);
            int dilation = 1 + r.nextInt(2);
            int pad = r.nextInt(k / 2 + 1);
            int reach = (k - 1) * dilation + 1;
            int h = reach + r.nextInt(12);
            int w = reach + r.nextInt(80);
            int extra = r.nextInt(2) * (stride - 1); // a last window that reaches over the end
            int oh = (h + 2 * pad - reach + extra) / stride + 1;
            int ow = (w + 2 * pad - reach + extra) / stride + 1;
            oh -= (oh - 1) * stride >= h + pad ? 1 : 0;
            ow -= (ow - 1) * stride >= w + pad ? 1 : 0;
            int planes = 2;
            ConvShape s = new ConvShape(1, planes, new int[] {1, h, w}, planes, new int[] {1, k, k},
                    new int[] {1, oh, ow}, new int[] {1, stride, stride}, new int[] {0, pad, pad},
                    new int[] {1, dilation, dilation}, 1);
            double[] v = new double[planes * h * w];
            int kind = r.nextInt(3);
            for (int i = 0; i < v.length; i++) {
                double any = kind == 0 ? r.nextGaussian() : r.nextInt(5) - 2;
                v[i] = kind < 2 || r.nextInt(4) > 0 ? any : r.nextInt(20) == 0 ? Double.NaN : Double.NEGATIVE_INFINITY;
            }
            int n = planes * oh * ow;
            try (Arena arena = Arena.ofShared()) {
                long x = values(arena, 4, v);
                long[] y = {values(arena, 4, new double[n]), values(arena, 4, new double[n])};
                long[] at = {arena.allocate(8L * n, 64).address(), arena.allocate(8L * n, 64).address()};
                for (int way = 0; way < 2; way++) {
                    Pool.max(way == 1, POOL, s, 4, x, y[way], at[way]);
                }
                for (int i = 0; i < n; i++) {
                    assertEquals(Mem.getFloat(y[0] + 4L * i), Mem.getFloat(y[1] + 4L * i), "value " + i + " of " + s);
                    assertEquals(Mem.getLong(at[0] + 8L * i), Mem.getLong(at[1] + 8L * i), "place " + i + " of " + s);
                }
            }
        }
    }
}
