package dev.tenon.backend.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Off-heap memory in blocks aligned to 64 bytes, kept for reuse: fresh pages cost more than the arithmetic done on them.
///
/// Blocks up to 32 KiB come from slabs of one size class each (64-byte steps at first, then eight classes to a doubling: at most 1/8 is
/// wasted), a stack of free addresses a class. Bigger ones are cut best-fit, in units of 4 KiB, from chunks taken from the system, and
/// merge with their free neighbours. Thread-safe. Contents are undefined. Freeing what is not allocated throws.
public final class CachingAllocator {

    /// The figures of an allocator.
    ///
    /// @param allocated bytes in blocks that are in use, rounding included
    /// @param reserved bytes held from the system
    /// @param peak the most `allocated` has been (since [#resetPeak()])
    /// @param allocations how many blocks have been handed out so far
    /// @param live how many blocks are in use
    public record Figures(long allocated, long reserved, long peak, long allocations, long live) {}

    private static final int UNIT_SHIFT = 12;
    private static final int SLAB_SHIFT = 16;
    private static final long SLAB = 1L << SLAB_SHIFT;
    private static final int SMALL_MAX = 32 << 10;
    private static final long MIN_CHUNK = 4L << 20;
    private static final long MAX_CHUNK = 64L << 20;
    /// What a request for nothing gets: an address that no block has and that may be freed any number of times.
    private static final long NOTHING = 64;

    /// A spin lock: the sections under it are a few nanoseconds long, and a [java.util.concurrent.locks.ReentrantLock] costs more than they do.
    @SuppressWarnings("serial")
    private static class SpinLock extends AtomicInteger {
        final void lock() {
            int spins = 0;
            while (get() != 0 || !compareAndSet(0, 1)) {
                if (++spins < 200) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
        }

        final void unlock() {
            setRelease(0);
        }
    }

    @SuppressWarnings("serial")
    private static final class SizeClass extends SpinLock {
        final int size;
        long[] free = new long[64];
        int count;
        long handedOut;
        long live;
        final List<Slab> slabs = new ArrayList<>();

        SizeClass(int size) {
            this.size = size;
        }
    }

    /// A run of blocks of one class; `used` has a byte for each 64 bytes and is what catches a double free.
    private static final class Slab {
        final long address;
        final SizeClass owner;
        final byte[] used = new byte[(int) (SLAB >> 6)];
        int inUse;

        Slab(long address, SizeClass owner) {
            this.address = address;
            this.owner = owner;
        }
    }

    private static final class Block implements Comparable<Block> {
        final Chunk chunk;
        final long address;
        long bytes;
        boolean free;
        Block before;
        Block after;
        Slab slab;

        Block(Chunk chunk, long address, long bytes) {
            this.chunk = chunk;
            this.address = address;
            this.bytes = bytes;
        }

        @Override
        public int compareTo(Block o) {
            int c = Long.compare(bytes, o.bytes);
            return c != 0 ? c : Long.compare(address, o.address);
        }
    }

    private static final class Chunk {
        final Pages pages;
        final Block[] blockAt;
        final Slab[] slabAt;

        Chunk(Pages pages) {
            this.pages = pages;
            blockAt = new Block[(int) (pages.bytes >> UNIT_SHIFT)];
            slabAt = new Slab[(int) (pages.bytes >> SLAB_SHIFT)];
        }
    }

    /// Finds the chunk of an address: open addressing over its 2 MiB pages, replaced as a whole when chunks come and go, so readers need no lock.
    private record Directory(long[] pages, Chunk[] chunks) {
        static Directory of(List<Chunk> all) {
            int n = 0;
            for (Chunk c : all) {
                n += (int) (c.pages.bytes / Pages.HUGE);
            }
            int size = Integer.highestOneBit(Math.max(8, n * 2)) * 2;
            Directory d = new Directory(new long[size], new Chunk[size]);
            for (Chunk c : all) {
                for (long a = c.pages.address; a < c.pages.address + c.pages.bytes; a += Pages.HUGE) {
                    int i = slot(a, size);
                    while (d.chunks[i] != null) {
                        i = (i + 1) & (size - 1);
                    }
                    d.pages[i] = a;
                    d.chunks[i] = c;
                }
            }
            return d;
        }

