package dev.tenon.api.internal;

import dev.tenon.api.MemoryStats;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import java.lang.foreign.MemorySegment;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A device's memory, kept for reuse: asking the system for fresh pages costs more than most arithmetic done in them.
///
/// Sizes are rounded up to classes (at most an eighth is lost). Small blocks are cut from chunks of a few megabytes and
/// go back to the list of their class; large ones are chunks of their own. Every storage has a phantom reference as a
/// net: if its tensors become unreachable without having been closed, the block comes back with the next garbage
/// collection. Since the collector does not feel off-heap memory, the pool asks for one when what is in use has grown
/// by a lot since the last time.
public final class MemoryPool {
    private static final long CHUNK = 4L << 20;
    private static final long SMALL = 1L << 20;
    /// What may lie unused in large blocks beyond a quarter of the most that was ever in use.
    private static final long SPARE = 256L << 20;
    private static final int CLASSES = 17 + (62 - 10) * 8;
    private static final boolean TRACE = Boolean.getBoolean("tenon.leaks");

    /// Device memory as it was allocated.
    record Chunk(DeviceMemory memory, @Nullable MemorySegment host) {}

    /// A piece of a chunk of the given class of size.
    record Block(Chunk chunk, long offset, long size, int sizeClass) {}

    /// The net under a storage, linked in a list so that it stays reachable itself.
    static final class Net extends PhantomReference<Storage> {
        final Block block;
        final long number;
        final @Nullable Throwable site;
        @Nullable Net previous;
        @Nullable Net next;
        boolean released;

        Net(Storage s, ReferenceQueue<Storage> queue, Block block, long number) {
            super(s, queue);
            this.block = block;
            this.number = number;
            this.site = TRACE ? new Throwable() : null;
        }
    }

    private final String device;
    private final DeviceRuntime runtime;
    private final long alignment;
    private final long limit;
    private final long collectAfter;
    private final ReferenceQueue<Storage> queue = new ReferenceQueue<>();
    private final List<ArrayDeque<Block>> free =
            IntStream.rangeClosed(0, CLASSES).mapToObj(_ -> new ArrayDeque<Block>()).toList();
    private @Nullable Chunk current;
    private long currentOffset;
    private @Nullable Net live;
    private long used;
    /// The most that was used since [#resetPeak].
    private long peak;
    /// What large blocks wait unused for their size to come again.
    private long idle;
    private long reserved;
    private long count;
    private long allocations;
    private long deviceAllocations;
    /// The least that was in use since the last garbage collection: what is above it may be garbage.
    private long usedAtLeast;

    MemoryPool(String device, DeviceRuntime runtime) {
        this.device = device;
        this.runtime = runtime;
        this.alignment = runtime.alignment();
        this.limit = bytesProperty("tenon.memory.limit", Long.MAX_VALUE);
        this.collectAfter = bytesProperty("tenon.memory.collectAfter", 256L << 20);
    }

    /// A size such as `512m` or `2g` from a system property.
    private static long bytesProperty(String name, long otherwise) {
        String s = System.getProperty(name);
        if (s == null || s.isBlank()) {
            return otherwise;
        }
        String t = s.trim().toLowerCase(Locale.ROOT);
        int shift = t.endsWith("k") ? 10 : t.endsWith("m") ? 20 : t.endsWith("g") ? 30 : 0;
        try {
            return Long.parseLong(shift == 0 ? t : t.substring(0, t.length() - 1)) << shift;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("-D" + name + "=" + s
                    + ": expected bytes, or a number with k, m or g", e);
        }
    }

    /// The number of the class of sizes: 64 bytes apart up to 1 KiB, then eight to each power of two.
    private static int sizeClass(long bytes) {
        if (bytes <= 1024) {
            return (int) (Math.max(1, bytes) + 63 >> 6);
        }
        int exponent = 63 - Long.numberOfLeadingZeros(bytes - 1);
        long step = 1L << exponent - 3;
        return 17 + (exponent - 10) * 8 + (int) ((bytes + step - 1) / step) - 9;
    }

    /// The size of the blocks of a class.
    private long sizeOf(int sizeClass) {
        long size;
        if (sizeClass <= 16) {
            size = sizeClass * 64L;
        } else {
            int exponent = 10 + (sizeClass - 17) / 8;
            size = (9L + (sizeClass - 17) % 8) << exponent - 3;
        }
        return size + alignment - 1 & -alignment;
    }

    /// Memory for a tensor of that many bytes.
    ///
    /// @throws OutOfMemoryException if there is none, even after a garbage collection
    public Storage allocate(long bytes) {
        int sizeClass = sizeClass(bytes);
        synchronized (this) {
            drain();
            Block b = idle(sizeClass);
            if (b != null) {
                return adopt(b, bytes);
            }
        }
        if (used - usedAtLeast > Math.max(collectAfter, usedAtLeast)) {
            collect();
        }
        synchronized (this) {
            Block b = idle(sizeClass);
            return adopt(b != null ? b : fresh(sizeOf(sizeClass), sizeClass), bytes);
        }
    }

    private @Nullable Block idle(int sizeClass) {
        Block b = free.get(sizeClass).pollLast();
        if (b != null && isLarge(sizeClass)) {
            idle -= b.size;
        }
        return b;
    }

    private Block fresh(long size, int sizeClass) {
        if (isLarge(sizeClass)) {
            makeRoom(size);
            return new Block(chunk(size), 0, size, sizeClass);
        }
        if (current == null || currentOffset + size > CHUNK) {
            current = chunk(CHUNK);
            currentOffset = 0;
        }
        Block b = new Block(current, currentOffset, size, sizeClass);
        currentOffset += size;
        return b;
    }

