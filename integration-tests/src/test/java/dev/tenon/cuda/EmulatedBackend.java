package dev.tenon.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import dev.tenon.kernel.TensorCores;
import dev.tenon.tck.reference.ReferenceBackend;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A CUDA device that is none: its kernels run on the processor, thread by thread. Device 0 has no tensor cores, 1
/// those of compute capability 7.5, and 2 those of 8.0, where products of `F32` may take TF32.
public final class EmulatedBackend implements BackendProvider {
    private static final int[] CAPABILITIES = {75, 75, 80};
    /// Where the compiler's files go; without it no kernel can be prepared.
    static volatile @Nullable Path folder;

    /// A provider.
    public EmulatedBackend() {}

    /// The device.
    static Device device(int index) {
        return Device.of("cuda-emulated:" + index);
    }

    static KernelSource source(int index) {
        // Few multiprocessors, so that products of moderate size take the largest tiles.
        DeviceTraits traits = new DeviceTraits(false, true, 1024, 48 << 10, 2, 1, true);
        return new KernelSource(CudaDialect.INSTANCE, index == 0 ? traits
                : traits.withTensorCores(new TensorCores(CAPABILITIES[index], true)));
    }

    @Override
    public String name() {
        return "cuda-emulated";
    }

    @Override
    public int priority() {
        return -300;
    }

    @Override
    public Probe probe() {
        List<DeviceInfo> all = new ArrayList<>();
        for (int i = 0; i < CAPABILITIES.length; i++) {
            all.add(new DeviceInfo(i, "cpu", "runs CUDA kernels of " + CAPABILITIES[i] + " on the processor", 0));
        }
        return Probe.of(all);
    }

    @Override
    public DeviceRuntime open(int index) {
        return new Runtime(new ReferenceBackend().open(0), index);
    }

    private static final class Runtime extends DelegatingRuntime {
        private final int index;
        private final KernelSource source;

        Runtime(DeviceRuntime to, int index) {
            super(to);
            this.index = index;
            this.source = source(index);
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            return source.plan(op, in, out).map(plan -> new Emulated(plan, this, CAPABILITIES[index]));
        }
    }

    private static final class Emulated implements Kernel {
        private final KernelPlan plan;
        private final List<HostKernel> kernels;
        private final DeviceRuntime runtime;

        Emulated(KernelPlan plan, DeviceRuntime runtime, int capability) {
            this.plan = plan;
            this.runtime = runtime;
            this.kernels = plan.kernels().stream().map(k -> compiled(k, capability)).toList();
        }

        private static HostKernel compiled(GeneratedKernel k, int capability) {
            Path to = folder;
            if (to == null) {
                throw new BackendException("cuda-emulated: no folder for compiled kernels");
            }
            try {
                return new HostKernel(k, to, capability, false);
            } catch (IOException | InterruptedException e) {
                throw new BackendException("cuda-emulated: " + k.entry() + ": " + e, e);
            }
        }

        private MemorySegment at(Operand o) {
            return runtime.hostView(o.memory()).orElseThrow().asSlice(o.byteOffset());
        }

        @Override
        public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                @Nullable Operand workspace, Scalars scalars) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment scratch = arena.allocate(Math.max(8, plan.workspaceBytes()), 64);
                for (HostKernel k : kernels) {
                    k.run(in.stream().map(this::at).toList(), out.stream().map(this::at).toList(), scratch,
                            p -> p.kind() == Kind.F32
                                    ? Float.floatToRawIntBits((float) scalars.asDouble(p.slot())) & 0xFFFF_FFFFL
                                    : scalars.bits(p.slot()));
                }
            }
        }
    }
}
