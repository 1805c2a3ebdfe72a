package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.ConvTest.of;
import static dev.tenon.backend.cpu.conv.ConvTest.shape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.VectorSupport;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Winograd's convolution is the convolution, in doubles to within rounding, and with its infinities and NaNs.
class WinogradTest {
    private static final WorkerPool TWO = new WorkerPool(2);

    private static ConvShape windows(int n, int c, int h, int w, int oc, int... padding) {
        return shape(n, c, of(1, h, w), oc, of(1, 3, 3), of(1, 1, 1), of(0, padding[0], padding[1]),
                of(0, padding[2], padding[3]), of(1, 1, 1), 1);
    }

    /// Whole vectors of channels and not, panels of one vector, odd sides, rows longer and shorter than vectors, strips
    /// of parts of an image and of several, images of one point, padding on some sides and more than windows reach.
    private static final List<ConvShape> SHAPES = List.of(
            windows(2, 64, 14, 14, 64, 1, 1, 1, 1),
            windows(1, 32, 56, 56, 32, 1, 1, 1, 1),
            windows(3, 16, 7, 7, 48, 1, 1, 1, 1),
            windows(5, 48, 4, 4, 16, 1, 1, 1, 1),
            windows(7, 33, 5, 9, 20, 1, 1, 1, 1),
            windows(2, 3, 11, 17, 5, 1, 0, 0, 1),
            windows(2, 1, 3, 3, 1, 0, 0, 0, 0),
            windows(3, 17, 1, 1, 35, 1, 1, 1, 1),
            windows(2, 16, 1, 1, 16, 2, 2, 2, 2),
            windows(1, 20, 19, 3, 40, 2, 2, 2, 2),
            windows(1, 8, 6, 40, 8, 2, 0, 1, 3),
            windows(2, 4, 3, 4, 4, 4, 3, 5, 3),
            windows(40, 16, 2, 2, 32, 1, 1, 1, 1),
            windows(1, 160, 9, 9, 96, 0, 0, 0, 0));

    @BeforeAll
    static void vectors() {
        assumeTrue(VectorSupport.AVAILABLE, "there are no vector kernels");
    }

    /// A convolution or its gradient of the input, with operands in memory.
    private static final class Case implements AutoCloseable {
        final Arena arena = Arena.ofShared();
        final ConvShape s;
        final boolean data;
        final int in;
        final int out;
        final long x;
        final long w;
        final int weights;

        Case(ConvShape s, boolean data, long seed) {
            this.s = s;
            this.data = data;
            in = data ? s.n() * s.oc() * s.outVolume() : s.n() * s.c() * s.inVolume();
            out = data ? s.n() * s.c() * s.inVolume() : s.n() * s.oc() * s.outVolume();
            weights = s.oc() * s.c() * s.taps();
            x = random(in, seed);
            w = random(weights, seed + 1);
        }

        private long random(int n, long seed) {
            // Without a byte to spare: whoever reads or writes beyond is found.
            long at = arena.allocate(4L * n, 4).address();
            Random r = new Random(seed);
            for (int i = 0; i < n; i++) {
                Mem.putFloat(at + 4L * i, (float) r.nextGaussian());
            }
            return at;
        }

        private long doubles(long from, int n) {
            long at = arena.allocate(8L * n, 64).address();
            for (int i = 0; i < n; i++) {
                Mem.putDouble(at + 8L * i, Mem.getFloat(from + 4L * i));
            }
            return at;
        }

        private void direct(GemmKernel kernel, long x, long w, long y) {
            if (data) {
                Conv.backwardData(kernel, TWO, s, x, w, y);
            } else {
                Conv.forward(kernel, TWO, s, x, w, y, null);
            }
        }

        double[] expected() {
            long y = arena.allocate(8L * out, 64).address();
            direct(GemmKernel.f64(true), doubles(x, in), doubles(w, weights), y);
            double[] r = new double[out];
            Arrays.setAll(r, i -> Mem.getDouble(y + 8L * i));
            return r;
        }

        float[] direct() {
            long y = arena.allocate(4L * out, 64).address();
            direct(GemmKernel.f32(true), x, w, y);
            return floats(y);
        }

        /// Adds `after` to each result in an epilogue.
        float[] winograd(WorkerPool pool, float after) {
            long y = arena.allocate(4L * out + 128, 4).address() + 64;
            long guard = 0x1234567887654321L;
            for (int i = 1; i <= 8; i++) {
                Mem.putLong(y - 8L * i, guard);
                Mem.putLong(y + 4L * out + 8L * (i - 1), guard);
            }
            int volume = data ? s.inVolume() : s.outVolume();
            int channels = data ? s.c() : s.oc();
            Winograd winograd = data ? Winograd.backwardData(s, pool) : Winograd.forward(s, pool);
            winograd.run(x, w, y, after == 0 ? null : (group, i0, rows, j0, cols) -> {
                assertEquals(0, group);
                for (int i = i0; i < i0 + rows; i++) {
                    for (int j = j0; j < j0 + cols; j++) {
                        long at = y + 4L * (((long) j / volume * channels + i) * volume + j % volume);
                        Mem.putFloat(at, Mem.getFloat(at) + after);
                    }
                }
            });
            for (int i = 1; i <= 8; i++) {
                assertEquals(guard, Mem.getLong(y - 8L * i), this + " writes before its results");
                assertEquals(guard, Mem.getLong(y + 4L * out + 8L * (i - 1)), this + " writes after its results");
            }
            return floats(y);
        }

