package dev.tenon.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TileTunerTest {
    private static final DeviceTraits CPU = new DeviceTraits(true, true, 4096, 256 << 10, 8, 8, true);
    private static final KernelSource SOURCE = new KernelSource(OpenClDialect.INSTANCE, CPU);

    @AfterEach
    void forgetsTheProperty() {
        System.clearProperty("tenon.test.tune");
    }

    private static KernelPlan product(KernelSource source, DType dtype, long n) {
        TensorType t = TensorType.of(dtype, Shape.of(n, n));
        return source.plan(MatMulOp.PLAIN, List.of(t, t), List.of(t)).orElseThrow();
    }

    private static KernelPlan product(TileTuner tuner, DType dtype, long n) {
        TensorType t = TensorType.of(dtype, Shape.of(n, n));
        return tuner.plan(MatMulOp.PLAIN, List.of(t, t), List.of(t)).orElseThrow();
    }

    private static KernelPlan tiled(GemmTile tile, DType dtype, long n) {
        return product(SOURCE.withTile(dtype.kind(), tile), dtype, n);
    }

    private static TileTuner tuner(Path folder, String identity, TileTuner.Clock clock) {
        return new TileTuner(SOURCE, new Tuner("test", identity, new BinaryCache("test", folder)), clock);
    }

    @Test
    void theFastestIsMeasuredOnceAndRemembered(@TempDir Path folder) {
        int candidates = CPU.tiles(Kind.F32).size();
        GemmTile last = CPU.tiles(Kind.F32).getLast();
        AtomicInteger calls = new AtomicInteger();
        TileTuner.Clock clock = (plan, in, out, _) -> {
            calls.incrementAndGet();
            assertEquals(Shape.of(512, 512), out.getFirst().shape());
            return plan.equals(tiled(last, DType.F32, 512)) ? 1 : 2;
        };
        TileTuner tuner = tuner(folder, "device", clock);
        assertEquals(product(SOURCE, DType.F32, 100), product(tuner, DType.F32, 100));
        assertEquals(0, calls.get(), "small products are not worth it");
        assertNotEquals(product(SOURCE, DType.F32, 1000), tiled(last, DType.F32, 1000));
        assertEquals(tiled(last, DType.F32, 1000), product(tuner, DType.F32, 1000));
        assertEquals(candidates, calls.get());
        assertEquals(tiled(last, DType.BF16, 1000), product(tuner, DType.BF16, 1000), "is computed as f32");
        TileTuner another = tuner(folder, "device", clock);
        assertEquals(tiled(last, DType.F32, 2000), product(another, DType.F32, 2000));
        assertEquals(candidates, calls.get(), "read from disk");
        product(tuner(folder, "other driver", clock), DType.F32, 2000);
        assertEquals(2 * candidates, calls.get(), "another driver is measured anew");
    }

    @Test
    void aShapeThatFailsIsLeftOut() {
        KernelPlan usual = tiled(CPU.tiles(Kind.F64).getFirst(), DType.F64, 512);
        TileTuner tuner = tuner(null, "device", (plan, in, out, _) -> {
            if (usual.equals(plan)) {
                throw new BackendException("too many registers");
            }
            return 1;
        });
        assertEquals(tiled(CPU.tiles(Kind.F64).get(1), DType.F64, 1000), product(tuner, DType.F64, 1000));
    }

    @Test
    void nothingIsMeasuredWhereThatIsTurnedOffOrImpossible(@TempDir Path folder) {
        TileTuner.Clock broken = (plan, in, out, _) -> {
            throw new BackendException("no memory");
        };
        assertEquals(product(SOURCE, DType.F32, 1000), product(tuner(folder, "device", broken), DType.F32, 1000));
        System.setProperty("tenon.test.tune", "false");
        TileTuner off = tuner(folder, "device", (plan, in, out, _) -> {
            throw new AssertionError("measured");
        });
        assertEquals(product(SOURCE, DType.F32, 1000), product(off, DType.F32, 1000));
        System.clearProperty("tenon.test.tune");
        AtomicInteger calls = new AtomicInteger();
        product(tuner(folder, "device", (plan, in, out, _) -> calls.incrementAndGet()), DType.F32, 1000);
        assertEquals(CPU.tiles(Kind.F32).size(), calls.get(), "what could not be measured is not remembered");
    }

    @Test
    void oneOfTwoWaysIsChosenOnceForEachProblem(@TempDir Path folder) {
        Tuner tuner = new Tuner("test", "device", new BinaryCache("test", folder));
        assertEquals("ours", tuner.fastest("attention", List.of("library", "ours"), w -> w.equals("ours") ? 1 : 2));
        assertEquals("ours", tuner.fastest("attention", List.of("library", "ours"), _ -> {
            throw new AssertionError("measured again");
        }));
        assertEquals("library", tuner.fastest("norm", List.of("library", "ours"), w -> w.equals("ours") ? 0.999 : 1),
                "hardly faster is no faster");
        assertEquals("library", tuner.fastest("attention", List.of("library", "third"), _ -> 1));
    }
}
