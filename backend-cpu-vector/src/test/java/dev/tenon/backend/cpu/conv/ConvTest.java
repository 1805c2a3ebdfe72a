package dev.tenon.backend.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Convolutions and their gradients against plain loops of doubles.
class ConvTest {

    private static final WorkerPool POOL = WorkerPool.shared();

    /// A convolution whose output sizes follow from the padding before and after.
    static ConvShape shape(int n, int c, int[] in, int oc, int[] k, int[] stride, int[] lo, int[] hi, int[] dil,
            int groups) {
        int[] out = new int[3];
        for (int i = 0; i < 3; i++) {
            out[i] = (in[i] + lo[i] + hi[i] - dil[i] * (k[i] - 1) - 1) / stride[i] + 1;
        }
        return new ConvShape(n, c, in, oc, k, out, stride, lo, dil, groups);
    }

    static int[] of(int... x) {
        return x;
    }

    static final List<ConvShape> SHAPES = List.of(
            shape(3, 1, of(1, 28, 28), 6, of(1, 5, 5), of(1, 1, 1), of(0, 2, 2), of(0, 2, 2), of(1, 1, 1), 1),
            shape(2, 3, of(1, 9, 11), 5, of(1, 3, 3), of(1, 1, 1), of(0, 1, 0), of(0, 0, 2), of(1, 1, 1), 1),
            shape(2, 4, of(1, 12, 13), 6, of(1, 3, 2), of(1, 2, 3), of(0, 1, 1), of(0, 2, 0), of(1, 1, 2), 2),
            shape(5, 16, of(1, 7, 7), 40, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 1),
            shape(2, 8, of(1, 14, 14), 8, of(1, 1, 1), of(1, 2, 2), of(0, 0, 0), of(0, 0, 0), of(1, 1, 1), 1),
            shape(1, 40, of(1, 6, 6), 70, of(1, 3, 3), of(1, 1, 1), of(0, 2, 2), of(0, 2, 2), of(1, 2, 2), 1),
            shape(2, 6, of(1, 10, 20), 6, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 6),
            shape(2, 3, of(1, 10, 9), 6, of(1, 3, 3), of(1, 2, 2), of(0, 1, 1), of(0, 1, 0), of(1, 1, 2), 3),
            shape(2, 5, of(1, 13, 17), 5, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 5),
            shape(1, 2, of(1, 300, 150), 2, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 2),
            shape(1, 2, of(1, 130, 260), 4, of(1, 3, 5), of(1, 2, 2), of(0, 1, 2), of(0, 1, 2), of(1, 1, 1), 2),
            shape(3, 4, of(1, 16, 33), 4, of(1, 5, 5), of(1, 1, 1), of(0, 2, 2), of(0, 2, 2), of(1, 1, 1), 4),
            shape(2, 4, of(1, 15, 21), 8, of(1, 7, 7), of(1, 1, 1), of(0, 3, 3), of(0, 3, 3), of(1, 1, 1), 4),
            shape(2, 3, of(1, 21, 35), 3, of(1, 3, 3), of(1, 1, 1), of(0, 2, 2), of(0, 2, 2), of(1, 2, 2), 3),
            shape(2, 3, of(1, 20, 40), 3, of(1, 3, 3), of(1, 1, 1), of(0, 0, 0), of(0, 0, 0), of(1, 1, 1), 3),
            shape(2, 3, of(1, 7, 7), 3, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 3),
            shape(2, 3, of(1, 3, 50), 3, of(1, 4, 3), of(1, 3, 3), of(0, 5, 4), of(0, 3, 7), of(1, 1, 1), 3),
            shape(2, 3, of(1, 1, 203), 6, of(1, 1, 9), of(1, 1, 1), of(0, 0, 4), of(0, 0, 4), of(1, 1, 1), 3),
            shape(1, 3, of(6, 9, 20), 3, of(3, 3, 3), of(1, 1, 1), of(1, 1, 1), of(1, 1, 1), of(1, 1, 1), 3),
            shape(1, 2, of(7, 9, 18), 4, of(3, 3, 3), of(2, 2, 2), of(1, 1, 1), of(2, 1, 1), of(2, 1, 1), 2),
            shape(2, 3, of(1, 9, 9), 3, of(1, 1, 1), of(1, 2, 3), of(0, 0, 0), of(0, 0, 0), of(1, 1, 1), 3),
            shape(2, 3, of(1, 30, 37), 10, of(1, 7, 7), of(1, 2, 2), of(0, 3, 3), of(0, 3, 3), of(1, 1, 1), 1),
            shape(1, 3, of(1, 64, 70), 130, of(1, 4, 4), of(1, 2, 2), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 1),
            shape(1, 4, of(1, 19, 50), 38, of(1, 5, 3), of(1, 1, 2), of(0, 0, 1), of(0, 2, 1), of(1, 2, 1), 2),
            shape(2, 1, of(1, 33, 20), 7, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 1),
            shape(1, 2, of(1, 1, 1), 3, of(1, 3, 3), of(1, 2, 2), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 1),
            shape(1, 3, of(1, 47, 49), 5, of(1, 11, 11), of(1, 4, 4), of(0, 2, 2), of(0, 2, 2), of(1, 1, 1), 1),
            shape(1, 1, of(1, 2, 1), 2, of(1, 4, 3), of(1, 3, 2), of(0, 1, 1), of(0, 1, 1), of(1, 1, 1), 1),
            shape(1, 2, of(4, 5, 19), 3, of(3, 3, 3), of(1, 1, 1), of(1, 1, 1), of(1, 1, 1), of(1, 1, 1), 1),
            shape(2, 3, of(1, 1, 40), 4, of(1, 1, 5), of(1, 1, 2), of(0, 0, 3), of(0, 0, 1), of(1, 1, 3), 1),
            shape(2, 2, of(5, 6, 7), 3, of(3, 2, 3), of(2, 1, 2), of(1, 0, 1), of(0, 1, 2), of(1, 2, 1), 1),
            shape(1, 2, of(1, 4, 4), 3, of(1, 2, 2), of(1, 5, 3), of(0, 0, 0), of(0, 0, 0), of(1, 1, 1), 1));