    private static boolean isLarge(int sizeClass) {
        return sizeClass > sizeClass(SMALL);
    }

    /// Gives large blocks back, the largest first, if with `size` more too much would lie idle: a program that goes
    /// from
    /// one set of sizes to another would otherwise keep the blocks of all of them.
    private void makeRoom(long size) {
        long most = peak + peak / 4 + SPARE;
        for (int c = free.size() - 1; reserved + size > most && idle > 0 && isLarge(c); c--) {
            while (reserved + size > most && !free.get(c).isEmpty()) {
                giveBack(free.get(c).pollFirst());
            }
        }
    }

    private void giveBack(Block b) {
        runtime.free(b.chunk.memory());
        reserved -= b.size;
        idle -= b.size;
    }

    /// Takes memory from the device; where it has none, gives cached memory back, asks for a garbage collection and
    /// tries
    /// again, once each.
    private Chunk chunk(long bytes) {
        for (int attempt = 0; ; attempt++) {
            try {
                if (bytes > limit - reserved) {
                    throw new OutOfMemoryException("the limit of " + limit
                            + " bytes (-Dtenon.memory.limit) is reached");
                }
                DeviceMemory m = runtime.allocate(bytes);
                reserved += bytes;
                deviceAllocations++;
                return new Chunk(m, runtime.hostView(m).orElse(null));
            } catch (OutOfMemoryException e) {
                switch (attempt) {
                    case 0 -> trim();
                    case 1 -> {
                        collect();
                        trim();
                    }
                    default ->
                        throw new OutOfMemoryException(
                                "device " + device + ": no memory for " + bytes + " bytes: " + e.getMessage() + "; "
                                        + stats()
                                        + "; largest in use: " + largest()
                                        + ". Use smaller batches, Scope, or noGrad for evaluation",
                                e);
                }
            }
        }
    }

    private Storage adopt(Block b, long bytes) {
        Storage s = new Storage(this, b, bytes);
        Net n = new Net(s, queue, b, allocations++);
        s.net(n);
        n.next = live;
        if (live != null) {
            live.previous = n;
        }
        live = n;
        count++;
        used += b.size;
        peak = Math.max(peak, used);
        return s;
    }

    /// Takes back the memory of a storage without handles.
    synchronized void release(Net n) {
        if (n.released) {
            return;
        }
        n.released = true;
        n.clear();
        if (n.previous != null) {
            n.previous.next = n.next;
        } else {
            live = n.next;
        }
        if (n.next != null) {
            n.next.previous = n.previous;
        }
        count--;
        used -= n.block.size;
        usedAtLeast = Math.min(usedAtLeast, used);
        free.get(n.block.sizeClass).addLast(n.block);
        if (isLarge(n.block.sizeClass)) {
            idle += n.block.size;
        }
    }

    private boolean drain() {
        boolean any = false;
        for (Reference<? extends Storage> r = queue.poll(); r != null; r = queue.poll()) {
            release((Net) r);
            any = true;
        }
        return any;
    }

    /// Asks for one garbage collection and waits a bounded time for the net to bring in what it freed.
    public void collect() {
        System.gc();
        long end = System.nanoTime() + 50_000_000L;
        try {
            // The collector hands references over from a thread of its own: the first one may take a moment.
            Reference<? extends Storage> r = queue.remove(20);
            while (r != null && System.nanoTime() < end) {
                release((Net) r);
                r = queue.remove(1);
            }
            if (r != null) {
                release((Net) r);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            drain();
            usedAtLeast = used;
        }
    }

    /// Gives large cached blocks back to the device. The chunks of small blocks stay.
    public synchronized void trim() {
        for (int c = sizeClass(SMALL) + 1; c < free.size(); c++) {
            free.get(c).forEach(this::giveBack);
            free.get(c).clear();
        }
    }

    /// The figures now.
    public synchronized MemoryStats stats() {
        drain();
        return new MemoryStats(used, reserved, peak, count, allocations, deviceAllocations, runtime.totalMemory());
    }

    /// Lets the peak begin at what is used now; what is kept for reuse is measured by it.
    public synchronized void resetPeak() {
        drain();
        peak = used;
    }

    private String largest() {
        List<Long> sizes = new ArrayList<>();
        for (Net n = live; n != null; n = n.next) {
            sizes.add(n.block.size);
        }
        return sizes.stream()
                .sorted(Comparator.reverseOrder())
                .limit(5)
                .map(s -> s / 1024 + " KiB")
                .collect(Collectors.joining(", "));
    }

    /// The storages handed out since the given count of allocations that are still in use after a garbage collection,
    /// each with its size and, if `-Dtenon.leaks=true`, the place where it was allocated.
    public List<String> liveSince(long allocation) {
        collect();
        List<String> out = new ArrayList<>();
        synchronized (this) {
            for (Net n = live; n != null; n = n.next) {
                if (n.number >= allocation) {
                    out.add(n.block.size + " bytes" + site(n));
                }
            }
        }
        return out;
    }

    private static String site(Net n) {
        if (n.site == null) {
            return "";
        }
        return Arrays.stream(n.site.getStackTrace())
                .filter(f -> !f.getClassName().startsWith("dev.tenon.api."))
                .limit(8)
                .map(StackTraceElement::toString)
                .collect(Collectors.joining("\n    at ", " allocated\n    at ", ""));
    }
}
