package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.kernel.Trial;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Choices by measured time, where the fake driver says how long launches take.
class TuningTest {
    private static final List<TensorType> ONE = List.of(TensorType.of(DType.F32, Shape.of(Fakes.ELEMENTS)));

    private final FakeDriver driver = new FakeDriver();
    @TempDir
    private Path folder;

    @BeforeEach
    void measures() {
        System.clearProperty("tenon.cuda.tune");
    }

    @AfterEach
    void forgetsTheProperty() {
        System.clearProperty("tenon.cuda.tune");
    }

    private CudaRuntime runtime(@Nullable Path cache) {
        return Fakes.runtime(driver, 0, false, null, null, cache);
    }

    private long timed() {
        return driver.calls.stream().filter("cuEventElapsedTime"::equals).count();
    }

    /// The launch of a square product.
    private FakeDriver.Launch product(CudaRuntime runtime, DType dtype, long n) {
        List<TensorType> in = List.of(TensorType.of(dtype, Shape.of(n, n)), TensorType.of(dtype, Shape.of(n, n)));
        List<TensorType> out = MatMulOp.PLAIN.infer(in);
        Kernel kernel = runtime.prepare(MatMulOp.PLAIN, in, out).orElseThrow();
        Trial trial = Trial.of(in, out, kernel.workspaceBytes(), 256);
        trial.run(kernel, runtime.defaultStream(), new CudaMemory(1 << 20, trial.bytes()), Scalars.NONE);
        return driver.launches.getLast();
    }

    @Test
    void tilesAreMeasuredOnceAndRemembered() {
        // Tiles of 64 x 64 give the most groups.
        driver.millis = (_, launch) -> launch.groups() == 1024 ? 0.5 : 1;
        CudaRuntime runtime = runtime(folder);
        product(runtime, DType.F32, 100);
        assertEquals(0, timed(), "small products are not worth it");
        assertEquals(64 * 64, product(runtime, DType.F32, 4096).groups());
        long measured = timed();
        assertTrue(measured > 10, "measurements: " + measured);
        product(runtime, DType.F32, 2048);
        assertEquals(64 * 64, product(runtime(folder), DType.F32, 4096).groups());
        assertEquals(measured, timed(), "remembered, on disk as well");
        driver.capability = 89;
        product(runtime(folder), DType.F32, 4096);
        assertEquals(2 * measured, timed(), "another device is measured anew");
        runtime.defaultStream().synchronize();
    }

    @Test
    void howTensorCoresCutProductsIsMeasuredForEachSize() {
        // 8 warps of 128 x 64 sums: the only ones with 32 x 64 groups for a product of 4096, and 256 threads.
        driver.millis = (source, launch) -> launch.threads() == 256 && launch.groups() == 32 * 64 ? 0.5 : 1;
        CudaRuntime runtime = runtime(folder);
        assertEquals(32 * 64, product(runtime, DType.F16, 4096).groups());
        long measured = timed();
        assertEquals(3 * 4, measured, "three rounds for each of four");
        assertEquals(32 * 64, product(runtime(folder), DType.F16, 4096).groups());
        assertEquals(measured, timed(), "remembered");
        // Where all take as long, the usual one: 128 x 128.
        assertEquals(24 * 24, product(runtime, DType.F16, 3072).groups());
        assertEquals(2 * measured, timed(), "another size");
    }

    @Test
    void everyWayToCutSplitsTheDepthAlike() {
        // Two groups of 64 x 64 sums for each half of the depth, for four multiprocessors; here one of 128 x 64 is
        // better.
        driver.millis = (_, launch) -> launch.entry().equals("matmul_mma") && launch.groups() == 2 ? 0.5 : 1;
        CudaRuntime runtime = runtime(folder);
        List<TensorType> in = List.of(TensorType.of(DType.F16, Shape.of(96, 1 << 16)),
                TensorType.of(DType.F16, Shape.of(1 << 16, 64)));
        Kernel kernel = runtime.prepare(MatMulOp.PLAIN, in, MatMulOp.PLAIN.infer(in)).orElseThrow();
        assertEquals(Set.of(2, 4), driver.launches.stream().filter(l -> l.entry().equals("matmul_mma"))
                .map(FakeDriver.Launch::groups).collect(Collectors.toSet()));
        driver.launches.clear();
        Trial.of(in, MatMulOp.PLAIN.infer(in), kernel.workspaceBytes(), 256).run(kernel, runtime.defaultStream(),
                new CudaMemory(1 << 20, 1 << 20), Scalars.NONE);
        assertEquals(List.of("matmul_mma", "matmul_sum"),
                driver.launches.stream().map(FakeDriver.Launch::entry).toList());
        assertEquals(2, driver.launches.getFirst().groups());
    }

    @Test
    void nothingIsMeasuredWhereThatIsTurnedOff() {
        System.setProperty("tenon.cuda.tune", "false");
        assertEquals(32 * 32, product(runtime(folder), DType.F32, 4096).groups());
        assertEquals(0, timed());
    }

    @Test
    void theFasterOfTwoKernelsIsChosenOnce() {
        driver.kernels.put("map", _ -> {});
        CudaRuntime runtime = runtime(folder);
        int[] made = new int[1];
        double[] each = {3, 2};
        driver.millis = (_, _) -> each[Math.min(1, (made[0] - 1))];
        for (int i = 0; i < 2; i++) {
            assertEquals("ours", runtime.fastest("scale of 8", List.of("library", "ours"), _ -> {
                made[0]++;
                return Fakes.scale(runtime);
            }, ONE, ONE, Scalars.of(2)));
            assertEquals(2, made[0]);
        }
        runtime.defaultStream().synchronize();
        assertEquals(0, driver.used(), "memory of the measurement");
    }

    @Test
    void theClockTakesTheShortestOfItsRounds() {
        int[] runs = new int[1];
        driver.kernels.put("map", _ -> {});
        driver.millis = (_, _) -> runs[0]++ == 0 ? 1000 : 2 + runs[0] / 6;
        CudaRuntime runtime = runtime(null);
        KernelClock clock = new KernelClock(runtime, runtime.context());
        double seconds = clock.seconds(Fakes.scale(runtime), ONE, ONE, Scalars.of(2));
        // Runs 1 to 5 after the first take 2, 2, 2, 2 and 3 milliseconds, later ones more.
        assertEquals(11e-3 / 5, seconds, 1e-9);
        assertEquals(16, runs[0]);
    }

    @Test
    void aKernelThatFailsLosesAndLeavesNothingBehind() {
        driver.kernels.put("map", _ -> {});
        CudaRuntime runtime = runtime(folder);
        int[] made = new int[1];
        assertEquals("ours", runtime.fastest("scale of 8", List.of("library", "ours"), _ -> {
            if (made[0]++ == 0) {
                driver.failures.put("cuLaunchKernel", FakeDriver.INVALID_VALUE);
            }
            return Fakes.scale(runtime);
        }, ONE, ONE, Scalars.of(2)));
        runtime.defaultStream().synchronize();
        assertEquals(0, driver.used());
        assertEquals(driver.calls.stream().filter("cuEventDestroy"::equals).count(),
                driver.calls.stream().filter("cuEventCreate"::equals).count());
    }
}
