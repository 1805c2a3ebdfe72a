package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A device without memory whose kernels do nothing: shapes and dtypes are all that can be learned on it, of networks
/// of any size and at once.
public final class MetaBackend implements BackendProvider {
    private record Nothing(long bytes) implements DeviceMemory {}

    /// A provider; loads nothing.
    public MetaBackend() {}

    /// The device.
    public static Device device() {
        return Device.of("meta:0");
    }

    /// A model on this device: what it consists of, without values.
    public static Module skeleton(ModelEntry entry, ModelOptions options) {
        try (Context.Mode _ = Init.skippingRandom()) {
            return entry.create(options).to(device());
        }
    }

    @Override
    public String name() {
        return "meta";
    }

    @Override
    public int priority() {
        return -200;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "shapes without values", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return new DeviceRuntime() {
            @Override
            public DeviceMemory allocate(long bytes) {
                return new Nothing(bytes);
            }

            @Override
            public void free(DeviceMemory memory) {}

            @Override
            public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {}

            @Override
            public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
                host.fill((byte) 0);
            }

            @Override
            public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes,
                    Stream stream) {}

            @Override
            public Stream defaultStream() {
                return ImmediateStream.INSTANCE;
            }

            @Override
            public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
                return Optional.of((stream, x, y, workspace, scalars) -> { });
            }
        };
    }
}
