package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.MemoryStats;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.tck.samples.OpSamples;
import dev.tenon.tck.samples.Sample;
import java.util.List;

/// Memory comes back, is reused, runs out with a clear error, and is not read after it was freed.
final class MemoryChecks {
    private final Device device;
    private final SupportMatrix matrix;
    private final Part part;

    MemoryChecks(Device device, SupportMatrix matrix, Part part) {
        this.device = device;
        this.matrix = matrix;
        this.part = part;
    }

    List<Case> cases() {
        return List.of(
                new Case("scopes give back what every op took", this::scopesGiveBack),
                new Case("unreachable tensors come back", this::unreachable),
                new Case("a steady loop takes no more memory from the device", this::steady),
                new Case("the peak is kept", this::peak),
                new Case("out of memory is a clear error", this::outOfMemory),
                new Case("scopes keep what they are told", this::keeping),
                new Case("scopes close in order", this::order),
                new Case("use after close", this::afterClose),
                new Case("views hold the memory", this::views));
    }

    private Tensor ones(long... dims) {
        return Tensors.ones(Shape.of(dims), DType.F32, device);
    }

    /// What is in use once everything unreachable has been collected.
    private long settled() {
        long before = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            System.gc();
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            long now = device.memory().used();
            if (now == before) {
                return now;
            }
            before = now;
        }
        return before;
    }

    private void scopesGiveBack() {
        List<Sample> samples = OpSamples.families().values().stream()
                .flatMap(f -> f.get().stream().filter(s -> s.dtype() == DType.F32).filter(s -> matrix
                        .limitation(s.op(), s.dtype()).isEmpty()))
                .filter(s -> s.op().hashCode() % 5 == 0 || s.direct().isEmpty())
                .toList();
        assertTrue(samples.size() > 100, "samples");
        settled();
        for (Sample s : part.of(samples)) {
            long before = device.memory().used();
            long count = device.memory().tensors();
            try (Scope _ = Scope.open()) {
                s.call().on(device, s.on(device));
            }
            MemoryStats after = device.memory();
            assertEquals(before, after.used(), () -> s + " leaks: bytes in use after its scope was closed");
            assertEquals(count, after.tensors(), () -> s + " leaks: blocks in use after its scope was closed");
        }
    }

    private void unreachable() {
        long before = settled();
        for (int i = 0; i < 40; i++) {
            ones(1 + i, 1000).add(1.0).mul(2.0);
        }
        long after = settled();
        assertTrue(after <= before, () -> "in use before " + before + ", after everything became unreachable " + after);
    }

    private void steady() {
        long taken = 0;
        for (int i = 0; i < 30; i++) {
            try (Scope _ = Scope.open()) {
                Tensor x = ones(60, 61);
                x.matmul(x.t()).add(1.0).softmax(1).sum().item();
            }
            if (i == 5) {
                taken = device.memory().deviceAllocations();
            }
        }
        assertEquals(taken, device.memory().deviceAllocations(), "device allocations after the fifth round");
    }

    private void peak() {
        try (Scope _ = Scope.open()) {
            long used = device.memory().used();
            long count = device.memory().allocations();
            try (Tensor big = ones(1 << 20)) {
                assertTrue(device.memory().used() >= used + big.elements() * 4);
            }
            MemoryStats m = device.memory();
            assertEquals(used, m.used(), "used after close");
            assertTrue(m.peakUsed() >= used + (4L << 20), () -> "peak " + m);
            assertTrue(m.allocations() > count);
            assertTrue(m.reserved() >= m.used());
        }
        device.emptyCache();
        assertTrue(device.memory().reserved() >= device.memory().used());
    }

    private void outOfMemory() {
        for (long elements : new long[] {1L << 50, 1L << 55}) {
            OutOfMemoryException e = assertThrows(OutOfMemoryException.class,
                    () -> Tensors.empty(Shape.of(elements), DType.F64, device));
            String m = String.valueOf(e.getMessage());
            assertTrue(m.contains(device.toString()) && m.contains("memory"), m);
        }
        // More bytes than a long counts.
        RuntimeException e = assertThrows(RuntimeException.class,
                () -> Tensors.empty(Shape.of(1L << 61), DType.F64, device));
        assertTrue(e instanceof OutOfMemoryException || e instanceof TensorException, e::toString);
        try (Scope _ = Scope.open()) {
            assertArrayEquals(new float[] {2, 2, 2}, ones(3).add(1.0).toFloatArray());
        }
    }

    private void keeping() {
        Tensor kept;
        Tensor dropped;
        try (Scope outer = Scope.open()) {
            Tensor early = ones(2);
            Tensor inner;
            try (Scope scope = Scope.open()) {
                inner = scope.keep(early.add(1.0));
                dropped = early.mul(3.0);
            }
            assertTrue(dropped.isClosed());
            assertFalse(inner.isClosed());
            assertArrayEquals(new float[] {2, 2}, inner.toFloatArray());
            kept = outer.keep(Scope.keeping(() -> inner.add(ones(2)).mul(ones(2))));
        }
        assertArrayEquals(new float[] {3, 3}, kept.toFloatArray());
        kept.close();
        kept.close();
        assertTrue(kept.isClosed());
    }

    private void order() {
        Scope outer = Scope.open();
        Scope inner = Scope.open();
        assertThrows(IllegalStateException.class, outer::close);
        inner.close();
        outer.close();
    }

    private void afterClose() {
        Tensor x = ones(2);
        Tensor y = ones(2);
        x.close();
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> y.add(x));
        assertTrue(String.valueOf(e.getMessage()).contains("add"), e::getMessage);
        assertThrows(IllegalStateException.class, x::toFloatArray);
        assertThrows(IllegalStateException.class, () -> y.copy_(x));
        assertThrows(IllegalStateException.class, () -> x.fill_(1));
        assertThrows(IllegalStateException.class, () -> x.narrow(0, 0, 1));
        assertThrows(IllegalStateException.class, x::detach);
        assertTrue(x.toString().contains("closed"), x::toString);
        y.close();
    }

    private void views() {
        Tensor x = ones(4, 1000);
        Tensor row = x.select(0, 2);
        x.close();
        try (Scope _ = Scope.open()) {
            // What is allocated now must not lie where the view reads.
            Tensors.full(Shape.of(4, 1000), 5, DType.F32, device);
            assertEquals(1000, row.sum().item());
        }
        row.close();
    }
}
