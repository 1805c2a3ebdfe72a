package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.kernel.BinaryCache;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A device whose driver is fake, and one op that it computes: `y = x * number`.
final class Fakes {
    static final int ELEMENTS = 8;

    private Fakes() {}

    /// An operand at the beginning of a block.
    record Place(DeviceMemory memory, long byteOffset) implements Operand {}

    static CudaRuntime runtime(FakeDriver driver) {
        return runtime(driver, 0, false);
    }

    static CudaRuntime runtime(FakeDriver driver, int index, boolean sync) {
        return runtime(driver, index, sync, null);
    }

    static CudaRuntime runtime(FakeDriver driver, int index, boolean sync, Product.@Nullable Library products) {
        return runtime(driver, index, sync, products, null);
    }

    static CudaRuntime runtime(FakeDriver driver, int index, boolean sync, Product.@Nullable Library products,
            LibraryPlan.@Nullable Library cudnn) {
        return runtime(driver, index, sync, products, cudnn, null);
    }

    /// @param folder where compiled kernels and measured choices are kept
    static CudaRuntime runtime(FakeDriver driver, int index, boolean sync, Product.@Nullable Library products,
            LibraryPlan.@Nullable Library cudnn, @Nullable Path folder) {
        driver.kernels.put("map", a -> {
            long count = a.get("n");
            long factor = a.containsKey("p0_f32") ? a.get("p0_f32")
                    : FakeDriver.at(a.get("at_p0_f32"), 8).get(ValueLayout.JAVA_LONG, 0);
            MemorySegment x = FakeDriver.at(a.get("x0") + 4 * a.get("o_x0"), 4 * count);
            MemorySegment y = FakeDriver.at(a.get("y0") + 4 * a.get("o_y0"), 4 * count);
            for (int i = 0; i < count; i++) {
                y.setAtIndex(ValueLayout.JAVA_FLOAT, i,
                        x.getAtIndex(ValueLayout.JAVA_FLOAT, i) * Float.intBitsToFloat((int) factor));
            }
        });
        DeviceFacts facts = DeviceFacts.of(driver, index);
        CudaContext context =
                new CudaContext("cuda:" + index, driver, driver.retainPrimaryContext(index), sync);
        return new CudaRuntime(context, facts, new FakeCompiler(), new BinaryCache("cuda", folder), facts.pools(),
                products, () -> Optional.ofNullable(cudnn));
    }

    /// The kernel of the op.
    static Kernel scale(DeviceRuntime runtime) {
        Expr product = Exprs.mul(Exprs.in(0, DType.F32), new Expr.Param(Kind.F32, 0));
        MapOp op = MapOp.of("scale", Lambda.of(product, DType.F32), Scalars.of(0));
        TensorType type = TensorType.of(DType.F32, Shape.of(ELEMENTS));
        return runtime.prepare(op, List.of(type), List.of(type)).orElseThrow();
    }

    static float[] numbers() {
        float[] v = new float[ELEMENTS];
        IntStream.range(0, v.length).forEach(i -> v[i] = i + 1);
        return v;
    }

    static DeviceMemory filled(DeviceRuntime runtime) {
        return filled(runtime, 0, ELEMENTS, 1).memory();
    }

    /// Numbers that count up from `first`, `offset` bytes into a block of their own.
    static Place filled(DeviceRuntime runtime, long offset, int elements, float first) {
        DeviceMemory m = runtime.allocate(offset + 4L * elements);
        float[] v = new float[elements];
        IntStream.range(0, elements).forEach(i -> v[i] = first + i);
        runtime.copyFromHost(MemorySegment.ofArray(v), m, offset, runtime.defaultStream());
        return new Place(m, offset);
    }

    static float[] read(DeviceRuntime runtime, DeviceMemory memory) {
        return read(runtime, new Place(memory, 0), ELEMENTS);
    }

    static float[] read(DeviceRuntime runtime, Operand from, int elements) {
        float[] v = new float[elements];
        runtime.copyToHost(from.memory(), from.byteOffset(), MemorySegment.ofArray(v), runtime.defaultStream());
        runtime.defaultStream().synchronize();
        return v;
    }

    /// The number at a place in the memory of the fake device.
    static float number(long address, int i) {
        return FakeDriver.at(address + 4L * i, 4).get(ValueLayout.JAVA_FLOAT, 0);
    }

    static float[] times(double factor) {
        float[] v = numbers();
        IntStream.range(0, v.length).forEach(i -> v[i] *= (float) factor);
        return v;
    }
}