    private interface Visit {
        void at(long x, long w, long y);
    }

    private static void loops(ConvShape s, Visit v) {
        for (int n = 0; n < s.n(); n++) {
            for (int oc = 0; oc < s.oc(); oc++) {
                for (int p = 0; p < s.outVolume(); p++) {
                    for (int ic = 0; ic < s.groupIn(); ic++) {
                        for (int t = 0; t < s.taps(); t++) {
                            int[] o = {p / (s.out()[1] * s.out()[2]), p / s.out()[2] % s.out()[1], p % s.out()[2]};
                            int[] k = {t / (s.kernel()[1] * s.kernel()[2]), t / s.kernel()[2] % s.kernel()[1],
                                    t % s.kernel()[2]};
                            long at = 0;
                            boolean in = true;
                            for (int i = 0; i < 3; i++) {
                                int x = o[i] * s.stride()[i] - s.pad()[i] + k[i] * s.dilation()[i];
                                in &= x >= 0 && x < s.in()[i];
                                at = at * s.in()[i] + x;
                            }
                            if (in) {
                                int c = oc / s.groupOut() * s.groupIn() + ic;
                                v.at(((long) n * s.c() + c) * s.inVolume() + at,
                                        ((long) oc * s.groupIn() + ic) * s.taps() + t,
                                        ((long) n * s.oc() + oc) * s.outVolume() + p);
                            }
                        }
                    }
                }
            }
        }
    }

    private static long fill(Arena arena, GemmKernel kernel, double[] values) {
        long at = arena.allocate(Math.max(1, values.length) * (long) kernel.bytes(), 64).address();
        for (int i = 0; i < values.length; i++) {
            if (kernel.bytes() == 4) {
                Mem.putFloat(at + 4L * i, (float) values[i]);
                values[i] = (float) values[i];
            } else {
                Mem.putDouble(at + 8L * i, values[i]);
            }
        }
        return at;
    }

    private static void same(GemmKernel kernel, double[] expected, long got, String what) {
        for (int i = 0; i < expected.length; i++) {
            double g = kernel.bytes() == 4 ? Mem.getFloat(got + 4L * i) : Mem.getDouble(got + 8L * i);
            assertEquals(expected[i], g, (kernel.bytes() == 4 ? 1e-4 : 1e-11), what + " at " + i);
        }
    }

    private static void check(GemmKernel kernel, ConvShape s) {
        Random r = new Random(5);
        double[] x = r.doubles(s.n() * s.c() * s.inVolume(), -1, 1).toArray();
        double[] w = r.doubles(s.oc() * s.groupIn() * s.taps(), -1, 1).toArray();
        double[] dy = r.doubles(s.n() * s.oc() * s.outVolume(), -1, 1).toArray();
        double[] y = new double[dy.length];
        double[] dx = new double[x.length];
        double[] dw = new double[w.length];
        try (Arena arena = Arena.ofShared()) {
            long px = fill(arena, kernel, x);
            long pw = fill(arena, kernel, w);
            long pdy = fill(arena, kernel, dy);
            long out = fill(arena, kernel, new double[Math.max(Math.max(x.length, w.length), dy.length)]);
            loops(s, (i, j, k) -> {
                y[(int) k] += x[(int) i] * w[(int) j];
                dx[(int) i] += dy[(int) k] * w[(int) j];
                dw[(int) j] += dy[(int) k] * x[(int) i];
            });
            Conv.forward(kernel, POOL, s, px, pw, out, null);
            same(kernel, y, out, "forward " + s);
            Conv.backwardData(kernel, POOL, s, pdy, pw, out);
            same(kernel, dx, out, "backward data " + s);
            if (FewChannels.fits(s)) {
                new FewChannels(kernel, s).backwardData(POOL, pdy, pw, out);
                same(kernel, dx, out, "backward data, few channels " + s);
            }
            Conv.backwardWeights(kernel, POOL, s, px, pdy, out);
            same(kernel, dw, out, "backward weights " + s);
        }
    }

