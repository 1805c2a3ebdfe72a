package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

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
            ConvolutionPlan.@Nullable Library convolutions) {
        return runtime(driver, index, sync, products, convolutions, null);
    }

    /// @param folder where compiled kernels and measured choices are kept
    static CudaRuntime runtime(FakeDriver driver, int index, boolean sync, Product.@Nullable Library products,
            ConvolutionPlan.@Nullable Library convolutions, @Nullable Path folder) {
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
                products, () -> Optional.ofNullable(convolutions));
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
        DeviceMemory m = runtime.allocate(4 * ELEMENTS);
        runtime.copyFromHost(MemorySegment.ofArray(numbers()), m, 0, runtime.defaultStream());
        return m;
    }

    static float[] read(DeviceRuntime runtime, DeviceMemory memory) {
        float[] v = new float[ELEMENTS];
        MemorySegment to = MemorySegment.ofArray(v);
        runtime.copyToHost(memory, 0, to, runtime.defaultStream());
        runtime.defaultStream().synchronize();
        return to.toArray(JAVA_FLOAT_UNALIGNED);
    }

    static float[] times(double factor) {
        float[] v = numbers();
        IntStream.range(0, v.length).forEach(i -> v[i] *= (float) factor);
        return v;
    }
}