        static int slot(long page, int size) {
            return (int) ((page >>> 21) * 0x9E3779B97F4A7C15L >>> 40) & (size - 1);
        }

        Chunk find(long address) {
            long page = address & -Pages.HUGE;
            int i = slot(page, pages.length);
            while (chunks[i] != null) {
                if (pages[i] == page) {
                    return chunks[i];
                }
                i = (i + 1) & (pages.length - 1);
            }
            return null;
        }
    }

    private final long limit;
    private final SizeClass[] classes;
    private final byte[] classOf = new byte[(SMALL_MAX >> 6) + 1];
    private final SpinLock large = new SpinLock();
    private final TreeSet<Block> freeBlocks = new TreeSet<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private volatile Directory directory = Directory.of(List.of());
    private long largeHandedOut;
    private long largeLive;
    private volatile long reserved;
    private final AtomicLong allocated = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /// An allocator that holds at most `limit` bytes of the system's memory.
    public CachingAllocator(long limit) {
        this.limit = limit;
        List<SizeClass> list = new ArrayList<>();
        for (int size = 64; size <= SMALL_MAX; size += Math.max(64, Integer.highestOneBit(size) / 8)) {
            list.add(new SizeClass(size));
        }
        classes = list.toArray(SizeClass[]::new);
        int c = 0;
        for (int i = 0; i < classOf.length; i++) {
            while (classes[c].size < i << 6) {
                c++;
            }
            classOf[i] = (byte) c;
        }
    }

    /// A block of at least `bytes` bytes, aligned to 64.
    ///
    /// @throws AllocationException if the system or the limit does not allow it
    public long allocate(long bytes) {
        if (bytes <= 0) {
            if (bytes < 0) {
                throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
            }
            return NOTHING;
        }
        return bytes <= SMALL_MAX ? allocateSmall(classes[classOf[(int) (bytes + 63) >> 6]]) : allocateLarge(bytes, null).address;
    }

    private long allocateSmall(SizeClass c) {
        long address;
        c.lock();
        try {
            if (c.count == 0) {
                refill(c);
            }
            address = c.free[--c.count];
            Slab slab = slabOf(address);
            slab.used[(int) (address - slab.address) >> 6] = 1;
            slab.inUse++;
            c.handedOut++;
            c.live++;
        } finally {
            c.unlock();
        }
        grown(c.size);
        return address;
    }

    private void refill(SizeClass c) {
        Block block = allocateLarge(SLAB, c);
        Slab slab = block.slab;
        c.slabs.add(slab);
        int n = (int) (SLAB / c.size);
        if (c.free.length < c.slabs.size() * n) {
            c.free = java.util.Arrays.copyOf(c.free, Math.max(c.free.length * 2, c.slabs.size() * n));
        }
        for (int i = n - 1; i >= 0; i--) { // low addresses are handed out first
            c.free[c.count++] = slab.address + (long) i * c.size;
        }
    }

    private Slab slabOf(long address) {
        Chunk chunk = directory.find(address);
        return chunk == null ? null : chunk.slabAt[(int) (address - chunk.pages.address >> SLAB_SHIFT)];
    }

    /// Returns a block. Zero-byte blocks may be returned too.
    ///
    /// @throws IllegalArgumentException if the address is not that of a block in use
    public void free(long address) {
        if (address == NOTHING) {
            return;
        }
        Chunk chunk = directory.find(address);
        if (chunk == null) {
            throw notOurs(address);
        }
        Slab slab = chunk.slabAt[(int) (address - chunk.pages.address >> SLAB_SHIFT)];
        if (slab == null) {
            freeLarge(chunk, address);
            return;
        }
        SizeClass c = slab.owner;
        int index = (int) (address - slab.address);
        c.lock();
        try {
            if ((index & 63) != 0 || slab.used[index >> 6] == 0) {
                throw notOurs(address);
            }
            slab.used[index >> 6] = 0;
            slab.inUse--;
            c.free[c.count++] = address;
            c.live--;
        } finally {
            c.unlock();
        }
        allocated.getAndAdd(-c.size);
    }

