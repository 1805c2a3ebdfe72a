package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Maxima of windows over images in blocks of as many channels as a vector of floats has lanes:
/// `[n, c / lanes, h, w, lanes]`. Where they are is not told.
public final class BlockedMaxPool {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /// Channels in a block.
    public static final int BLOCK = S.length();
    private static final int BYTES = 4 * BLOCK;

    private BlockedMaxPool() {}

    /// The maximum of each window; NaN is a maximum.
    ///
    /// @param s over two axes; channels are whole blocks
    public static void run(WorkerPool pool, ConvShape s, long x, long y) {
        long rows = (long) s.n() * s.c() / BLOCK * s.out()[1];
        pool.parallelFor(rows, Math.max(1, 4_000 / ((long) s.out()[2] * s.taps())), (from, to) -> {
            for (long r = from; r < to; r++) {
                row(s, x + r / s.out()[1] * s.inVolume() * BYTES, (int) (r % s.out()[1]),
                        y + r * s.out()[2] * BYTES);
            }
        });
    }

    private static void row(ConvShape s, long plane, int o, long y) {
        int dy = s.dilation()[1];
        int dx = s.dilation()[2];
        int top = o * s.stride()[1] - s.pad()[1];
        for (int p = 0; p < s.out()[2]; p++, y += BYTES) {
            int left = p * s.stride()[2] - s.pad()[2];
            FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
            for (int i = 0, row = top; i < s.kernel()[1]; i++, row += dy) {
                if (row < 0 || row >= s.in()[1]) {
                    continue;
                }
                for (int j = 0, col = left; j < s.kernel()[2]; j++, col += dx) {
                    if (col >= 0 && col < s.in()[2]) {
                        best = larger(best, plane + ((long) row * s.in()[2] + col) * BYTES);
                    }
                }
            }
            best.intoMemorySegment(Mem.ALL, y, ORDER);
        }
    }

    /// The larger one of each lane, NaN if there is one: what is not at most the best, unless that is NaN.
    private static FloatVector larger(FloatVector best, long at) {
        FloatVector v = FloatVector.fromMemorySegment(S, Mem.ALL, at, ORDER);
        VectorMask<Float> stays = v.compare(VectorOperators.LE, best).or(best.test(VectorOperators.IS_NAN));
        return v.blend(best, stays);
    }
}
