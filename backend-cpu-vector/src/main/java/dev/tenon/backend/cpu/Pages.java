package dev.tenon.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Big ranges of memory from the system, aligned to 2 MiB.
///
/// On Linux they are mapped and marked for huge pages *before* they are touched: `Arena` writes zeros first, so its
/// pages come 4 KiB at a
/// time, which costs more in page faults and TLB misses than the arithmetic done on them. Elsewhere an arena does.
abstract class Pages {

    static final long HUGE = 2L << 20;

    final long address;
    final long bytes;

    private Pages(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    abstract void release();

    /// Reserves `bytes`, a multiple of [#HUGE].
    ///
    /// @throws OutOfMemoryError if the system has no more
    static Pages reserve(long bytes) {
        return Mapped.AVAILABLE ? Mapped.map(bytes) : new InArena(Arena.ofShared(), bytes);
    }

    private static final class InArena extends Pages {
        private final Arena arena;

        InArena(Arena arena, long bytes) {
            super(arena.allocate(bytes, HUGE).address(), bytes);
            this.arena = arena;
        }

        @Override
        void release() {
            arena.close();
        }
    }

    @SuppressWarnings("restricted")
    private static final class Mapped extends Pages {
        private static final int PROT_READ_WRITE = 3;
        private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
        private static final int MADV_HUGEPAGE = 14;
        private static final MethodHandle MMAP;
        private static final MethodHandle MUNMAP;
        private static final MethodHandle MADVISE;
        static final boolean AVAILABLE;

        static {
            MethodHandle mmap = null;
            MethodHandle munmap = null;
            MethodHandle madvise = null;
            boolean ok = false;
            // The constants above are those of 64-bit Linux; other systems number them differently.
            if (System.getProperty("os.name", "").equals("Linux") && ValueLayout.ADDRESS.byteSize() == 8) {
                try {
                    Linker linker = Linker.nativeLinker();
                    var lookup = linker.defaultLookup();
                    var i = ValueLayout.JAVA_INT;
                    var l = ValueLayout.JAVA_LONG;
                    mmap = linker.downcallHandle(lookup.find("mmap").orElseThrow(),
                            FunctionDescriptor.of(l, l, l, i, i, i, l));
                    munmap = linker.downcallHandle(lookup.find("munmap").orElseThrow(), FunctionDescriptor.of(i, l, l));
                    madvise = linker.downcallHandle(lookup.find("madvise").orElseThrow(),
                            FunctionDescriptor.of(i, l, l, i));
                    ok = true;
                } catch (RuntimeException | LinkageError e) {
                    ok = false; // native access denied, or an exotic libc: the arena works everywhere
                }
            }
            MMAP = mmap;
            MUNMAP = munmap;
            MADVISE = madvise;
            AVAILABLE = ok;
        }

        private Mapped(long address, long bytes) {
            super(address, bytes);
        }

        static Mapped map(long bytes) {
            try {
                long length = bytes + HUGE;
                long raw = (long) MMAP.invokeExact(0L, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
                if (raw == -1) {
                    throw new OutOfMemoryError("mmap of " + length + " bytes failed");
                }
                long start = (raw + HUGE - 1) & -HUGE;
                unmap(raw, start - raw);
                unmap(start + bytes, raw + length - start - bytes);
                int ignored = (int) MADVISE.invokeExact(start, bytes, MADV_HUGEPAGE);
                return new Mapped(start, bytes);
            } catch (Error | RuntimeException e) {
                throw e;
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
        }

        private static void unmap(long address, long bytes) throws Throwable {
            if (bytes > 0) {
                int ignored = (int) MUNMAP.invokeExact(address, bytes);
            }
        }

        @Override
        void release() {
            try {
                unmap(address, bytes);
            } catch (Throwable t) {
                throw new AssertionError(t);
            }
        }
    }

    /// A segment over the range, for tests.
    MemorySegment segment() {
        return Mem.ALL.asSlice(address, bytes);
    }
}
