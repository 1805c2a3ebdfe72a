package dev.tenon.backend.cpu.math;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory of each thread for what does not fit between two loops: a few vectors, and six buffers.
final class Scratch {
    /// How many doubles a buffer holds.
    static final int LENGTH = 256;

    private static final int HEAD = 512;
    private static final ThreadLocal<MemorySegment> LOCAL = ThreadLocal.withInitial(() ->
            Arena.ofAuto().allocate(HEAD + 6L * LENGTH * Double.BYTES, 64));

    private Scratch() {}

    /// Room for 512 bytes, for the last elements of a block.
    static long address() {
        return LOCAL.get().address();
    }

    /// A buffer, 0 to 5.
    static long buffer(int number) {
        return LOCAL.get().address() + HEAD + (long) number * LENGTH * Double.BYTES;
    }
}
