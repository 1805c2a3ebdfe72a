package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;

/// Between the bits of a vector's mask and the bytes of truth values.
final class Bits {
    private static final long ONES = 0x0101_0101_0101_0101L;

    private Bits() {}

    static void put(long at, boolean v) {
        Mem.putByte(at, (byte) (v ? 1 : 0));
    }

    /// Stores the lowest `lanes` bits as bytes; `lanes` is a power of two up to 16.
    static void store(long at, long bits, int lanes) {
        if (lanes >= 8) {
            Mem.putLong(at, Long.expand(bits, ONES));
            if (lanes == 16) {
                Mem.putLong(at + 8, Long.expand(bits >>> 8, ONES));
            }
        } else if (lanes == 4) {
            Mem.putInt(at, (int) Long.expand(bits, ONES));
        } else {
            Mem.putShort(at, (short) Long.expand(bits, ONES));
        }
    }

    /// The bits of `lanes` bytes.
    static long load(long at, int lanes) {
        if (lanes >= 8) {
            long low = Long.compress(Mem.getLong(at), ONES);
            return lanes == 16 ? low | Long.compress(Mem.getLong(at + 8), ONES) << 8 : low;
        }
        return Long.compress(lanes == 4 ? Mem.getInt(at) & 0xFFFF_FFFFL : Mem.getShort(at) & 0xFFFFL, ONES);
    }
}
