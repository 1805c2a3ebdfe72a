package dev.tenon.backend.cpu.math;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// 256 bytes a thread, for the last elements of a block.
final class Scratch {

    private static final ThreadLocal<MemorySegment> LOCAL = ThreadLocal.withInitial(() ->
            Arena.ofAuto().allocate(256, 64));

    private Scratch() {}

    static long address() {
        return LOCAL.get().address();
    }
}
