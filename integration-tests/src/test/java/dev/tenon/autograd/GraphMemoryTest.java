package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.DEVICE;
import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What graphs hold, and when they let go of it; deep graphs; several threads.
class GraphMemoryTest {
    private static final int N = 4096;
    private static final long BYTES = N * 8L;

    private static long used() {
        return DEVICE.memory().used();
    }

    /// Other tests leave garbage: it must not be collected in between two measurements.
    @BeforeEach
    void settle() throws InterruptedException {
        long before;
        do {
            before = used();
            System.gc();
            Thread.sleep(30);
        } while (used() != before);
    }

    @Test
    void theBackwardPassFreesAsItGoes() {
        int depth = 20;
        Tensor x = random(1, N).requiresGrad(true);
        long start = used();
        long[] least = {Long.MAX_VALUE};
        try (Scope scope = Scope.open()) {
            Tensor y = x;
            Tensor[] layers = new Tensor[depth];
            for (int i = 0; i < depth; i++) {
                y = y.tanh();
                layers[i] = y;
            }
            Tensor loss = y.sum();
            layers[0].registerHook(g -> {
                least[0] = used() - start;
                return g;
            });
            // The graph alone holds what was saved; the hook stays with it.
            for (Tensor t : layers) {
                t.close();
            }
            assertTrue(used() - start >= depth * BYTES, "saved " + (used() - start));
            loss.backward();
            assertTrue(least[0] < 6 * BYTES, "near the end of the pass " + least[0] / BYTES + " layers are held");
            scope.keep(loss);
            loss.close();
        }
        DEVICE.memory();
        // What remains is the gradient (and what the hook was handed, which is garbage).
        long left = used() - start;
        assertTrue(left <= 2 * BYTES, "left " + left);
        x.setGrad(null);
    }

    @Test
    void keptGraphsKeepWhatTheySaved() {
        Tensor x = random(2, N).requiresGrad(true);
        long start = used();
        Tensor y = x.tanh();
        Tensor z = y.tanh();
        Tensor loss = z.sum();
        y.close();
        z.close();
        loss.backward(null, true, false);
        x.setGrad(null);
        assertTrue(used() - start >= 2 * BYTES);
        loss.close();
        assertEquals(start, used(), "closing the last tensor that leads to the graph frees it");
    }

    @Test
    void closingInAnyOrderFreesEverything() {
        Tensor x = random(3, N).requiresGrad(true);
        long start = used();
        for (int order = 0; order < 6; order++) {
            Tensor a = x.exp();
            Tensor b = a.mul(x);
            Tensor c = b.sum();
            List<Tensor> all = new ArrayList<>(List.of(a, b, c));
            Tensor first = all.remove(order / 2);
            first.close();
            all.remove(order % 2).close();
            all.getFirst().close();
            assertEquals(start, used(), "order " + order);
        }
    }

    @Test
    void graphsOutliveTheScopeOfTheirTensors() {
        Tensor x = leaf(1, 2, 3);
        long start = used();
        Tensor loss;
        try (Scope outer = Scope.open()) {
            Tensor kept;
            try (Scope inner = Scope.open()) {
                Tensor a = x.mul(x);
                Tensor b = a.mul(a).mul(2.0);
                kept = inner.keep(b.sum());
                assertFalse(a.isClosed());
            }
            loss = outer.keep(kept);
        }
        loss.backward();
        assertGrad(x, 8, 64, 216);
        loss.close();
        x.setGrad(null);
        assertEquals(start, used());
    }

    @Test
    void stepsInAScopeLeaveNothingBehind() {
        Tensor w = random(4, 8, 8).requiresGrad(true);
        Tensor x = random(5, 4, 8);
        long before = 0;
        for (int step = 0; step < 5; step++) {
            try (Scope _ = Scope.open()) {
                Tensor h = x.matmul(w).relu().matmul(w).softmax(1);
                h.square().sum().backward();
                w.setGrad(null);
            }
            if (step == 0) {
                before = DEVICE.memory().tensors();
            }
        }
        assertEquals(before, DEVICE.memory().tensors());
    }

    @Test
    void deepGraphsNeedNoStack() {
        int depth = 50_000;
        Tensor x = leaf(1);
        long start = used();
        try (Scope _ = Scope.open()) {
            Tensor y = x;
            for (int i = 0; i < depth; i++) {
                y = y.mul(1.0);
            }
            y.sum().backward();
            assertGrad(x, 1);
        }
        x.setGrad(null);
        assertEquals(start, used());
        // Releasing without a pass.
        Tensor y = x;
        for (int i = 0; i < depth; i++) {
            Tensor next = y.sigmoid();
            if (y != x) {
                y.close();
            }
            y = next;
        }
        y.close();
        assertEquals(start, used());
    }

    @Test
    void threadsBuildGraphsOfTheirOwn() throws Exception {
        Tensor shared = leaf(2, 3);
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                double k = t + 1;
                done.add(pool.submit(() -> {
                    Tensor own = leaf(1, 1);
                    for (int i = 0; i < 50; i++) {
                        try (Scope _ = Scope.open()) {
                            own.mul(shared).mul(k).sum().backward();
                        }
                    }
                    assertGrad(own, 100 * k, 150 * k);
                }));
            }
            for (Future<?> f : done) {
                f.get();
            }
        }
        assertGrad(shared, 500, 500);
    }
}
