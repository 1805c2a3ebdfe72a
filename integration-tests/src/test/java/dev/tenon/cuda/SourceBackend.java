package dev.tenon.cuda;

import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelSource;
import dev.tenon.tck.reference.ReferenceBackend;
import java.lang.foreign.MemorySegment;
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

    private record Gathering(DeviceRuntime reference) implements DeviceRuntime {
        @Override
        public DeviceMemory allocate(long bytes) {
            return reference.allocate(bytes);
        }

        @Override
        public void free(DeviceMemory memory) {
            reference.free(memory);
        }

        @Override
        public Optional<MemorySegment> hostView(DeviceMemory memory) {
            return reference.hostView(memory);
        }

        @Override
        public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
            reference.copyFromHost(host, to, toOffset, stream);
        }

        @Override
        public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
            reference.copyToHost(from, fromOffset, host, stream);
        }

        @Override
        public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes,
                Stream stream) {
            reference.copy(from, fromOffset, to, toOffset, bytes, stream);
        }

        @Override
        public Stream defaultStream() {
            return reference.defaultStream();
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            SOURCE.plan(op, in, out).ifPresent(plan -> {
                synchronized (KERNELS) {
                    plan.kernels().forEach(k -> KERNELS.putIfAbsent(k.source(), k));
                }
            });
            return reference.prepare(op, in, out);
        }
    }
}
