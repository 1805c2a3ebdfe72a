package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Maxima of windows over images in blocks of as many channels as a vector of floats has lanes:
/// `[n, c / lanes, h, w, lanes]`, and their gradients. Where a maximum is in its window is told by the number of its
/// place there, as a float, in images like the results.
public final class BlockedMaxPool {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Channels in a block.
    public static final int BLOCK = S.length();
    private static final int BYTES = 4 * BLOCK;

    private BlockedMaxPool() {}

    /// The maximum of each window; NaN is a maximum, and of several the first.
    ///
    /// @param s over two axes; channels are whole blocks
    /// @param places where each is within its window, or 0 if nobody wants to know
    public static void run(WorkerPool pool, ConvShape s, long x, long y, long places) {
        long rows = (long) s.n() * s.c() / BLOCK * s.out()[1];
        pool.parallelFor(rows, grain(s, s.out()[2]), (from, to) -> {
            for (long r = from; r < to; r++) {
                long plane = x + r / s.out()[1] * s.inVolume() * BYTES;
                long at = r * s.out()[2] * BYTES;
                int top = (int) (r % s.out()[1]) * s.stride()[1] - s.pad()[1];
                for (int p = 0; p < s.out()[2]; p++, at += BYTES) {
                    int left = p * s.stride()[2] - s.pad()[2];
                    if (places == 0) {
                        window(s, plane, top, left, y + at);
                    } else {
                        window(s, plane, top, left, y + at, places + at);
                    }
                }
            }
        });
    }

    private static long grain(ConvShape s, int width) {
        return Math.max(1, 4_000 / ((long) width * s.taps()));
    }

    private static void window(ConvShape s, long plane, int top, int left, long y) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        for (int i = 0, row = top; i < s.kernel()[1]; i++, row += s.dilation()[1]) {
            if (row < 0 || row >= s.in()[1]) {
                continue;
            }
            for (int j = 0, col = left; j < s.kernel()[2]; j++, col += s.dilation()[2]) {
                if (col >= 0 && col < s.in()[2]) {
                    best = larger(best, plane + ((long) row * s.in()[2] + col) * BYTES);
                }
            }
        }
        best.intoMemorySegment(Mem.ALL, y, ORDER);
    }

    private static void window(ConvShape s, long plane, int top, int left, long y, long places) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector place = FloatVector.broadcast(S, -1);
        for (int i = 0, row = top; i < s.kernel()[1]; i++, row += s.dilation()[1]) {
            if (row < 0 || row >= s.in()[1]) {
                continue;
            }
            for (int j = 0, col = left; j < s.kernel()[2]; j++, col += s.dilation()[2]) {
                if (col >= 0 && col < s.in()[2]) {
                    FloatVector v = load(plane + ((long) row * s.in()[2] + col) * BYTES);
                    // The first one counts even if it is no more than what is there before it.
                    VectorMask<Float> stays = v.compare(VectorOperators.LE, best)
                            .or(best.test(VectorOperators.IS_NAN)).and(place.compare(VectorOperators.GE, 0));
                    best = v.blend(best, stays);
                    place = FloatVector.broadcast(S, i * s.kernel()[2] + j).blend(place, stays);
                }
            }
        }
        best.intoMemorySegment(Mem.ALL, y, ORDER);
        place.intoMemorySegment(Mem.ALL, places, ORDER);
    }

    private static FloatVector load(long at) {
        return FloatVector.fromMemorySegment(S, Mem.ALL, at & Mem.MASK, ORDER);
    }

    /// The gradient of the input: each number gets those of the windows whose maximum it is.
    ///
    /// @param s as in the forward pass, without dilation
    public static void backward(WorkerPool pool, ConvShape s, long dy, long places, long dx) {
        long rows = (long) s.n() * s.c() / BLOCK * s.in()[1];
        pool.parallelFor(rows, grain(s, s.in()[2]), (from, to) -> {
            for (long r = from; r < to; r++) {
                long plane = r / s.in()[1] * s.outVolume() * BYTES;
                int row = (int) (r % s.in()[1]) + s.pad()[1];
                int first = Math.max(0, (row - s.kernel()[1] + s.stride()[1]) / s.stride()[1]);
                int last = Math.min(s.out()[1] - 1, row / s.stride()[1]);
                for (int c = 0; c < s.in()[2]; c++) {
                    gathered(s, dy + plane, places + plane, row, first, last, c + s.pad()[2])
                            .intoMemorySegment(Mem.ALL, dx + (r * s.in()[2] + c) * BYTES & Mem.MASK, ORDER);
                }
            }
        });
    }

    private static FloatVector gathered(ConvShape s, long dy, long places, int row, int first, int last, int col) {
        FloatVector sum = FloatVector.zero(S);
        int width = s.kernel()[2];
        int left = Math.max(0, (col - width + s.stride()[2]) / s.stride()[2]);
        int right = Math.min(s.out()[2] - 1, col / s.stride()[2]);
        for (int i = first; i <= last; i++) {
            int tap = (row - i * s.stride()[1]) * width + col;
            for (int j = left; j <= right; j++) {
                long at = ((long) i * s.out()[2] + j) * BYTES;
                VectorMask<Float> mine = load(places + at).compare(VectorOperators.EQ, tap - j * s.stride()[2]);
                sum = sum.add(load(dy + at), mine);
            }
        }
        return sum;
    }

    /// The larger one of each lane, NaN if there is one: what is not at most the best, unless that is NaN.
    private static FloatVector larger(FloatVector best, long at) {
        FloatVector v = FloatVector.fromMemorySegment(S, Mem.ALL, at, ORDER);
        VectorMask<Float> stays = v.compare(VectorOperators.LE, best).or(best.test(VectorOperators.IS_NAN));
        return v.blend(best, stays);
    }
}