        private float[] floats(long y) {
            float[] r = new float[out];
            for (int i = 0; i < out; i++) {
                r[i] = Mem.getFloat(y + 4L * i);
            }
            return r;
        }

        @Override
        public String toString() {
            return (data ? "gradient of the input of " : "") + s.n() + "x" + s.c() + "@" + Arrays.toString(s.in())
                    + " to " + s.oc() + "@" + Arrays.toString(s.out()) + ", padding " + Arrays.toString(s.pad());
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    @Test
    void agreesWithDoubles() {
        for (ConvShape s : SHAPES) {
            for (boolean data : new boolean[] {false, true}) {
                try (Case c = new Case(s, data, 11)) {
                    double[] expected = c.expected();
                    float[] got = c.winograd(TWO, 0);
                    double tolerance = 6e-6 * Math.sqrt(9.0 * (data ? s.oc() : s.c()));
                    for (int i = 0; i < got.length; i++) {
                        assertEquals(expected[i], got[i], tolerance, c + ", element " + i);
                    }
                }
            }
        }
    }

    @Test
    void epiloguesSeeEachResultOnce() {
        for (ConvShape s : SHAPES) {
            try (Case c = new Case(s, false, 21)) {
                float[] plain = c.winograd(TWO, 0);
                float[] after = c.winograd(TWO, 1.5f);
                for (int i = 0; i < plain.length; i++) {
                    assertEquals(plain[i] + 1.5f, after[i], c + ", element " + i);
                }
            }
        }
    }

    /// Strips are cut by threads, bits are not.
    @Test
    void threadsDoNotShowInTheBits() {
        WorkerPool one = new WorkerPool(1);
        WorkerPool five = new WorkerPool(5);
        for (ConvShape s : SHAPES) {
            try (Case c = new Case(s, true, 31)) {
                float[] alone = c.winograd(one, 0);
                assertEquals(-1, Arrays.mismatch(alone, c.winograd(TWO, 0)), c::toString);
                assertEquals(-1, Arrays.mismatch(alone, c.winograd(five, 0)), c::toString);
            }
        }
    }

    /// One number that is not finite, or so large that sums of some overflow, reaches what sees it and nothing else.
    @Test
    void whatIsNotFiniteIsWhereItBelongs() {
        Random r = new Random(5);
        for (ConvShape s : SHAPES) {
            for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 3e38f}) {
                for (boolean weight : new boolean[] {false, true}) {
                    boolean data = r.nextBoolean();
                    try (Case c = new Case(s, data, 41)) {
                        Mem.putFloat(weight ? c.w + 4L * r.nextInt(c.weights) : c.x + 4L * r.nextInt(c.in), odd);
                        String what = c + " with " + odd + (weight ? " among the weights" : "");
                        float[] expected = c.direct();
                        float[] got = c.winograd(TWO, 1);
                        double tolerance = 8e-6 * Math.sqrt(9.0 * (data ? s.oc() : s.c())) * (odd == 3e38f ? odd : 1);
                        for (int i = 0; i < got.length; i++) {
                            float e = expected[i] + 1;
                            assertEquals(Float.isFinite(e), Float.isFinite(got[i]), what + ", element " + i);
                            assertEquals(e, got[i], tolerance, what + ", element " + i);
                        }
                    }
                }
            }
        }
    }

    @Test
    void leavesOthersAlone() {
        assertTrue(Winograd.fits(windows(1, 2, 5, 5, 3, 1, 1, 1, 1)));
        assertFalse(Winograd.fits(shape(1, 2, of(1, 5, 5), 2, of(1, 3, 3), of(1, 2, 1), of(0, 1, 1), of(0, 1, 1),
                of(1, 1, 1), 1)), "stride");
        assertFalse(Winograd.fits(shape(1, 2, of(1, 5, 5), 2, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1),
                of(1, 1, 2), 1)), "dilation");
        assertFalse(Winograd.fits(shape(1, 2, of(1, 5, 5), 2, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1),
                of(1, 1, 1), 2)), "groups");
        assertFalse(Winograd.fits(shape(1, 2, of(5, 5, 5), 2, of(1, 3, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1),
                of(1, 1, 1), 1)), "three axes");
        assertFalse(Winograd.fits(shape(1, 2, of(1, 5, 5), 2, of(1, 5, 3), of(1, 1, 1), of(0, 1, 1), of(0, 1, 1),
                of(1, 1, 1), 1)), "windows of 5 x 3");
    }
}
