package dev.tenon.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {

    private final WorkerPool pool = new WorkerPool(4);

    @AfterEach
    void stop() {
        pool.stop();
    }

    @Test
    void everyElementOnce() {
        for (int n = 0; n < 100; n++) {
            for (int grain : new int[] {1, 3, 1000}) {
                AtomicIntegerArray seen = new AtomicIntegerArray(100);
                pool.parallelFor(n, grain, (from, to) -> {
                    for (long i = from; i < to; i++) {
                        seen.incrementAndGet((int) i);
                    }
                });
                for (int i = 0; i < 100; i++) {
                    assertEquals(i < n ? 1 : 0, seen.get(i));
                }
            }
        }
    }

    @Test
    void failuresReachTheCaller() {
        RuntimeException mine = new RuntimeException("mine");
        for (long bad = 0; bad < 4; bad++) {
            long at = bad;
            assertSame(mine, assertThrows(RuntimeException.class, () -> pool.parallelTasks(4, (from, to) -> {
                if (from == at) {
                    throw mine;
                }
            })));
        }
        AtomicLong sum = new AtomicLong();
        pool.parallelFor(10, 1, (from, to) -> sum.addAndGet(to - from));
        assertEquals(10, sum.get());
    }

    @Test
    void nestedCallsRunInline() {
        AtomicLong sum = new AtomicLong();
        pool.parallelFor(8, 1, (from, to) -> {
            Thread me = Thread.currentThread();
            pool.parallelFor(100, 1, (f, t) -> {
                assertSame(me, Thread.currentThread());
                sum.addAndGet(t - f);
            });
        });
        assertEquals(400, sum.get());
    }

    @Test
    void manyCallers() throws Exception {
        List<Thread> callers = new ArrayList<>();
        AtomicLong sum = new AtomicLong();
        for (int c = 0; c < 6; c++) {
            callers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 3000; i++) {
                    pool.parallelFor(16, 1, (from, to) -> sum.addAndGet(to - from));
                }
            }));
        }
        for (Thread t : callers) {
            t.join();
        }
        assertEquals(6 * 3000 * 16, sum.get());
    }

    @Test
    void wakesAfterSleep() throws Exception {
        for (int i = 0; i < 20; i++) {
            Thread.sleep(5);
            AtomicLong sum = new AtomicLong();
            pool.parallelFor(4, 1, (from, to) -> sum.addAndGet(to - from));
            assertEquals(4, sum.get());
        }
        assertTrue(WorkerPool.shared().threads() >= 1);
    }
}
