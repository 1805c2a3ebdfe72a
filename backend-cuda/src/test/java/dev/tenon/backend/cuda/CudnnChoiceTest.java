package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cuda.Fakes.Place;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Normalisation and attention by a library or by our own kernels, whichever is faster on the device.
class CudnnChoiceTest {
    private static final TensorType ROWS = TensorType.of(DType.F32, Shape.of(256, 512));
    private static final TensorType WIDTH = TensorType.of(DType.F32, Shape.of(512));

    private final FakeDriver driver = new FakeDriver();
    private final List<long[]> runs = new ArrayList<>();
    private double millis = 0.5;
    private int version = 1;
    @TempDir
    private Path folder;

    /// A library that knows all, and only takes its time.
    private final class Timed implements LibraryPlan.Library {
        @Override
        public Optional<LibraryPlan> plan(LibraryForm form) {
            return Optional.of(new LibraryPlan() {
                @Override
                public long workspaceBytes() {
                    return 0;
                }

                @Override
                public void run(long stream, long[] addresses, long workspace) {
                    assertEquals(form.operands().size() + form.results(), addresses.length);
                    runs.add(addresses.clone());
                    driver.enqueue(stream, millis, () -> {});
                }
            });
        }

        @Override
        public String identity() {
            return "timed " + version;
        }
    }

    private CudaRuntime runtime() {
        return Fakes.runtime(driver, 0, false, null, new Timed(), folder);
    }

    @AfterEach
    void forgetsTheProperties() {
        System.clearProperty("tenon.cuda.cudnn");
        System.clearProperty("tenon.cuda.tune");
    }

    private static Kernel kernel(CudaRuntime runtime, Op op, TensorType... in) {
        return runtime.prepare(op, List.of(in), op.infer(List.of(in))).orElseThrow();
    }

    private static Kernel norm(CudaRuntime runtime) {
        return kernel(runtime, new LayerNorm(1, 1e-5), ROWS, WIDTH, WIDTH);
    }

    private long timed() {
        return driver.calls.stream().filter("cuEventElapsedTime"::equals).count();
    }

    @Test
    void theFasterIsTakenAndRemembered() {
        CudaRuntime runtime = runtime();
        assertInstanceOf(CudnnKernel.class, norm(runtime));
        long measured = timed();
        assertTrue(measured > 1, "measurements: " + measured);
        // Another process, where it would have turned out otherwise.
        millis = 50;
        assertInstanceOf(CudnnKernel.class, norm(runtime()));
        assertEquals(measured, timed(), "remembered on disk");
        version = 2;
        assertInstanceOf(CudaKernel.class, norm(runtime));
        assertEquals(2 * measured, timed(), "another version of the library is measured anew");
        assertInstanceOf(CudaKernel.class, norm(runtime()));
        assertEquals(2 * measured, timed());
        runtime.defaultStream().synchronize();
        assertEquals(0, driver.used(), "memory of the measurements");
    }

    @Test
    void whatFailsLoses() {
        driver.failures.put("cuLaunchKernel", FakeDriver.INVALID_VALUE);
        millis = 50;
        assertInstanceOf(CudnnKernel.class, norm(runtime()));
    }

    @Test
    void theProperties() {
        millis = 50;
        System.setProperty("tenon.cuda.cudnn", "true");
        CudaRuntime runtime = runtime();
        assertInstanceOf(CudnnKernel.class, norm(runtime));
        TensorType small = TensorType.of(DType.F32, Shape.of(2, 4));
        TensorType width = TensorType.of(DType.F32, Shape.of(4));
        assertInstanceOf(CudnnKernel.class, kernel(runtime, new LayerNorm(1, 1e-5), small, width, width));
        System.setProperty("tenon.cuda.cudnn", "auto");
        assertInstanceOf(CudaKernel.class, kernel(runtime, new LayerNorm(1, 1e-5), small, width, width));
        assertEquals(0, timed(), "small ones are not measured");
        System.setProperty("tenon.cuda.tune", "false");
        assertInstanceOf(CudnnKernel.class, norm(runtime));
        assertEquals(0, timed());
    }

    private Place place(CudaRuntime runtime, TensorType t) {
        DeviceMemory m = runtime.allocate(t.elements() * t.dtype().bytes());
        return new Place(m, 0);
    }

    /// Addresses are those of the operands that the library reads, then of all results.
    @Test
    void addressesAreInTheFormsOrder() {
        CudaRuntime runtime = runtime();
        TensorType x = TensorType.of(DType.F32, Shape.of(64, 32, 8, 8));
        TensorType c = TensorType.of(DType.F32, Shape.of(32));
        TensorType q = TensorType.of(DType.BF16, Shape.of(2, 4, 128, 64));
        TensorType sums = TensorType.of(DType.F32, Shape.of(2, 4, 128));
        List<Op> ops = List.of(new BatchNormBackward(), new AttentionBackward(new Attention(true, 0.1), true));
        List<List<TensorType>> operands = List.of(List.of(x, x, c, c, c), List.of(q, q, q, q, sums, sums, q));
        int[][] read = {{0, 1, 2, 3, 4}, {0, 1, 2, 3, 4, 6}};
        for (int i = 0; i < 2; i++) {
            List<TensorType> results = ops.get(i).infer(operands.get(i));
            Kernel k = runtime.prepare(ops.get(i), operands.get(i), results).orElseThrow();
            assertInstanceOf(CudnnKernel.class, k);
            List<Place> in = operands.get(i).stream().map(t -> place(runtime, t)).toList();
            List<Place> out = results.stream().map(t -> place(runtime, t)).toList();
            Place workspace = new Place(runtime.allocate(k.workspaceBytes() + 16), 0);
            k.run(runtime.defaultStream(), in, out, workspace, Scalars.NONE);
            LongStream expected = LongStream.concat(Arrays.stream(read[i]).mapToLong(n -> address(in.get(n))),
                    out.stream().mapToLong(CudnnChoiceTest::address));
            assertEquals(expected.boxed().toList(), Arrays.stream(runs.getLast()).boxed().toList());
        }
    }

    private static long address(Place p) {
        return CudaMemory.of(p.memory()).address() + p.byteOffset();
    }
}
