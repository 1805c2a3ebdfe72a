package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import dev.tenon.tck.samples.Domain;
import dev.tenon.tck.samples.Family;
import dev.tenon.tck.samples.Input;
import dev.tenon.tck.samples.Layout;
import dev.tenon.tck.samples.Values;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Copies between the host, the device and the reference backend, and the contract of streams, events and memory.
final class TransferChecks {
    private final Device device;
    private final Device oracle;
    private final SupportMatrix matrix;

    TransferChecks(Device device, Device oracle, SupportMatrix matrix) {
        this.device = device;
        this.oracle = oracle;
        this.matrix = matrix;
    }

    List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (DType d : DType.values()) {
            if (matrix.limitation("*", d).isEmpty()) {
                cases.add(new Case("host and back " + d, () -> hostAndBack(d)));
                cases.add(new Case("reference and back " + d, () -> referenceAndBack(d)));
            }
        }
        cases.add(new Case("converted on the way", this::converted));
        cases.add(new Case("blocks of memory", this::blocks));
        cases.add(new Case("pinned host memory", this::pinned));
        cases.add(new Case("streams and events", this::streams));
        cases.add(new Case("alignment", this::alignment));
        cases.add(new Case("an op that no backend knows has no kernel", this::unknownOp));
        return cases;
    }

    /// Every bit pattern survives, NaN with a payload included.
    private void hostAndBack(DType d) {
        byte[] bytes = new byte[1031 * d.bytes()];
        new Random(5).nextBytes(bytes);
        for (int i = 0; d == DType.BOOL && i < bytes.length; i++) {
            bytes[i] &= 1;
        }
        try (Scope _ = Scope.open(); Arena arena = Arena.ofConfined()) {
            Tensor t = Tensors.fromHost(MemorySegment.ofArray(bytes), d, Shape.of(1031), device);
            MemorySegment back = arena.allocate(bytes.length + 8);
            t.copyTo(back);
            assertArrayEquals(bytes, back.asSlice(0, bytes.length).toArray(ValueLayout.JAVA_BYTE));
            MemorySegment part = arena.allocate(bytes.length);
            t.narrow(0, 7, 500).copyTo(part);
            assertEquals(-1, part.asSlice(0, 500L * d.bytes()).mismatch(
                    MemorySegment.ofArray(bytes).asSlice(7L * d.bytes(), 500L * d.bytes())));
        }
    }

    private void referenceAndBack(DType d) {
        try (Scope _ = Scope.open()) {
            for (Layout l : Layout.values()) {
                Tensor x = Input.of(d, 7, 33).from(Domain.SPECIAL).in(l).on(device);
                Tensor there = x.to(oracle);
                assertSame(oracle, there.device());
                Tensor back = there.to(device);
                assertSame(device, back.device());
                Values.of(back).differenceFrom(Values.of(x), Family.EXACT, 0).ifPresent(m -> fail(l + ": " + m));
            }
            assertEquals(Shape.of(0, 3), Tensors.zeros(Shape.of(0, 3), d, device).to(oracle).shape());
            assertSame(device, Tensors.zeros(Shape.SCALAR, d, oracle).to(device).device());
        }
    }

    private void converted() {
        try (Scope _ = Scope.open()) {
            Tensor x = Input.of(DType.F32, 33).from(Domain.WIDE).on(device);
            assertArrayEquals(Values.of(x.to(DType.I32)).integers(), x.toLongArray());
            assertArrayEquals(Values.of(x).reals(), x.toDoubleArray());
            boolean[] positive = x.gt(0.0).toBooleanArray();
            for (int i = 0; i < positive.length; i++) {
                assertEquals(Values.of(x).reals()[i] > 0, positive[i]);
            }
            Tensor scalar = Tensors.full(Shape.SCALAR, 7.75, DType.F16, device);
            assertEquals(7.75, scalar.item());
            assertEquals(7, scalar.itemLong());
            assertEquals(Long.MAX_VALUE, Tensors.of(new long[] {Long.MAX_VALUE}, Shape.SCALAR, device).itemLong());
        }
    }

    private void blocks() {
        DeviceRuntime runtime = device.runtime();
        Stream stream = runtime.defaultStream();
        byte[] bytes = new byte[4096];
        new Random(1).nextBytes(bytes);
        DeviceMemory a = runtime.allocate(4096);
        DeviceMemory b = runtime.allocate(8192);
        try (Arena arena = Arena.ofConfined()) {
            assertTrue(a.bytes() >= 4096 && b.bytes() >= 8192);
            MemorySegment host = arena.allocate(4096).copyFrom(MemorySegment.ofArray(bytes));
            runtime.copyFromHost(host, a, 0, stream);
            // Memory that is not pinned may be changed as soon as the call has returned.
            host.fill((byte) 0);
            runtime.copy(a, 128, b, 640, 1000, stream);
            MemorySegment back = arena.allocate(1000);
            runtime.copyToHost(b, 640, back, stream);
            stream.synchronize();
            assertEquals(-1, back.mismatch(MemorySegment.ofArray(bytes).asSlice(128, 1000)));
            runtime.hostView(a).ifPresent(view ->
                    assertEquals(-1, view.asSlice(0, 4096).mismatch(MemorySegment.ofArray(bytes))));
            assertTrue(runtime.totalMemory() >= 0);
        } finally {
            runtime.free(a);
            runtime.free(b);
        }
    }

    private void pinned() {
        DeviceRuntime runtime = device.runtime();
        try (Arena arena = Arena.ofShared(); Scope _ = Scope.open()) {
            MemorySegment pinned = runtime.pinnedHostMemory(400, arena);
            assertTrue(pinned.byteSize() >= 400);
            for (int i = 0; i < 100; i++) {
                pinned.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
            }
            Tensor t = Tensors.fromHost(pinned, DType.F32, Shape.of(10, 10), device);
            device.synchronize();
            assertEquals(4950, t.sum().item());
            pinned.fill((byte) 0);
            t.t().copyTo(pinned);
            assertEquals(10, pinned.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
            assertTrue(runtime.pinnedHostMemory(0, arena).byteSize() >= 0);
        }
    }

    private void streams() {
        DeviceRuntime runtime = device.runtime();
        Stream main = runtime.defaultStream();
        Stream side = runtime.newStream();
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.ones(Shape.of(100, 100), DType.F32, device);
            Tensor y = x.matmul(x);
            Event computed = main.record();
            side.waitFor(computed);
            MemorySegment host = MemorySegment.ofArray(new byte[40_000]);
            try (Arena arena = Arena.ofShared()) {
                MemorySegment to = runtime.pinnedHostMemory(40_000, arena);
                runtime.copyToHost(y.memory(), y.byteOffset(), to, side);
                Event copied = side.record();
                copied.synchronize();
                assertTrue(copied.isDone() && computed.isDone(), "done once waited for");
                host.copyFrom(to.asSlice(0, 40_000));
            }
            assertEquals(100, host.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 39_996));
            main.synchronize();
            side.synchronize();
            // Of a device that works on its own even an empty mark takes a moment.
            Event last = main.record();
            last.synchronize();
            assertTrue(last.isDone(), "a mark is done once waited for");
            device.synchronize();
        }
    }

    private void alignment() {
        long alignment = device.runtime().alignment();
        assertEquals(1, Long.bitCount(alignment), "the alignment is a power of two");
        try (Scope _ = Scope.open()) {
            for (int n : new int[] {1, 3, 17, 1023, 300_000}) {
                Tensor t = Tensors.ones(Shape.of(n), DType.U8, device);
                assertEquals(0, t.byteOffset() % alignment);
                assertTrue(t.memory().bytes() >= t.byteOffset() + n);
            }
        }
    }

    /// A device must answer that it has no kernel, and not throw, for what it does not know.
    private void unknownOp() {
        Op unknown = new UnknownOp();
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.ones(Shape.of(3), DType.F32, device);
            assertTrue(device.runtime().prepare(unknown, List.of(x.type()), List.of(x.type())).isEmpty());
            assertArrayEquals(new float[] {2, 2, 2}, Dispatcher.run(unknown, x).toFloatArray());
        }
    }

    private record UnknownOp() implements Composite {
        @Override
        public String name() {
            return "unknown";
        }

        @Override
        public List<TensorType> infer(List<TensorType> in) {
            return in;
        }

        @Override
        public List<Tensor> decompose(List<Tensor> in) {
            return List.of(in.getFirst().add(1.0));
        }
    }
}
