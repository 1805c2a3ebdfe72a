package dev.tenon.cuda;

import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// A device that leaves everything to another.
public class DelegatingRuntime implements DeviceRuntime {
    private final DeviceRuntime to;

    /// @param to the other device
    public DelegatingRuntime(DeviceRuntime to) {
        this.to = to;
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        return to.allocate(bytes);
    }

    @Override
    public void free(DeviceMemory memory) {
        to.free(memory);
    }

    @Override
    public Optional<MemorySegment> hostView(DeviceMemory memory) {
        return to.hostView(memory);
    }

    @Override
    public void copyFromHost(MemorySegment host, DeviceMemory target, long offset, Stream stream) {
        to.copyFromHost(host, target, offset, stream);
    }

    @Override
    public void copyToHost(DeviceMemory from, long offset, MemorySegment host, Stream stream) {
        to.copyToHost(from, offset, host, stream);
    }

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory target, long toOffset, long bytes,
            Stream stream) {
        to.copy(from, fromOffset, target, toOffset, bytes, stream);
    }

    @Override
    public Stream defaultStream() {
        return to.defaultStream();
    }

    @Override
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        return to.prepare(op, in, out);
    }
}
