package dev.tenon.backend.cpu.gemm;

import java.lang.foreign.Arena;

/// The packing buffers of one thread, kept from call to call.
///
/// Shared buffers are filled by all threads for the one that called, local ones belong to whoever runs a part; a calling thread needs both.
public final class Workspace {

    private static final ThreadLocal<Workspace> LOCAL = ThreadLocal.withInitial(Workspace::new);

    private final Object[] arrays = new Object[6];
    private final Arena[] arenas = new Arena[SLOTS];
    private final long[] addresses = new long[SLOTS];
    private final long[] sizes = new long[SLOTS];

    /// Off-heap slots.
    public static final int SHARED = 0;
    /// A packed panel.
    public static final int LOCAL_PANEL = 1;
    /// Widened inputs.
    public static final int WIDE = 2;
    /// For whoever calls a product, such as a convolution's partial sums.
    public static final int CALLER = 3;

    private static final int SLOTS = 4;

    private Workspace() {}

    /// This thread's.
    public static Workspace get() {
        return LOCAL.get();
    }

    Object shared(GemmKernel kernel, int length) {
        return array(kernel, 0, length);
    }

    Object local(GemmKernel kernel, int length) {
        return array(kernel, 2, length);
    }

    Object tile(GemmKernel kernel) {
        return array(kernel, 4, kernel.mr() * kernel.nr());
    }

    private Object array(GemmKernel kernel, int slot, int length) {
        int at = slot + (kernel.bytes() >> 3);
        Object a = arrays[at];
        if (a == null || java.lang.reflect.Array.getLength(a) < length) {
            a = kernel.newArray(length);
            arrays[at] = a;
        }
        return a;
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
