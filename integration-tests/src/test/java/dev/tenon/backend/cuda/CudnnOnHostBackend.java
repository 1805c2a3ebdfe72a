package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.cuda.DelegatingRuntime;
import dev.tenon.tck.reference.ReferenceBackend;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;

/// A device that computes as the reference backend does, but what cuDNN is for by the CUDA backend's kernels for it,
/// to which host memory is given and a library that is none.
public final class CudnnOnHostBackend implements BackendProvider {
    static final FakeCudnn CUDNN = new FakeCudnn();

    /// A provider.
    public CudnnOnHostBackend() {}

    /// The reference backend's device. No constant: this class is made while devices are looked for.
    static Device oracle() {
        return Device.of("reference:0");
    }

    /// The device.
    static Device device() {
        return Device.of("cudnn-host:0");
    }

    /// Holds what this device computes against the reference backend's results.
    static void check(Sample s) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            List<Tensor> got = s.call().on(device(), s.on(device()));
            List<Tensor> expected = s.call().on(oracle(), s.on(oracle()));
            for (int i = 0; i < got.size(); i++) {
                assertEquals(Optional.empty(), Values.of(got.get(i)).differenceFrom(Values.of(expected.get(i)),
                        s.family(), s.scale()), s + " (" + s.operands() + ")");
            }
        }
    }

    /// The same as a test, in which the library must have been called.
    static DynamicTest byCudnn(Sample s) {
        return DynamicTest.dynamicTest(s.toString(), () -> {
            int before = CUDNN.executed.size();
            check(s);
            assertEquals(before + 1, CUDNN.executed.size());
        });
    }

    @Override
    public String name() {
        return "cudnn-host";
    }

    @Override
    public int priority() {
        return -300;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "checks the use of cuDNN", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return new Runtime(new ReferenceBackend().open(0));
    }

    /// A driver that does nothing.
    static Driver driver() {
        return (Driver) Proxy.newProxyInstance(Driver.class.getClassLoader(), new Class<?>[] {Driver.class},
                (_, method, _) -> method.getReturnType() == void.class ? null : unexpected(method.getName()));
    }

    private static Object unexpected(String call) {
        throw new IllegalStateException("the driver's " + call);
    }

    static CudaContext context() {
        return new CudaContext("cudnn-host:0", driver(), () -> 7, false);
    }

    /// An operand whose memory is seen as CUDA's.
    private record Seen(DeviceMemory memory, long byteOffset, Operand original) implements Operand {}

    private static final class Runtime extends DelegatingRuntime {
        private final CudaContext context = context();
        private final CudaStream stream = new CudaStream(context, () -> 77);
        private final Cudnn cudnn = new Cudnn(CUDNN, Runnable::run, 8L << 30, false);

        Runtime(DeviceRuntime to) {
            super(to);
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            Optional<Kernel> kernel = LibraryForm.of(op, in, out).flatMap(form -> CudnnKernel.of(context, cudnn,
                    form, op, in, out, (map, types) -> behind(super.prepare(map, types, out).orElseThrow()),
                    new CudnnKernel.Own(0, () -> unexpectedKernel(op))));
            return kernel.isPresent() ? kernel.map(this::before) : super.prepare(op, in, out);
        }

        private static Kernel unexpectedKernel(Op op) {
            throw new IllegalStateException(op + ": operands at odd addresses");
        }

        private Seen seen(Operand o) {
            MemorySegment m = hostView(o.memory()).orElseThrow();
            return new Seen(new CudaMemory(m.address(), m.byteSize()), o.byteOffset(), o);
        }

        /// The kernel as the runtime of this device sees it. Operands at odd addresses are moved first: what is done
        /// with them otherwise is another test's matter.
        private Kernel before(Kernel kernel) {
            return new Kernel() {
                @Override
                public long workspaceBytes() {
                    return kernel.workspaceBytes();
                }

                @Override
                public void run(Stream s, List<? extends Operand> in, List<? extends Operand> out,
                        @Nullable Operand workspace, Scalars scalars) {
                    try (Arena arena = Arena.ofConfined()) {
                        List<Operand> operands = new ArrayList<>();
                        for (Operand o : in) {
                            MemorySegment m = hostView(o.memory()).orElseThrow();
                            MemorySegment rest = m.asSlice(o.byteOffset());
                            boolean odd = rest.address() % LibraryPlan.ALIGNMENT != 0;
                            MemorySegment moved =
                                    odd ? arena.allocate(rest.byteSize(), 64).copyFrom(rest) : MemorySegment.NULL;
                            operands.add(odd ? new Seen(new CudaMemory(moved.address(), moved.byteSize()), 0, o)
                                    : seen(o));
                        }
                        kernel.run(stream, operands, out.stream().map(Runtime.this::seen).toList(),
                                workspace == null ? null : seen(workspace), scalars);
                    }
                }
            };
        }

        /// A kernel of the reference backend as one of CUDA's.
        private static Kernel behind(Kernel kernel) {
            return (_, in, out, _, scalars) -> kernel.run(ImmediateStream.INSTANCE, originals(in), originals(out),
                    null, scalars);
        }

        private static List<Operand> originals(List<? extends Operand> operands) {
            return operands.stream().map(o -> ((Seen) o).original).toList();
        }
    }
}
