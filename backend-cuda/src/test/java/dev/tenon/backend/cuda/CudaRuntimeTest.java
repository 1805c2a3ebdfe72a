package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Fakes.Place;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaRuntimeTest {
    private final FakeDriver driver = new FakeDriver();

    @Test
    void bytesGoThereAndBackAndWaitForOneAnother() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory a = runtime.allocate(1000);
        DeviceMemory b = runtime.allocate(1000);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pinned = runtime.pinnedHostMemory(700, arena);
            for (int i = 0; i < 700; i++) {
                pinned.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7));
            }
            Stream other = runtime.newStream();
            runtime.copyFromHost(pinned, a, 11, other);
            Event arrived = other.record();
            assertFalse(arrived.isDone(), "copies from pinned memory are not waited for");
            runtime.defaultStream().waitFor(arrived);
            runtime.copy(a, 11, b, 300, 700, runtime.defaultStream());
            byte[] back = new byte[700];
            runtime.copyToHost(b, 300, MemorySegment.ofArray(back), runtime.defaultStream());
            assertTrue(arrived.isDone());
            assertArrayEquals(pinned.toArray(ValueLayout.JAVA_BYTE), back);
        }
        runtime.free(a);
        runtime.free(b);
        runtime.defaultStream().synchronize();
        assertEquals(0, driver.used());
        assertTrue(driver.calls.contains("cuMemFreeHost"));
    }

    @Test
    void memoryThatIsNotPinnedMayBeChangedAtOnce() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory m = runtime.allocate(64);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(64).fill((byte) 1);
            runtime.copyFromHost(host, m, 0, runtime.newStream());
            host.fill((byte) 2);
            byte[] back = new byte[64];
            runtime.copyToHost(m, 0, MemorySegment.ofArray(back), runtime.defaultStream());
            assertEquals(1, back[63]);
        }
    }

    @Test
    void memoryIsFreedInTheOrderOfTheStream() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory x = Fakes.filled(runtime);
        DeviceMemory y = runtime.allocate(4 * Fakes.ELEMENTS);
        Fakes.scale(runtime).run(runtime.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(y, 0)), null,
                Scalars.of(2));
        // Would be gone before the kernel has read it, if freeing did not wait its turn.
        runtime.free(x);
        assertArrayEquals(Fakes.times(2), Fakes.read(runtime, y));
    }

    @Test
    void devicesWithoutPoolsFreeWithTheOlderCalls() {
        driver.pools = false;
        CudaRuntime runtime = Fakes.runtime(driver);
        runtime.free(runtime.allocate(64));
        assertTrue(driver.calls.containsAll(List.of("cuMemAlloc", "cuMemFree")), driver.calls::toString);
    }

    @Test
    void tooMuchMemoryIsAnErrorOfItsOwn() {
        CudaRuntime runtime = Fakes.runtime(driver);
        OutOfMemoryException e = assertThrows(OutOfMemoryException.class, () -> runtime.allocate(2L << 30));
        assertTrue(e.getMessage().startsWith("cuda:0: allocating 2147483648 bytes: cuMemAlloc"), e.getMessage());
        runtime.allocate(64);
    }

    @Test
    void kernelsGetTheirOperandsAndNumbers() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory x = Fakes.filled(runtime);
        DeviceMemory y = runtime.allocate(4 * Fakes.ELEMENTS);
        Kernel k = Fakes.scale(runtime);
        for (double factor : new double[] {2, -0.5}) {
            k.run(runtime.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(y, 0)), null,
                    Scalars.of(factor));
            assertArrayEquals(Fakes.times(factor), Fakes.read(runtime, y));
        }
        FakeDriver.Launch launch = driver.launches.getLast();
        assertEquals(0, launch.threads() % 32, "whole warps");
        assertEquals(1, launch.groups());
        assertEquals(1, driver.calls.stream().filter("cuModuleLoadData"::equals).count(), "loaded once");
    }

    @Test
    void aFailedLaunchNamesTheOp() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory x = Fakes.filled(runtime);
        driver.failures.put("cuLaunchKernel", 701);
        BackendException e = assertThrows(BackendException.class, () -> Fakes.scale(runtime).run(
                runtime.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(x, 0)), null, Scalars.of(1)));
        assertTrue(e.getMessage().contains("cuda:0: launching scale: cuLaunchKernel"), e.getMessage());
        assertArrayEquals(Fakes.times(1), Fakes.read(runtime, x), "the device is still of use");
    }

    @Test
    void aKernelThatFailedLaterIsReportedWithTheOpsLaunchedOfLateAndEndsTheDevice() {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory x = Fakes.filled(runtime);
        Fakes.scale(runtime).run(runtime.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(x, 0)), null,
                Scalars.of(1));
        driver.failures.put("cuStreamSynchronize", 700);
        BackendException first = assertThrows(BackendException.class, runtime.defaultStream()::synchronize);
        assertTrue(first.getMessage().contains("launched last, the latest first: scale"), first.getMessage());
        assertTrue(first.getMessage().contains("tenon.cuda.sync"), first.getMessage());
        int calls = driver.calls.size();
        BackendException second = assertThrows(BackendException.class, () -> runtime.allocate(1));
        assertEquals(first.getMessage(), second.getMessage());
        assertEquals(calls, driver.calls.size(), "a lost device is not asked again");
    }

    @Test
    void waitingForEveryLaunchNamesTheOpThatFailed() {
        CudaRuntime runtime = Fakes.runtime(driver, 0, true);
        DeviceMemory x = Fakes.filled(runtime);
        Kernel k = Fakes.scale(runtime);
        driver.failures.put("cuStreamSynchronize", 719);
        BackendException e = assertThrows(BackendException.class, () -> k.run(runtime.defaultStream(),
                List.of(new Place(x, 0)), List.of(new Place(x, 0)), null, Scalars.of(1)));
        assertTrue(e.getMessage().contains("cuda:0: running scale: cuStreamSynchronize"), e.getMessage());
        assertFalse(e.getMessage().contains("launched last"), e.getMessage());
    }

    @Test
    void devicesCopyToEachOtherInTheOrderOfBothStreams() {
        driver.devices = 2;
        driver.pools = false;
        CudaRuntime one = Fakes.runtime(driver, 0, false);
        CudaRuntime two = Fakes.runtime(driver, 1, false);
        DeviceMemory x = Fakes.filled(one);
        DeviceMemory y = two.allocate(4 * Fakes.ELEMENTS);
        Kernel k = Fakes.scale(one);
        k.run(one.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(x, 0)), null, Scalars.of(3));
        assertTrue(two.copyFrom(one, x, 0, y, 0, 4 * Fakes.ELEMENTS));
        // Runs after the copy: its source is still read.
        k.run(one.defaultStream(), List.of(new Place(x, 0)), List.of(new Place(x, 0)), null, Scalars.of(100));
        one.defaultStream().synchronize();
        assertArrayEquals(Fakes.times(3), Fakes.read(two, y));
        assertArrayEquals(Fakes.times(300), Fakes.read(one, x));
        assertEquals(1, driver.calls.stream().filter("cuCtxEnablePeerAccess"::equals).count());
        assertFalse(two.copyFrom(Fakes.runtime(new FakeDriver()), x, 0, y, 0, 4), "another driver's device");
    }

    @Test
    void threadsEachMakeTheContextCurrent() throws InterruptedException {
        CudaRuntime runtime = Fakes.runtime(driver);
        DeviceMemory x = Fakes.filled(runtime);
        float[][] read = new float[1][];
        Thread t = Thread.ofVirtual().start(() -> read[0] = Fakes.read(runtime, x));
        t.join();
        assertArrayEquals(Fakes.numbers(), read[0]);
    }
}
