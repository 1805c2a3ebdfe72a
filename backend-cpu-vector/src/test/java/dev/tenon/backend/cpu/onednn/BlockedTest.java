package dev.tenon.backend.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.VectorSupport;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.conv.BlockedConvolution;
import dev.tenon.backend.cpu.conv.BlockedMaxPool;
import dev.tenon.backend.cpu.conv.BlockedNorm;
import dev.tenon.backend.cpu.conv.BlockedPointwise;
import dev.tenon.backend.cpu.conv.BlockedWinograd;
import dev.tenon.backend.cpu.conv.Conv;
import dev.tenon.backend.cpu.conv.ConvShape;
import dev.tenon.backend.cpu.conv.Places;
import dev.tenon.backend.cpu.conv.Pool;
import dev.tenon.backend.cpu.gemm.GemmKernel;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is done with images in blocks of channels is what is done with tensors.
class BlockedTest {
    private static final List<WorkerPool> POOLS = List.of(new WorkerPool(1), new WorkerPool(2), new WorkerPool(3));
    private static final int BLOCK = BlockedMaxPool.BLOCK;

    private final Arena arena = Arena.ofAuto();
    private final Random random = new Random(1);

    @BeforeEach
    void needsTheLibrary() {
        assumeTrue(VectorSupport.AVAILABLE && Rules.carriesFormats(), OneDnn::describe);
    }

    private static ConvShape shape(int n, int c, int height, int width, int oc, int kernel, int stride, int pad,
            int groups) {
        return new ConvShape(n, c, new int[] {1, height, width}, oc, new int[] {1, kernel, kernel},
                new int[] {1, (height + 2 * pad - kernel) / stride + 1, (width + 2 * pad - kernel) / stride + 1},
                new int[] {1, stride, stride}, new int[] {0, pad, pad}, new int[] {1, 1, 1}, groups);
    }

    private long memory(long n) {
        long at = arena.allocate(4 * n, 64).address();
        for (long i = 0; i < n; i++) {
            Mem.putFloat(at + 4 * i, (float) random.nextGaussian());
        }
        return at;
    }

    private static Operand operand(long at) {
        CpuMemory m = new CpuMemory(at, Long.MAX_VALUE);
        return new Operand() {
            @Override
            public CpuMemory memory() {
                return m;
            }

            @Override
            public long byteOffset() {
                return 0;
            }
        };
    }

    private static void run(Kernel k, long from, long to) {
        k.run(ImmediateStream.INSTANCE, List.of(operand(from)), List.of(operand(to)), null, Scalars.NONE);
    }

    private long packed(Format f, long at) {
        long to = memory(f.bytes() / 4);
        run(f.pack(), at, to);
        return to;
    }

    private long weights(BlockedConvolution c, long at) {
        return c.weights().map(f -> packed(f, at)).orElse(at);
    }

    private long unpacked(Format f, long at) {
        long to = memory(f.bytes() / 4);
        run(f.unpack(), at, to);
        return to;
    }

    private static Images images(ConvShape s, boolean in, WorkerPool pool) {
        int[] side = in ? s.in() : s.out();
        return new Images(s.n(), in ? s.c() : s.oc(), side[1], side[2], BLOCK, pool);
    }

    private static void near(String what, long expected, long actual, long n, double tolerance) {
        for (long i = 0; i < n; i++) {
            assertEquals(Mem.getFloat(expected + 4 * i), Mem.getFloat(actual + 4 * i), tolerance, what + " " + i);
        }
    }

