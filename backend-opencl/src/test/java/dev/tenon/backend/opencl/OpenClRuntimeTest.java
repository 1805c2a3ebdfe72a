package dev.tenon.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class OpenClRuntimeTest {
    private static final OpenClBackend BACKEND = new OpenClBackend();

    private static DeviceRuntime open() {
        BackendProvider.Probe probe = BACKEND.probe();
        Assumptions.assumeFalse(probe.devices().isEmpty(), () -> "no OpenCL device: " + probe.reason());
        return BACKEND.open(0);
    }

    @Test
    void aProbeFindsDevicesOrSaysWhyNot() {
        BackendProvider.Probe probe = BACKEND.probe();
        assertTrue(!probe.devices().isEmpty() || !probe.reason().isBlank());
    }

    @Test
    void processorsDoNotWinOverTheCpuBackend() {
        assertTrue(BACKEND.priority(new DeviceInfo(0, "cpu", "", 0)) < 100);
        assertTrue(BACKEND.priority(new DeviceInfo(0, "gpu", "", 0)) >= 200);
    }

    @Test
    void bytesGoThereAndBack() {
        DeviceRuntime runtime = open();
        Stream stream = runtime.defaultStream();
        DeviceMemory a = runtime.allocate(1000);
        DeviceMemory b = runtime.allocate(1000);
        byte[] bytes = new byte[700];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pinned = runtime.pinnedHostMemory(bytes.length, arena);
            pinned.copyFrom(MemorySegment.ofArray(bytes));
            Stream other = runtime.newStream();
            runtime.copyFromHost(pinned, a, 11, other);
            Event arrived = other.record();
            stream.waitFor(arrived);
            runtime.copy(a, 11, b, 300, bytes.length, stream);
            byte[] back = new byte[bytes.length];
            runtime.copyToHost(b, 300, MemorySegment.ofArray(back), stream);
            assertArrayEquals(bytes, back);
            assertTrue(arrived.isDone());
            MemorySegment there = arena.allocate(bytes.length);
            runtime.copyToHost(b, 300, there, stream);
            stream.record().synchronize();
            assertArrayEquals(bytes, there.toArray(ValueLayout.JAVA_BYTE));
            assertEquals(-1, there.mismatch(pinned));
        }
        runtime.free(a);
        runtime.free(b);
    }

    @Test
    void tooMuchMemoryIsAnErrorOfItsOwn() {
        DeviceRuntime runtime = open();
        OutOfMemoryException e =
                assertThrows(OutOfMemoryException.class, () -> runtime.allocate(Long.MAX_VALUE / 2));
        assertTrue(e.getMessage().startsWith("opencl:0: allocating"), e.getMessage());
    }

    @Test
    void aKernelThatDoesNotBuildShowsItsLog() {
        open();
        DeviceFacts facts = Discovery.find().devices().getFirst();
        BackendException e = assertThrows(BackendException.class, () -> OpenClRuntime.open(0, facts)
                .programs().withProgram("__kernel void broken() { undeclared = 1; }", "opencl:0: test", p -> p));
        assertTrue(e.getMessage().contains("undeclared"), e.getMessage());
        assertFalse(e.getMessage().contains("null"), e.getMessage());
    }
}
