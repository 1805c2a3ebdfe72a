package dev.tenon.backend.cpu;

import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import java.lang.System.Logger.Level;
import java.util.List;

/// The CPU backend: one device, `cpu`.
///
/// `-Dtenon.cpu.threads=n` sets the number of threads, otherwise that of physical cores;
/// `-Dtenon.cpu.vector=true|false|auto` says whether the Vector API is used: `auto`, the default, where it is there.
public final class CpuBackendProvider implements BackendProvider {
    private static final String HINT = "the module jdk.incubator.vector is not resolved: the CPU backend runs on its"
            + " slow scalar path. Start Java with --add-modules jdk.incubator.vector, or with the jars on the module path";

    /// Called by [java.util.ServiceLoader].
    public CpuBackendProvider() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Probe probe() {
        boolean vector = VectorSupport.AVAILABLE;
        String path = vector ? "Vector API" : "scalar";
        String description = System.getProperty("os.arch") + ", " + WorkerPool.shared().threads() + " threads, " + path;
        boolean wanted = !"false".equals(System.getProperty("tenon.cpu.vector"));
        if (!vector && "true".equals(System.getProperty("tenon.cpu.vector"))) {
            return Probe.none("-Dtenon.cpu.vector=true, but " + HINT);
        }
        DeviceInfo info = new DeviceInfo(0, "cpu", description, CpuRuntime.physicalMemory());
        return new Probe(List.of(info), !vector && wanted ? HINT : "");
    }

    @Override
    public DeviceRuntime open(int index) {
        if (index != 0) {
            throw new IllegalArgumentException("device cpu:" + index + ": there is only cpu:0");
        }
        if (!VectorSupport.AVAILABLE && !"false".equals(System.getProperty("tenon.cpu.vector"))) {
            System.getLogger("dev.tenon").log(Level.WARNING, HINT);
        }
        return new CpuRuntime(VectorSupport.AVAILABLE);
    }
}