    @Test
    void convolutions() {
        GemmKernel kernel = GemmKernel.f32(true);
        for (WorkerPool pool : POOLS) {
            for (ConvShape s : List.of(shape(4, 32, 9, 11, 48, 3, 1, 1, 1), shape(1, 64, 7, 7, 64, 3, 1, 1, 1),
                    shape(5, 16, 12, 8, 96, 3, 2, 1, 1), shape(6, 64, 9, 9, 32, 1, 2, 0, 1),
                    shape(3, 96, 5, 5, 240, 3, 1, 1, 1), shape(4, 32, 10, 10, 32, 3, 1, 1, 32))) {
                String what = s.n() + " " + s.c() + " to " + s.oc() + " on " + pool.threads() + ": ";
                long nx = (long) s.n() * s.c() * s.inVolume();
                long nw = (long) s.oc() * s.groupIn() * s.taps();
                long ny = (long) s.n() * s.oc() * s.outVolume();
                long x = memory(nx);
                long w = memory(nw);
                long y = memory(ny);
                Images in = images(s, true, pool);
                Images out = images(s, false, pool);
                long dy = packed(out, y);

                long expected = memory(Math.max(nx, nw));
                Conv.backwardData(kernel, pool, s, y, w, expected);
                BlockedConv data = BlockedConv.of(s, BLOCK, BlockedConvolution.Task.DATA, pool);
                assertNotNull(data, what);
                long dx = memory(nx);
                data.run(dy, weights(data, w), 0, 0, dx, null);
                near(what + "data", expected, unpacked(in, dx), nx, 1e-3);

                Conv.backwardWeights(kernel, pool, s, x, y, expected);
                BlockedWeights weights = BlockedWeights.of(s, BLOCK, false, pool);
                if (weights != null) {
                    long dw = memory(nw);
                    weights.run(packed(in, x), dy, dw);
                    near(what + "weights", expected, dw, nw, 1e-3);
                } else {
                    assertEquals(32, s.groups(), what);
                }
            }
        }
    }

    /// Bias, sum and ReLU of what has NaN in it, by the library and by products here; and the gradient of the input.
    @Test
    void windowsOfOnePoint() {
        GemmKernel kernel = GemmKernel.f32(true);
        for (WorkerPool pool : POOLS) {
            for (ConvShape s : List.of(shape(1, 64, 15, 16, 96, 1, 1, 0, 1), shape(4, 32, 7, 7, 96, 1, 1, 0, 1),
                    shape(6, 96, 3, 5, 32, 1, 1, 0, 1), shape(1, 32, 30, 31, 64, 1, 1, 0, 1))) {
                long nx = (long) s.n() * s.c() * s.inVolume();
                long ny = (long) s.n() * s.oc() * s.outVolume();
                long x = memory(nx);
                long w = memory((long) s.oc() * s.c());
                long bias = memory(s.oc());
                long sum = memory(ny);
                Mem.putFloat(sum, Float.NaN);
                Images in = images(s, true, pool);
                Images out = images(s, false, pool);
                long packed = packed(in, x);
                for (boolean whole : new boolean[] {true, false}) {
                    long expected = memory(ny);
                    Conv.forward(kernel, pool, s, x, w, expected, null);
                    for (long i = 0; whole && i < ny; i++) {
                        float v = Mem.getFloat(expected + 4 * i) + Mem.getFloat(sum + 4 * i)
                                + Mem.getFloat(bias + 4 * (i / s.outVolume() % s.oc()));
                        Mem.putFloat(expected + 4 * i, v <= 0 ? 0 : v);
                    }
                    BlockedConvolution.Task t = new BlockedConvolution.Task(false, false, whole, whole, whole);
                    for (BlockedConvolution c : new BlockedConvolution[] {BlockedConv.of(s, BLOCK, t, pool),
                        BlockedPointwise.of(s, t, pool)}) {
                        assertNotNull(c);
                        long y = memory(ny);
                        AtomicLong finished = new AtomicLong();
                        c.run(packed, weights(c, w), whole ? bias : 0, whole ? packed(out, sum) : 0, y,
                                (from, to) -> finished.addAndGet(to - from));
                        near("forward", expected, unpacked(out, y), ny, 1e-3);
                        assertEquals(ny, finished.get());
                    }
                }
                long expected = memory(nx);
                Conv.backwardData(kernel, pool, s, sum, w, expected);
                BlockedConvolution data = BlockedPointwise.of(s, BlockedConvolution.Task.DATA, pool);
                assertNotNull(data);
                long dx = memory(nx);
                data.run(packed(out, sum), weights(data, w), 0, 0, dx, null);
                near("data", expected, unpacked(in, dx), nx, 1e-3);
            }
        }
    }

