package dev.tenon.cuda;

import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelSource;
import dev.tenon.tck.reference.ReferenceBackend;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A device that computes as the reference backend does, and gathers the kernels that a CUDA device would run for the
/// same ops, each text once.
public final class SourceBackend implements BackendProvider {
    private static final KernelSource SOURCE = new KernelSource(
            CudaDialect.INSTANCE, new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true));
    private static final Map<String, GeneratedKernel> KERNELS = new LinkedHashMap<>();

    /// A provider.
    public SourceBackend() {}

    /// The device.
    static Device device() {
        return Device.of("cuda-source:0");
    }

    /// The kernels gathered so far, by their text.
    static Map<String, GeneratedKernel> kernels() {
        synchronized (KERNELS) {
            return new LinkedHashMap<>(KERNELS);
        }
    }

    @Override
    public String name() {
        return "cuda-source";
    }

    @Override
    public int priority() {
        return -300;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "gathers CUDA kernels", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return new Gathering(new ReferenceBackend().open(0));
    }

    private static final class Gathering extends DelegatingRuntime {
        Gathering(DeviceRuntime to) {
            super(to);
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            SOURCE.plan(op, in, out).ifPresent(plan -> {
                synchronized (KERNELS) {
                    plan.kernels().forEach(k -> KERNELS.putIfAbsent(k.source(), k));
                }
            });
            return super.prepare(op, in, out);
        }
    }
}