    private static IllegalArgumentException notOurs(long address) {
        return new IllegalArgumentException("0x" + Long.toHexString(address) + " is not a block in use (freed twice?)");
    }

    private void grown(long bytes) {
        long now = allocated.addAndGet(bytes);
        if (now > peak.get()) {
            peak.accumulateAndGet(now, Math::max);
        }
    }

    /// Takes a block from the chunks; with a class, one that becomes its slab (aligned to its size, counted only by its parts).
    private Block allocateLarge(long bytes, SizeClass forClass) {
        long need = forClass != null ? SLAB : (bytes + (1L << UNIT_SHIFT) - 1) >> UNIT_SHIFT << UNIT_SHIFT;
        if (need <= 0) {
            throw failure(bytes, null);
        }
        Block block;
        large.lock();
        try {
            block = takeFree(need, forClass != null);
            if (block == null) {
                addChunk(need, bytes);
                block = takeFree(need, forClass != null);
            }
            block.free = false;
            if (forClass == null) {
                largeHandedOut++;
                largeLive++;
            } else {
                block.slab = new Slab(block.address, forClass);
                block.chunk.slabAt[(int) (block.address - block.chunk.pages.address >> SLAB_SHIFT)] = block.slab;
            }
        } finally {
            large.unlock();
        }
        if (forClass == null) {
            grown(need);
        }
        return block;
    }

    private Block takeFree(long need, boolean slab) {
        Block key = new Block(null, 0, need);
        for (Block b : freeBlocks.tailSet(key)) {
            long start = slab ? (b.address + SLAB - 1) & -SLAB : b.address;
            if (start + need <= b.address + b.bytes) {
                freeBlocks.remove(b);
                if (start > b.address) {
                    Block rest = split(b, start - b.address);
                    freeBlocks.add(b);
                    b = rest;
                }
                if (b.bytes > need) {
                    freeBlocks.add(split(b, need));
                }
                return b;
            }
        }
        return null;
    }

    /// Cuts `b` to `bytes`; what is left becomes a free block (not yet in the set) after it.
    private static Block split(Block b, long bytes) {
        Block rest = new Block(b.chunk, b.address + bytes, b.bytes - bytes);
        b.bytes = bytes;
        rest.free = true;
        rest.before = b;
        rest.after = b.after;
        if (b.after != null) {
            b.after.before = rest;
        }
        b.after = rest;
        at(rest, rest);
        return rest;
    }

    private static void at(Block place, Block value) {
        place.chunk.blockAt[(int) (place.address - place.chunk.pages.address >> UNIT_SHIFT)] = value;
    }

    private void addChunk(long need, long requested) {
        long least = (need + Pages.HUGE - 1) & -Pages.HUGE;
        // Grow with use: a small program stays small, a big one makes few chunks.
        long usual = Math.clamp(Long.highestOneBit(Math.max(1, reserved)), MIN_CHUNK, MAX_CHUNK);
        long bytes = Math.max(least, Math.min(usual, limit - reserved) & -Pages.HUGE);
        if (bytes > limit - reserved) {
            releaseFreeChunks();
            if (bytes > limit - reserved) {
                bytes = least;
            }
        }
        if (bytes > limit - reserved || bytes >> UNIT_SHIFT > Integer.MAX_VALUE - 8) {
            throw failure(requested, null);
        }
        Pages pages;
        try {
            pages = Pages.reserve(bytes);
        } catch (OutOfMemoryError e) {
            releaseFreeChunks();
            try {
                pages = Pages.reserve(bytes = least);
            } catch (OutOfMemoryError again) {
                throw failure(requested, again);
            }
        }
        Chunk chunk = new Chunk(pages);
        Block all = new Block(chunk, pages.address, bytes);
        all.free = true;
        at(all, all);
        chunks.add(chunk);
        reserved += bytes;
        directory = Directory.of(chunks);
        freeBlocks.add(all);
    }

