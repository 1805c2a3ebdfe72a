package dev.tenon.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CachingAllocatorTest {

    private static long size(Random r) {
        return r.nextInt(10) < 8 ? r.nextInt(40_000) : r.nextInt(3 << 20);
    }

    @Test
    void blocksDoNotOverlap() throws Exception {
        CachingAllocator allocator = new CachingAllocator(2L << 30);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            int id = t;
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    stress(allocator, new Random(id), id);
                } catch (Throwable e) {
                    failure.set(e);
                }
            }));
        }
        for (Thread t : threads) {
            t.join();
        }
        assertEquals(null, failure.get());
        CachingAllocator.Figures f = allocator.figures();
        assertEquals(0, f.allocated());
        assertEquals(0, f.live());
        assertTrue(f.peak() > 0 && f.allocations() > 1000);
        allocator.trim();
        assertEquals(0, allocator.figures().reserved());
    }

    private static void stress(CachingAllocator allocator, Random r, int id) {
        List<long[]> live = new ArrayList<>();
        for (int i = 0; i < 30_000; i++) {
            if (live.size() < 100 && r.nextBoolean() || live.isEmpty()) {
                long bytes = size(r);
                long at = allocator.allocate(bytes);
                assertEquals(0, at & 63);
                long tag = (long) id << 32 | i;
                if (bytes >= 16) {
                    Mem.putLong(at, tag);
                    Mem.putLong(at + bytes - 8, tag);
                }
                live.add(new long[] {at, bytes, tag});
            } else {
                long[] b = live.remove(r.nextInt(live.size()));
                if (b[1] >= 16) {
                    assertEquals(b[2], Mem.getLong(b[0]));
                    assertEquals(b[2], Mem.getLong(b[0] + b[1] - 8));
                }
                allocator.free(b[0]);
            }
            if (i % 10_000 == 0) {
                allocator.trim();
            }
        }
        live.forEach(b -> allocator.free(b[0]));
    }

    @Test
    void limitIsKeptAndTold() {
        CachingAllocator allocator = new CachingAllocator(16L << 20);
        long a = allocator.allocate(10 << 20);
        AllocationException e = assertThrows(AllocationException.class, () -> allocator.allocate(10 << 20));
        assertEquals(10 << 20, e.requested);
        assertTrue(e.reserved <= e.limit && e.allocated >= 10 << 20);
        allocator.free(a);
        allocator.free(allocator.allocate(15 << 20)); // needs the first chunk given back
        assertThrows(AllocationException.class, () -> allocator.allocate(Long.MAX_VALUE - 100));
    }

    @Test
    void wrongFreesAreRefused() {
        CachingAllocator allocator = new CachingAllocator(1L << 30);
        long small = allocator.allocate(100);
        long large = allocator.allocate(100_000);
        assertThrows(IllegalArgumentException.class, () -> allocator.free(small + 64));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(large + 4096));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(12345));
        allocator.free(small);
        allocator.free(large);
        assertThrows(IllegalArgumentException.class, () -> allocator.free(small));
        assertThrows(IllegalArgumentException.class, () -> allocator.free(large));
        long nothing = allocator.allocate(0);
        allocator.free(nothing);
        allocator.free(nothing);
        assertEquals(0, allocator.figures().allocated());
    }
}
