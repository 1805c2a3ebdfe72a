package dev.tenon.backend.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.VectorSupport;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.Conv;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Convolutions by oneDNN are those of this backend, to within rounding.
class DnnlConvTest {
    private static final WorkerPool TWO = new WorkerPool(2);

    private static ConvShape shape(int n, int c, int side, int oc, int kernel, int stride, int pad, int dilation,
            int groups) {
        int out = (side + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
        return new ConvShape(n, c, new int[] {1, side, side}, oc, new int[] {1, kernel, kernel},
                new int[] {1, out, out}, new int[] {1, stride, stride}, new int[] {0, pad, pad},
                new int[] {1, dilation, dilation}, groups);
    }

    /// Cut by images, by channels, with strides that leave something over, in groups, depthwise, dilated.
    private static final List<ConvShape> SHAPES = List.of(
            shape(4, 16, 14, 32, 3, 1, 1, 1, 1),
            shape(1, 64, 7, 64, 3, 1, 1, 1, 1),
            shape(2, 256, 4, 256, 3, 1, 1, 1, 1),
            shape(6, 3, 23, 16, 7, 2, 3, 1, 1),
            shape(4, 32, 9, 64, 1, 2, 0, 1, 1),
            shape(2, 32, 10, 32, 3, 1, 1, 1, 32),
            shape(2, 32, 9, 64, 3, 1, 2, 2, 4));

    private static long random(Arena arena, long n, long seed) {
        long at = arena.allocate(4 * n, 64).address();
        Random r = new Random(seed);
        for (long i = 0; i < n; i++) {
            Mem.putFloat(at + 4 * i, (float) r.nextGaussian());
        }
        return at;
    }

    private static void near(String what, long expected, long actual, long n, double terms) {
        for (long i = 0; i < n; i++) {
            float e = Mem.getFloat(expected + 4 * i);
            assertEquals(e, Mem.getFloat(actual + 4 * i), 2e-6 * Math.sqrt(terms) * 8, what + ", element " + i);
        }
    }

    @Test
    void agreesWithJava() {
        assumeTrue(VectorSupport.AVAILABLE && OneDnn.isAvailable(), OneDnn::describe);
        GemmKernel kernel = GemmKernel.f32(true);
        for (ConvShape s : SHAPES) {
            try (Arena arena = Arena.ofShared()) {
                long nx = (long) s.n() * s.c() * s.inVolume();
                long nw = (long) s.oc() * s.groupIn() * s.taps();
                long ny = (long) s.n() * s.oc() * s.outVolume();
                long x = random(arena, nx, 1);
                long w = random(arena, nw, 2);
                long y = random(arena, ny, 3);
                String what = s.n() + "x" + s.c() + "@" + Arrays.toString(s.in()) + " to " + s.oc() + " "
                        + Arrays.toString(s.kernel()) + ", groups " + s.groups();

                long expected = random(arena, Math.max(nx, Math.max(nw, ny)), 4);
                long actual = random(arena, Math.max(nx, Math.max(nw, ny)), 5);
                Conv.forward(kernel, TWO, s, x, w, expected, null);
                DnnlConv forward = DnnlConv.of(s, DnnlConv.Kind.FORWARD, TWO);
                assertNotNull(forward, what);
                AtomicLong finished = new AtomicLong();
                forward.run(x, w, actual, (group, i0, rows, j0, cols) -> finished.addAndGet((long) rows * cols));
                near("forward " + what, expected, actual, ny, (double) s.groupIn() * s.taps());
                assertEquals(ny, finished.get(), "the epilogue sees every element once: " + what);

                Conv.backwardData(kernel, TWO, s, y, w, expected);
                DnnlConv data = DnnlConv.of(s, DnnlConv.Kind.DATA, TWO);
                if (data != null) {
                    data.run(actual, w, y, null);
                    near("data " + what, expected, actual, nx, (double) s.groupOut() * s.taps());
                }

                Conv.backwardWeights(kernel, TWO, s, x, y, expected);
                DnnlConv weights = DnnlConv.of(s, DnnlConv.Kind.WEIGHTS, TWO);
                if (weights != null) {
                    weights.run(x, actual, y, null);
                    near("weights " + what, expected, actual, nw, (double) s.n() * s.outVolume());
                }
                assertTrue(data != null || weights != null, what);
            }
        }
    }
}
