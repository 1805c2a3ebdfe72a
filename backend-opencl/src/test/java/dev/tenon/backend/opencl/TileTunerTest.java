package dev.tenon.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.kernel.BinaryCache;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GemmTile;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TileTunerTest {
    private static final DeviceTraits CPU = new DeviceTraits(true, true, 4096, 256 << 10, 8, 8, true);

    private static DeviceTraits after(TileTuner tuner, DType dtype, long n) {
        TensorType t = TensorType.of(dtype, Shape.of(n, n));
        return tuner.traits(MatMulOp.PLAIN, List.of(t, t), List.of(t));
    }

    @Test
    void theFastestIsMeasuredOnceAndRemembered(@TempDir Path folder) {
        GemmTile last = CPU.tiles(Kind.F32).getLast();
        AtomicInteger calls = new AtomicInteger();
        TileTuner.Clock clock = (kind, traits) -> {
            calls.incrementAndGet();
            return last.equals(traits.singleTile()) ? 1 : 2;
        };
        TileTuner tuner = new TileTuner("device", CPU, new BinaryCache("opencl", folder), clock);
        assertSame(CPU, after(tuner, DType.F32, 100), "small products are not worth it");
        assertEquals(last, after(tuner, DType.F32, 1000).singleTile());
        assertEquals(CPU.tiles(Kind.F32).size(), calls.get());
        assertEquals(last, after(tuner, DType.BF16, 1000).singleTile(), "is computed as f32");
        TileTuner another = new TileTuner("device", CPU, new BinaryCache("opencl", folder), clock);
        assertEquals(last, after(another, DType.F32, 2000).singleTile());
        assertEquals(CPU.tiles(Kind.F32).size(), calls.get(), "read from disk");
        assertNull(after(another, DType.F32, 2000).doubleTile());
        after(new TileTuner("other driver", CPU, new BinaryCache("opencl", folder), clock), DType.F32, 2000);
        assertEquals(2 * CPU.tiles(Kind.F32).size(), calls.get(), "another driver is measured anew");
    }

    @Test
    void aShapeThatFailsIsLeftOut() {
        GemmTile usual = CPU.tiles(Kind.F64).getFirst();
        TileTuner tuner = new TileTuner("device", CPU, new BinaryCache("opencl", null), (kind, traits) -> {
            if (usual.equals(traits.doubleTile())) {
                throw new BackendException("too many registers");
            }
            return 1;
        });
        assertEquals(CPU.tiles(Kind.F64).get(1), after(tuner, DType.F64, 1000).doubleTile());
    }
}