    /// Forward with all that follows, and the gradient of the input, with what is not finite where it belongs.
    @Test
    void byWinograd() {
        GemmKernel kernel = GemmKernel.f32(true);
        for (WorkerPool pool : POOLS) {
            for (ConvShape s : List.of(shape(1, 64, 15, 16, 96, 3, 1, 1, 1), shape(4, 32, 7, 7, 48, 3, 1, 1, 1),
                    shape(5, 16, 6, 5, 32, 3, 1, 0, 1), shape(2, 32, 30, 31, 64, 3, 1, 2, 1))) {
                long nx = (long) s.n() * s.c() * s.inVolume();
                long ny = (long) s.n() * s.oc() * s.outVolume();
                long x = memory(nx);
                long w = memory((long) s.oc() * s.c() * 9);
                long bias = memory(s.oc());
                long sum = memory(ny);
                Images in = images(s, true, pool);
                Images out = images(s, false, pool);
                for (int turn = 0; turn < 2; turn++) {
                    long expected = memory(ny);
                    Conv.forward(kernel, pool, s, x, w, expected, null);
                    for (long i = 0; i < ny; i++) {
                        float v = Mem.getFloat(expected + 4 * i) + Mem.getFloat(sum + 4 * i)
                                + Mem.getFloat(bias + 4 * (i / s.outVolume() % s.oc()));
                        Mem.putFloat(expected + 4 * i, v <= 0 ? 0 : v);
                    }
                    BlockedConvolution c = BlockedWinograd.of(s,
                            new BlockedConvolution.Task(false, false, true, true, true), turn == 0, pool);
                    assertNotNull(c);
                    long y = memory(ny);
                    AtomicLong finished = new AtomicLong();
                    c.run(packed(in, x), weights(c, w), bias, packed(out, sum), y,
                            (from, to) -> finished.addAndGet(to - from));
                    near("forward", expected, unpacked(out, y), ny, 2e-3);
                    assertEquals(ny, finished.get());

                    Conv.backwardData(kernel, pool, s, sum, w, x);
                    BlockedConvolution data = BlockedWinograd.of(s, BlockedConvolution.Task.DATA, turn == 0, pool);
                    assertNotNull(data);
                    long dx = memory(nx);
                    data.run(packed(out, sum), weights(data, w), 0, 0, dx, null);
                    near("data", x, unpacked(in, dx), nx, 2e-3);
                    // What was read by now, and NaN and infinity in it.
                    Mem.putFloat(x + 4 * 17, Float.NaN);
                    Mem.putFloat(x + 4 * (nx - 1), Float.POSITIVE_INFINITY);
                    Mem.putFloat(sum + 4 * 5, Float.NEGATIVE_INFINITY);
                }
            }
        }
    }

    @Test
    void picturesAreReadAsTheyAre() {
        for (WorkerPool pool : POOLS) {
            ConvShape s = shape(6, 3, 20, 18, 64, 7, 2, 3, 1);
            long x = memory((long) s.n() * s.c() * s.inVolume());
            long y = memory((long) s.n() * s.oc() * s.outVolume());
            long nw = (long) s.oc() * s.c() * s.taps();
            long expected = memory(nw);
            Conv.backwardWeights(GemmKernel.f32(true), pool, s, x, y, expected);
            BlockedWeights weights = BlockedWeights.of(s, BLOCK, true, pool);
            assertNotNull(weights);
            long dw = memory(nw);
            weights.run(x, packed(images(s, false, pool), y), dw);
            near("weights", expected, dw, nw, 1e-3);
        }
    }

    @Test
    void maximaAndTheirGradients() {
        for (WorkerPool pool : POOLS) {
            for (ConvShape s : List.of(shape(2, 32, 13, 10, 32, 3, 2, 1, 1), shape(1, 16, 8, 9, 16, 2, 2, 0, 1),
                    shape(3, 16, 7, 7, 16, 3, 1, 1, 1), shape(2, 16, 11, 12, 16, 2, 3, 1, 1))) {
                long nx = (long) s.n() * s.c() * s.inVolume();
                long ny = (long) s.n() * s.c() * s.outVolume();
                long x = memory(nx);
                for (long i = 0; i < nx; i++) {
                    // Many that are equal, and some that are no numbers or as small as can be.
                    float v = Math.round(Mem.getFloat(x + 4 * i));
                    Mem.putFloat(x + 4 * i, i % 97 == 0 ? Float.NaN : i % 5 == 0 ? Float.NEGATIVE_INFINITY : v);
                }
                long y = memory(ny);
                long positions = memory(2 * ny);
                Pool.max(false, pool, s, 4, x, y, positions);
                Images in = images(s, true, pool);
                Images out = images(s, false, pool);
                long blocked = memory(ny);
                long places = memory(ny);
                BlockedMaxPool.run(pool, s, packed(in, x), blocked, places);
                near("maximum", y, unpacked(out, blocked), ny, 0);
                long told = memory(2 * ny);
                run(new Places(s, pool).unpack(), places, told);
                for (long i = 0; i < ny; i++) {
                    assertEquals(Mem.getLong(positions + 8 * i), Mem.getLong(told + 8 * i), "position " + i);
                }
                long g = memory(ny);
                long expected = memory(nx);
                Pool.maxBackward(pool, s, 4, g, positions, expected);
                long dx = memory(nx);
                BlockedMaxPool.backward(pool, s, packed(out, g), places, dx);
                near("gradient", expected, unpacked(in, dx), nx, 1e-6);
            }
        }
    }

