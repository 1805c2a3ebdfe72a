package dev.tenon.backend.cpu;

import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.FormatRequest;
import dev.tenon.api.spi.FormattedKernel;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.onednn.OneDnn;
import dev.tenon.backend.cpu.ops.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The processor this runs on. Ops are done when a call returns.
public final class CpuRuntime implements DeviceRuntime {
    private final Map<Long, Pages> pages = new ConcurrentHashMap<>();
    private final Map<Long, Arena> arenas = new ConcurrentHashMap<>();
    private final Kernels kernels;
    private final boolean vector;

    /// A runtime on the shared [WorkerPool].
    ///
    /// @param vector whether to use vector kernels; only where [VectorSupport#AVAILABLE]
    public CpuRuntime(boolean vector) {
        this.vector = vector;
        kernels = new Kernels(new Blocks(vector), WorkerPool.shared());
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        long size = Math.max(64, bytes);
        try {
            if (size >= Pages.HUGE) {
                Pages p = Pages.reserve((size + Pages.HUGE - 1) & -Pages.HUGE);
                pages.put(p.address, p);
                return new CpuMemory(p.address, bytes);
            }
            Arena arena = Arena.ofShared();
            long address = arena.allocate(size, 64).address();
            arenas.put(address, arena);
            return new CpuMemory(address, bytes);
        } catch (OutOfMemoryError e) {
            throw new OutOfMemoryException("the system has no " + size + " bytes left", e);
        }
    }

    @Override
    public void free(DeviceMemory memory) {
        long address = ((CpuMemory) memory).address();
        Pages p = pages.remove(address);
        if (p != null) {
            p.release();
            return;
        }
        Arena a = arenas.remove(address);
        if (a == null) {
            throw new IllegalArgumentException("free: " + memory + " is not allocated");
        }
        a.close();
    }

    @Override
    public String remark() {
        return vector ? OneDnn.describe() : "no oneDNN: it comes with vector kernels only";
    }

    @Override
    public long totalMemory() {
        return physicalMemory();
    }

    /// The memory of the machine in bytes, 0 if unknown.
    static long physicalMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize() : 0;
    }

    private static long at(DeviceMemory memory, long offset) {
        return ((CpuMemory) memory).address() + offset;
    }

    @Override
    public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
        MemorySegment.copy(host, 0, Mem.ALL, at(to, toOffset), host.byteSize());
    }

    @Override
    public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
        MemorySegment.copy(Mem.ALL, at(from, fromOffset), host, 0, host.byteSize());
    }

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
        Mem.copy(at(from, fromOffset), at(to, toOffset), bytes);
    }

    @Override
    public Optional<MemorySegment> hostView(DeviceMemory memory) {
        CpuMemory m = (CpuMemory) memory;
        return Optional.of(Mem.ALL.asSlice(m.address(), m.bytes()));
    }

    @Override
    public Stream defaultStream() {
        return ImmediateStream.INSTANCE;
    }

    @Override
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        return kernels.prepare(op, in, out);
    }

    @Override
    public boolean takesFormats(Op op, List<TensorType> in) {
        return kernels.takesFormats(op, in);
    }

    @Override
    public Optional<FormattedKernel> prepareFormatted(Op op, List<TensorType> in, List<TensorType> out,
            FormatRequest request) {
        return kernels.prepareFormatted(op, in, out, request);
    }
}
