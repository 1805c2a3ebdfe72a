package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.BackendException;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Replay;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Fakes.Place;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class RecordingTest {
    private final FakeDriver driver = new FakeDriver();
    private final CudaRuntime runtime = Fakes.runtime(driver);
    private final DeviceMemory x = Fakes.filled(runtime);
    private final DeviceMemory y = runtime.allocate(4 * Fakes.ELEMENTS);
    private final Kernel scale = Fakes.scale(runtime);

    private void scale(Stream s, DeviceMemory from, DeviceMemory to, double factor) {
        scale.run(s, List.of(new Place(from, 0)), List.of(new Place(to, 0)), null, Scalars.of(factor));
    }

    /// `y = x * a`, then `y = y * b`.
    private Recording twice() {
        Consumer<Stream> work = s -> {
            scale(s, x, y, 2);
            scale(s, y, y, 10);
        };
        return (Recording) runtime.record(work).orElseThrow();
    }

    private long count(String call) {
        return driver.calls.stream().filter(call::equals).count();
    }

    @Test
    void recordingComputesNothingAndReplaysComputeAll() {
        Recording r = twice();
        assertEquals(Recording.State.READY, r.state());
        driver.launches.clear();
        for (int i = 0; i < 3; i++) {
            r.run(runtime.defaultStream(), List.of(Scalars.of(2), Scalars.of(10)));
            assertArrayEquals(Fakes.times(20), Fakes.read(runtime, y));
        }
        assertEquals(3, count("cuGraphLaunch"));
        assertEquals(List.of(), driver.launches, "numbers that stay are not written again");
    }

    @Test
    void numbersChangeBetweenReplaysInTheOrderOfTheStream() {
        Recording r = twice();
        DeviceMemory first = runtime.allocate(4 * Fakes.ELEMENTS);
        r.run(runtime.defaultStream(), List.of(Scalars.of(3), Scalars.of(10)));
        runtime.copy(y, 0, first, 0, 4 * Fakes.ELEMENTS, runtime.defaultStream());
        // Nothing has run yet: the numbers of the first replay must outlive the second call.
        r.run(runtime.defaultStream(), List.of(Scalars.of(3), Scalars.of(-1)));
        assertArrayEquals(Fakes.times(-3), Fakes.read(runtime, y));
        assertArrayEquals(Fakes.times(30), Fakes.read(runtime, first));
    }

    @Test
    void manyNumbersTakeSeveralLaunches() {
        int many = Recording.CARRIED + 10;
        Replay r = runtime.record(s -> {
            for (int i = 0; i < many; i++) {
                scale(s, x, y, 1);
            }
        }).orElseThrow();
        List<Scalars> numbers = new ArrayList<>(Collections.nCopies(many, Scalars.of(1)));
        numbers.set(many - 1, Scalars.of(7));
        driver.launches.clear();
        r.run(runtime.defaultStream(), numbers);
        assertArrayEquals(Fakes.times(7), Fakes.read(runtime, y));
        assertEquals(1, driver.launches.size(), "only the part that changed");
        assertEquals(10, driver.launches.getFirst().arguments().get("n"));
    }

    @Test
    void nothingIsLoadedOrAllocatedWhileRecording() {
        int before = driver.calls.size();
        twice();
        List<String> calls = driver.calls.subList(before, driver.calls.size());
        List<String> within =
                calls.subList(calls.indexOf("cuStreamBeginCapture") + 1, calls.indexOf("cuStreamEndCapture"));
        assertEquals(List.of("cuLaunchKernel", "cuLaunchKernel"), within);
    }

    @Test
    void whatCannotBeRecordedEndsTheRecordingAndLeavesTheDeviceOfUse() {
        BackendException e = assertThrows(BackendException.class, () -> runtime.record(s -> {
            scale(s, x, y, 2);
            runtime.free(runtime.allocate(64));
        }));
        assertTrue(e.getMessage().contains("allocating 64 bytes"), e.getMessage());
        assertEquals(1, count("abandonCapture"));
        runtime.defaultStream().synchronize();
        long used = driver.used();
        twice().close();
        runtime.defaultStream().synchronize();
        assertEquals(used, driver.used(), "the first recording's table has been freed");
    }

    @Test
    void workThatDiffersFromItsPreparationIsRefused() {
        int[] runs = {0};
        BackendException e = assertThrows(BackendException.class, () -> runtime.record(s -> {
            for (int i = 0; i <= runs[0]; i++) {
                scale(s, x, y, 2);
            }
            runs[0]++;
        }));
        assertTrue(e.getMessage().contains("other kernels"), e.getMessage());
    }

    @Test
    void aFailureOfTheDriverWhileEndingIsReported() {
        driver.failures.put("cuStreamEndCapture", FakeDriver.CAPTURE_INVALIDATED);
        BackendException e = assertThrows(BackendException.class, this::twice);
        assertTrue(e.getMessage().contains("ending a recording"), e.getMessage());
        scale(runtime.defaultStream(), x, y, 5);
        assertArrayEquals(Fakes.times(5), Fakes.read(runtime, y));
    }

    @Test
    void aClosedRecordingIsNotReplayed() {
        Recording r = twice();
        r.close();
        r.close();
        assertEquals(1, count("cuGraphExecDestroy"));
        assertThrows(BackendException.class, () -> r.run(runtime.defaultStream(), List.of()));
        Recording other = twice();
        assertThrows(IllegalArgumentException.class, () -> other.run(runtime.defaultStream(), List.of()));
    }
}
