package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;

/// The counter-based generator Philox 4x32-10. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011.
final class Philox {
    static final long M0 = 0xD2511F53L;
    static final long M1 = 0xCD9E8D57L;
    static final int W0 = 0x9E3779B9;
    static final int W1 = 0xBB67AE85;

    private Philox() {}

    /// Word `word` for each element of blocks of seeds, streams and counters (`I64`), as `I32`.
    static Fn3 word(int word) {
        return (seed, stream, counter, out, n) -> word(seed, stream, counter, out, 0, n, word);
    }

    /// The same for the elements from `from`, one at a time.
    static void word(long seed, long stream, long counter, long out, int from, int n, int word) {
        int shift = 32 * (word & 1);
        for (int i = from; i < n; i++) {
            long r = words(
                    Mem.getLong(seed + 8L * i), Mem.getLong(stream + 8L * i), Mem.getLong(counter + 8L * i), word < 2);
            Mem.putInt(out + 4L * i, (int) (r >>> shift));
        }
    }

    /// Words 0 and 1 (`low`), or 2 and 3, the first of each in the lower half.
    private static long words(long seed, long stream, long counter, boolean low) {
        int c0 = (int) counter;
        int c1 = (int) (counter >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (c0 & 0xFFFF_FFFFL) * M0;
            long p1 = (c2 & 0xFFFF_FFFFL) * M1;
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += W0;
            k1 += W1;
        }
        return low ? c0 & 0xFFFF_FFFFL | (long) c1 << 32 : c2 & 0xFFFF_FFFFL | (long) c3 << 32;
    }
}
