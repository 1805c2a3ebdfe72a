package dev.tenon.backend.cpu.ops;

import java.lang.foreign.Arena;

/// Off-heap memory of a thread for the registers of elementwise programs, kept from run to run.
final class Scratch {
    private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

    private long address;
    private long bytes;
    private Arena arena = Arena.ofAuto();

    private long address2;
    private long bytes2;
    private Arena arena2 = Arena.ofAuto();

    private Scratch() {}

    /// This thread's.
    static Scratch get() {
        return LOCAL.get();
    }

    /// At least that many bytes, aligned to a page; what was there is lost if it has to grow.
    long memory(long wanted) {
        if (bytes < wanted) {
            bytes = Math.max(1 << 16, wanted + wanted / 4);
            arena = Arena.ofAuto();
            address = arena.allocate(bytes, 4096).address();
        }
        return address;
    }

    /// The same again, for what a kernel keeps beside the registers.
    long more(long wanted) {
        if (bytes2 < wanted) {
            bytes2 = Math.max(1 << 16, wanted + wanted / 4);
            arena2 = Arena.ofAuto();
            address2 = arena2.allocate(bytes2, 4096).address();
        }
        return address2;
    }
}