    @Test
    void normsAndTheirGradients() {
        for (WorkerPool pool : POOLS) {
            for (int[] d : new int[][] {{1, 16, 1, 3}, {4, 48, 5, 7}, {3, 16, 19, 31}}) {
                norm(pool, d[0], d[1], d[2], d[3], 0);
                // Far from zero, where squares would cancel each other.
                norm(pool, d[0], d[1], d[2], d[3], 1000);
            }
        }
    }

    private void norm(WorkerPool pool, int n, int c, int h, int w, float offset) {
        int points = h * w;
        int count = n * points;
        long size = (long) count * c;
        Images format = new Images(n, c, h, w, BLOCK, pool);
        long x = memory(size);
        for (long i = 0; i < size; i++) {
            Mem.putFloat(x + 4 * i, Mem.getFloat(x + 4 * i) + offset);
        }
        long g = memory(size);
        long scale = memory(c);
        long shift = memory(c);
        long mean = memory(c);
        long rstd = memory(c);
        long y = memory(size);
        BlockedNorm norm = new BlockedNorm(pool, n, c, points);
        norm.forward(packed(format, x), scale, shift, 1e-5, y, mean, rstd);
        long dx = memory(size);
        long toScale = memory(c);
        long toShift = memory(c);
        norm.backward(packed(format, g), packed(format, x), scale, mean, rstd, dx, toScale, toShift);
        long gotY = unpacked(format, y);
        long gotX = unpacked(format, dx);
        // In double precision, with the mean and the deviation that were found where differences to them are taken.
        double eps = offset == 0 ? 2e-5 : 2e-3;
        for (int k = 0; k < c; k++) {
            double sum = 0;
            double squares = 0;
            double sumG = 0;
            double along = 0;
            for (int i = 0; i < count; i++) {
                long at = 4L * ((i / points * c + k) * points + i % points);
                sum += Mem.getFloat(x + at);
            }
            double m = sum / count;
            for (int i = 0; i < count; i++) {
                long at = 4L * ((i / points * c + k) * points + i % points);
                double v = Mem.getFloat(x + at) - m;
                squares += v * v;
                sumG += Mem.getFloat(g + at);
                along += Mem.getFloat(g + at) * v;
            }
            double r = 1 / Math.sqrt(squares / count + 1e-5);
            assertEquals(m, Mem.getFloat(mean + 4L * k), 1e-6 * Math.max(1, offset), "mean");
            assertEquals(r, Mem.getFloat(rstd + 4L * k), 1e-5 * r, "reciprocal deviation");
            assertEquals(along * r, Mem.getFloat(toScale + 4L * k), eps * count, "gradient of the scale");
            assertEquals(sumG, Mem.getFloat(toShift + 4L * k), 1e-5 * count, "gradient of the shift");
            double a = Mem.getFloat(scale + 4L * k) * r;
            for (int i = 0; i < count; i++) {
                long at = 4L * ((i / points * c + k) * points + i % points);
                double v = Mem.getFloat(x + at) - m;
                assertEquals(v * a + Mem.getFloat(shift + 4L * k), Mem.getFloat(gotY + at), eps * 4, "result");
                assertEquals(a * (Mem.getFloat(g + at) - sumG / count - v * r * r * along / count),
                        Mem.getFloat(gotX + at), eps * 4 * Math.max(1, r), "gradient");
            }
        }
    }
}
