package dev.tenon.backend.cpu.gemm;

import java.lang.foreign.Arena;

/// The packing buffers of one thread, kept from call to call.
///
/// Each slot has one use, so that whoever packs never overwrites what its caller still reads.
public final class Workspace {

    private static final ThreadLocal<Workspace> LOCAL = ThreadLocal.withInitial(Workspace::new);

    private final Arena[] arenas = new Arena[SLOTS];
    private final long[] addresses = new long[SLOTS];
    private final long[] sizes = new long[SLOTS];

    /// Packed rows of A.
    public static final int LOCAL_ROWS = 0;
    /// Packed panels of B.
    public static final int LOCAL_PANEL = 1;
    /// Widened inputs.
    public static final int WIDE = 2;
    /// For whoever calls a product, such as a convolution's partial sums.
    public static final int CALLER = 3;

    /// A tile on its way to C.
    public static final int TILE = 4;

    /// A convolution's input with its border.
    public static final int BORDERED = 5;

    /// All of B, packed for several cells.
    public static final int PACKED = 6;

    private static final int SLOTS = 7;

    private Workspace() {}

    /// This thread's.
    public static Workspace get() {
        return LOCAL.get();
    }

    /// At least `bytes` bytes, aligned to a page; what was in the slot is lost if it has to grow.
    public long memory(int slot, long bytes) {
        if (sizes[slot] < bytes) {
            long size = Math.max(1 << 16, bytes + bytes / 8);
            arenas[slot] = Arena.ofAuto(); // the collector frees it after its thread, which may outlive no pool
            addresses[slot] = arenas[slot].allocate(size, 4096).address();
            sizes[slot] = size;
        }
        return addresses[slot];
    }
}
