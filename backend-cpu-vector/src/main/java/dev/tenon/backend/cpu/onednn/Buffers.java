package dev.tenon.backend.cpu.onednn;

import java.lang.foreign.Arena;

/// Memory of one thread, kept from call to call: what primitives work in, and operands in the layouts they like.
final class Buffers {
    static final int SCRATCH = 0;
    /// Operands and results, three slots.
    static final int FIRST = 1;
    /// For who calls, of whom there is one at a time in a thread: weights and sums that all threads read.
    static final int SHARED = 4;
    private static final int SLOTS = 5;

    private static final ThreadLocal<Buffers> LOCAL = ThreadLocal.withInitial(Buffers::new);

    private final Arena[] arenas = new Arena[SLOTS];
    private final long[] addresses = new long[SLOTS];
    private final long[] sizes = new long[SLOTS];

    private Buffers() {}

    static Buffers get() {
        return LOCAL.get();
    }

    /// At least that many bytes, aligned to a page; what was in the slot is lost if it has to grow.
    long memory(int slot, long bytes) {
        if (sizes[slot] < bytes) {
            arenas[slot] = Arena.ofAuto();
            sizes[slot] = Math.max(1 << 16, bytes + bytes / 8);
            addresses[slot] = arenas[slot].allocate(sizes[slot], 4096).address();
        }
        return addresses[slot];
    }
}