    @Test
    void floats() {
        SHAPES.forEach(s -> check(GemmKernel.f32(true), s));
        SHAPES.forEach(s -> check(GemmKernel.f32(false), s));
    }

    @Test
    void doubles() {
        SHAPES.forEach(s -> check(GemmKernel.f64(true), s));
        SHAPES.forEach(s -> check(GemmKernel.f64(false), s));
    }

    /// What is read past the end of a row takes no part in sums.
    @Test
    void nanReachesOnlyWhatSeesIt() {
        for (int side : new int[] {7, 16, 21, 40}) {
            ConvShape s = shape(1, 2, of(1, side, side), 2, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1),
                    of(1, 1, 1), 2);
            GemmKernel kernel = GemmKernel.f32(true);
            int points = side * side;
            double[] x = new double[2 * points];
            java.util.Arrays.fill(x, 1);
            int row = 3;
            x[row * side + side - 1] = Double.NaN; // the last of a row of the first channel
            try (Arena arena = Arena.ofShared()) {
                long px = fill(arena, kernel, x);
                double[] ones = new double[2 * points];
                java.util.Arrays.fill(ones, 1);
                long dy = fill(arena, kernel, ones);
                long w = fill(arena, kernel, java.util.Arrays.copyOf(ones, 18));
                long y = fill(arena, kernel, new double[2 * points]);
                long dw = fill(arena, kernel, new double[18]);
                Conv.forward(kernel, POOL, s, px, w, y, null);
                for (int i = 0; i < 2 * points; i++) {
                    boolean sees = i < points && Math.abs(i / side - row) <= 1 && i % side >= side - 2;
                    assertEquals(sees, Float.isNaN(Mem.getFloat(y + 4L * i)), side + ": point " + i);
                }
                Conv.backwardWeights(kernel, POOL, s, px, dy, dw);
                for (int t = 0; t < 18; t++) {
                    // The left taps see all columns but the last.
                    assertEquals(t < 9 && t % 3 > 0, Float.isNaN(Mem.getFloat(dw + 4L * t)), side + ": tap " + t);
                }
            }
        }
    }

    /// Few channels share what they read: each point takes what its own windows see, and nothing else.
    @Test
    void infinityReachesOnlyWhatItsWindowsSee() {
        for (int stride : new int[] {1, 2, 3}) {
            ConvShape s = shape(1, 3, of(1, 23, 41), 4, of(1, 5, 4), of(1, stride, stride), of(0, 2, 1), of(0, 2, 1),
                    of(1, 1, 1), 1);
            GemmKernel kernel = GemmKernel.f32(true);
            double[] dy = new double[s.oc() * s.outVolume()];
            int row = 3;
            int col = 5;
            dy[2 * s.outVolume() + row * s.out()[2] + col] = Double.POSITIVE_INFINITY;
            double[] w = new double[s.oc() * s.c() * s.taps()];
            java.util.Arrays.fill(w, 1);
            try (Arena arena = Arena.ofShared()) {
                long dx = fill(arena, kernel, new double[s.c() * s.inVolume()]);
                new FewChannels(kernel, s).backwardData(POOL, fill(arena, kernel, dy), fill(arena, kernel, w), dx);
                for (int i = 0; i < s.c() * s.inVolume(); i++) {
                    int y = i % s.inVolume() / s.in()[2] - (row * stride - 2);
                    int x = i % s.in()[2] - (col * stride - 1);
                    float expected = y >= 0 && y < 5 && x >= 0 && x < 4 ? Float.POSITIVE_INFINITY : 0;
                    assertEquals(expected, Mem.getFloat(dx + 4L * i), "stride " + stride + ": point " + i);
                }
            }
        }
    }

    /// A part's sums do not depend on who computes it.
    @Test
    void sameBitsForAnyNumberOfThreads() {
        ConvShape s = shape(3, 3, of(1, 61, 43), 24, of(1, 7, 7), of(1, 2, 2), of(0, 3, 3), of(0, 3, 3), of(1, 1, 1),
                1);
        GemmKernel kernel = GemmKernel.f32(true);
        Random r = new Random(6);
        try (Arena arena = Arena.ofShared()) {
            long dy = fill(arena, kernel, r.doubles(s.n() * s.oc() * s.outVolume(), -1, 1).toArray());
            long w = fill(arena, kernel, r.doubles(s.oc() * s.c() * s.taps(), -1, 1).toArray());
            int size = s.n() * s.c() * s.inVolume();
            long one = fill(arena, kernel, new double[size]);
            long more = fill(arena, kernel, new double[size]);
            new FewChannels(kernel, s).backwardData(new WorkerPool(1), dy, w, one);
            new FewChannels(kernel, s).backwardData(POOL, dy, w, more);
            for (int i = 0; i < size; i++) {
                assertEquals(Mem.getInt(one + 4L * i), Mem.getInt(more + 4L * i), "point " + i);
            }
        }
    }
}
