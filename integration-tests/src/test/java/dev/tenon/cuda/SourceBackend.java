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
import dev.tenon.kernel.TensorCores;
import dev.tenon.tck.reference.ReferenceBackend;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A device that computes as the reference backend does, and gathers the kernels that a CUDA device would run for the
/// same ops, each text once.
public final class SourceBackend implements BackendProvider {
    private static final DeviceTraits TRAITS = new DeviceTraits(false, true, 1024, 48 << 10, 80, 1, true);
    /// Without tensor cores, and with those of two generations.
    private static final List<KernelSource> SOURCES = List.of(new KernelSource(CudaDialect.INSTANCE, TRAITS),
            new KernelSource(CudaDialect.INSTANCE, TRAITS.withTensorCores(new TensorCores(75, false))),
            new KernelSource(CudaDialect.INSTANCE, TRAITS.withTensorCores(new TensorCores(80, true))));
    private static final Pattern NEWER = Pattern.compile("\\b(mma_bf16|mma_tf32|copy_async)\\(");
    private static final Map<String, GeneratedKernel> KERNELS = new LinkedHashMap<>();

    /// A provider.
    public SourceBackend() {}

    /// The device.
    static Device device() {
        return Device.of("cuda-source:0");
    }

    /// The first architecture that a kernel can be compiled for.
    static int first(GeneratedKernel k) {
        return NEWER.matcher(k.source()).find() ? 80 : 75;
    }

    /// Whether a kernel's text is another one from 8.0 on: bfloat16 is rounded by an instruction, and fragments of half
    /// precision are twice as deep.
    static boolean changes(GeneratedKernel k) {
        return k.source().contains("bf16_bits(") || k.source().contains("mma_f16(");
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
            SOURCES.forEach(source -> source.plan(op, in, out).ifPresent(plan -> {
                synchronized (KERNELS) {
                    plan.kernels().forEach(k -> KERNELS.putIfAbsent(k.source(), k));
                }
            }));
            return super.prepare(op, in, out);
        }
    }
}