    private AllocationException failure(long requested, Throwable cause) {
        return new AllocationException(requested, allocated.get(), reserved, limit, cause);
    }

    private void freeLarge(Chunk chunk, long address) {
        long bytes;
        large.lock();
        try {
            long offset = address - chunk.pages.address;
            Block b = (offset & (1L << UNIT_SHIFT) - 1) != 0 ? null : chunk.blockAt[(int) (offset >> UNIT_SHIFT)];
            if (b == null || b.free || b.slab != null) {
                throw notOurs(address);
            }
            bytes = b.bytes;
            release(b);
            largeLive--;
        } finally {
            large.unlock();
        }
        allocated.getAndAdd(-bytes);
    }

    private void release(Block b) {
        b.free = true;
        b.slab = null;
        if (b.after != null && b.after.free) {
            freeBlocks.remove(b.after);
            absorb(b, b.after);
        }
        if (b.before != null && b.before.free) {
            freeBlocks.remove(b.before);
            Block before = b.before;
            absorb(before, b);
            b = before;
        }
        freeBlocks.add(b);
    }

    private static void absorb(Block b, Block next) {
        b.bytes += next.bytes;
        b.after = next.after;
        if (next.after != null) {
            next.after.before = b;
        }
        at(next, null);
    }

    /// Gives chunks in which nothing is in use back to the system.
    ///
    /// @return the bytes given back
    public long trim() {
        for (SizeClass c : classes) {
            c.lock();
            try {
                trimSlabs(c);
            } finally {
                c.unlock();
            }
        }
        large.lock();
        try {
            return releaseFreeChunks();
        } finally {
            large.unlock();
        }
    }

    private void trimSlabs(SizeClass c) {
        List<Slab> empty = c.slabs.stream().filter(s -> s.inUse == 0).toList();
        if (empty.isEmpty()) {
            return;
        }
        int kept = 0;
        for (int i = 0; i < c.count; i++) {
            if (slabOf(c.free[i]).inUse > 0) {
                c.free[kept++] = c.free[i];
            }
        }
        c.count = kept;
        c.slabs.removeIf(s -> s.inUse == 0);
        large.lock();
        try {
            for (Slab s : empty) {
                Chunk chunk = directory.find(s.address);
                chunk.slabAt[(int) (s.address - chunk.pages.address >> SLAB_SHIFT)] = null;
                release(chunk.blockAt[(int) (s.address - chunk.pages.address >> UNIT_SHIFT)]);
            }
        } finally {
            large.unlock();
        }
    }

    private long releaseFreeChunks() {
        long given = 0;
        for (Chunk c : List.copyOf(chunks)) {
            Block b = c.blockAt[0];
            if (b.free && b.bytes == c.pages.bytes) {
                freeBlocks.remove(b);
                chunks.remove(c);
                reserved -= b.bytes;
                given += b.bytes;
                directory = Directory.of(chunks);
                c.pages.release();
            }
        }
        return given;
    }

    /// The figures now; exact when no other thread is at work.
    public Figures figures() {
        long handedOut;
        long live;
        large.lock();
        handedOut = largeHandedOut;
        live = largeLive;
        large.unlock();
        for (SizeClass c : classes) {
            c.lock();
            handedOut += c.handedOut;
            live += c.live;
            c.unlock();
        }
        return new Figures(allocated.get(), reserved, peak.get(), handedOut, live);
    }

    /// Starts the peak again from what is allocated now.
    public void resetPeak() {
        peak.set(allocated.get());
    }
}
