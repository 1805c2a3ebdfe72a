package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_CONTEXT_PLATFORM;
import static org.jocl.CL.CL_MAP_READ;
import static org.jocl.CL.CL_MAP_WRITE;
import static org.jocl.CL.CL_MEM_ALLOC_HOST_PTR;
import static org.jocl.CL.CL_MEM_READ_WRITE;
import static org.jocl.CL.clCreateBuffer;
import static org.jocl.CL.clCreateContext;
import static org.jocl.CL.clEnqueueCopyBuffer;
import static org.jocl.CL.clEnqueueMapBuffer;
import static org.jocl.CL.clEnqueueReadBuffer;
import static org.jocl.CL.clEnqueueUnmapMemObject;
import static org.jocl.CL.clEnqueueWriteBuffer;
import static org.jocl.CL.clFinish;
import static org.jocl.CL.clReleaseMemObject;

import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import dev.tenon.kernel.BinaryCache;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import dev.tenon.kernel.OpenClDialect;
import dev.tenon.kernel.TileTuner;
import dev.tenon.kernel.Trial;
import dev.tenon.kernel.Tuner;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/// An OpenCL device at work.
final class OpenClRuntime implements DeviceRuntime {
    /// Host memory is handed over as byte buffers, which end at 2 GiB.
    private static final long PIECE = 1L << 30;

    private final Health health;
    private final DeviceFacts facts;
    private final cl_context context;
    private final @Nullable Timeline timeline = Timeline.ofProcess();
    private final AtomicInteger streams = new AtomicInteger();
    private final ClStream defaultStream;
    private final Programs programs;
    private final TileTuner tiles;
    private final AtomicLong allocated = new AtomicLong();
    private final ConcurrentSkipListMap<Long, Long> pinned = new ConcurrentSkipListMap<>();

    private OpenClRuntime(Health health, DeviceFacts facts, cl_context context) {
        this.health = health;
        this.facts = facts;
        this.context = context;
        this.defaultStream = new ClStream(health.device(), health, timeline, context, facts.device());
        this.programs = programs(BinaryCache.ofUser("opencl", facts.keepsPrograms()));
        BinaryCache kept = BinaryCache.ofUser("opencl", false);
        this.tiles = new TileTuner(new KernelSource(OpenClDialect.INSTANCE, facts.traits()),
                new Tuner("opencl", facts.identity(), kept), this::seconds);
    }

    Programs programs() {
        return programs;
    }

    /// Programs of this device with another place on disk.
    Programs programs(BinaryCache binaries) {
        return new Programs(context, facts, health, binaries);
    }

    Health health() {
        return health;
    }

    static OpenClRuntime open(int index, DeviceFacts facts) {
        Health health = new Health("opencl:" + index);
        try {
            cl_context_properties properties = new cl_context_properties();
            properties.addProperty(CL_CONTEXT_PLATFORM, facts.platform());
            cl_context context =
                    clCreateContext(properties, 1, new cl_device_id[] {facts.device()}, null, null, null);
            return new OpenClRuntime(health, facts, context);
        } catch (CLException e) {
            throw health.failed("starting " + facts.description(), e);
        }
    }

    @Override
    public DeviceMemory allocate(long bytes) {
        health.check();
        String what = "allocating " + bytes + " bytes";
        if (bytes > facts.largestBytes()) {
            throw new OutOfMemoryException(health.device() + ": " + what + ": the largest block this device allows is "
                    + facts.largestBytes() + " bytes");
        }
        // Many drivers put off the allocation and fail only when the memory is used.
        if (allocated.get() + bytes > facts.globalBytes()) {
            throw new OutOfMemoryException(health.device() + ": " + what + ": of its " + facts.globalBytes()
                    + " bytes " + allocated.get() + " are allocated");
        }
        try {
            cl_mem mem = clCreateBuffer(context, CL_MEM_READ_WRITE, Math.max(1, bytes), null, null);
            allocated.addAndGet(bytes);
            return new ClMemory(mem, bytes);
        } catch (CLException e) {
            throw health.failed(what, e);
        }
    }

    @Override
    public void free(DeviceMemory memory) {
        ClMemory m = ClMemory.of(memory);
        try {
            clReleaseMemObject(m.mem());
        } catch (CLException e) {
            // Of a lost device nothing is left to free, and whoever frees has nothing to do with the loss.
            if (!health.isLost()) {
                throw health.failed("freeing " + m.bytes() + " bytes", e);
            }
        }
        allocated.addAndGet(-m.bytes());
    }

    @Override
    public long totalMemory() {
        return facts.globalBytes();
    }

    @Override
    public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
        if (!host.isNative()) {
            try (Arena arena = Arena.ofConfined()) {
                copyFromHost(arena.allocate(host.byteSize(), 64).copyFrom(host), to, toOffset, stream);
            }
            return;
        }
        boolean wait = !isPinned(host);
        ClStream s = ClStream.of(stream);
        try {
            for (long at = 0; at < host.byteSize(); at += PIECE) {
                ByteBuffer piece = piece(host, at);
                cl_event event = s.event();
                clEnqueueWriteBuffer(s.queue(), ClMemory.of(to).mem(), wait, toOffset + at, piece.capacity(),
                        Pointer.to(piece), 0, null, event);
                s.enqueued(event, "copy from host", piece.capacity());
            }
        } catch (CLException e) {
            throw health.failed("copying " + host.byteSize() + " bytes to the device", e);
        }
    }

    @Override
    public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
        if (!host.isNative()) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment there = arena.allocate(host.byteSize(), 64);
                copyToHost(from, fromOffset, there, stream);
                stream.synchronize();
                host.copyFrom(there);
            }
            return;
        }
        ClStream s = ClStream.of(stream);
        try {
            for (long at = 0; at < host.byteSize(); at += PIECE) {
                ByteBuffer piece = piece(host, at);
                cl_event event = s.event();
                clEnqueueReadBuffer(s.queue(), ClMemory.of(from).mem(), !isPinned(host), fromOffset + at,
                        piece.capacity(), Pointer.to(piece), 0, null, event);
                s.enqueued(event, "copy to host", piece.capacity());
            }
        } catch (CLException e) {
            throw health.failed("copying " + host.byteSize() + " bytes from the device", e);
        }
    }

    private static ByteBuffer piece(MemorySegment host, long at) {
        return host.asSlice(at, Math.min(PIECE, host.byteSize() - at)).asByteBuffer();
    }

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
        ClStream s = ClStream.of(stream);
        try {
            cl_event event = s.event();
            clEnqueueCopyBuffer(s.queue(), ClMemory.of(from).mem(), ClMemory.of(to).mem(), fromOffset, toOffset,
                    bytes, 0, null, event);
            s.enqueued(event, "copy", bytes);
        } catch (CLException e) {
            throw health.failed("copying " + bytes + " bytes on the device", e);
        }
    }

    /// A buffer that the driver allocates on the host and that stays mapped. Beyond 2 GiB, ordinary memory.
    // The address comes from the driver together with its size.
    @SuppressWarnings("restricted")
    @Override
    public MemorySegment pinnedHostMemory(long bytes, Arena arena) {
        if (bytes <= 0 || bytes > Integer.MAX_VALUE) {
            return DeviceRuntime.super.pinnedHostMemory(bytes, arena);
        }
        health.check();
        try {
            cl_mem mem = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, null, null);
            ByteBuffer mapped = clEnqueueMapBuffer(defaultStream.queue(), mem, true, CL_MAP_READ | CL_MAP_WRITE, 0,
                    bytes, 0, null, null, null);
            long address = MemorySegment.ofBuffer(mapped).address();
            pinned.put(address, bytes);
            return MemorySegment.ofAddress(address).reinterpret(bytes, arena, _ -> {
                pinned.remove(address);
                release(mem, mapped);
            });
        } catch (CLException e) {
            throw health.failed("allocating " + bytes + " bytes of pinned host memory", e);
        }
    }

    private void release(cl_mem mem, ByteBuffer mapped) {
        if (health.isLost()) {
            return;
        }
        try {
            clEnqueueUnmapMemObject(defaultStream.queue(), mem, mapped, 0, null, null);
            clFinish(defaultStream.queue());
            clReleaseMemObject(mem);
        } catch (CLException e) {
            throw health.failed("freeing " + mapped.capacity() + " bytes of pinned host memory", e);
        }
    }

    private boolean isPinned(MemorySegment host) {
        Map.Entry<Long, Long> below = pinned.floorEntry(host.address());
        return below != null && host.address() + host.byteSize() <= below.getKey() + below.getValue();
    }

    @Override
    public Stream defaultStream() {
        return defaultStream;
    }

    @Override
    public Stream newStream() {
        health.check();
        try {
            return new ClStream(health.device() + " stream " + streams.incrementAndGet(), health, timeline, context,
                    facts.device());
        } catch (CLException e) {
            throw health.failed("making a stream", e);
        }
    }

    @Override
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        Optional<KernelPlan> plan = tiles.plan(op, in, out);
        return plan.map(p -> new ClKernel(op.name(), p, programs, health));
    }

    /// How long a planned op takes, for the choice of tiles.
    private double seconds(KernelPlan plan, List<TensorType> in, List<TensorType> out, Scalars scalars) {
        Kernel kernel = new ClKernel("choosing tiles", plan, programs, health);
        Stream stream = newStream();
        Trial trial = Trial.of(in, out, plan.workspaceBytes(), 64);
        DeviceMemory memory = allocate(trial.bytes());
        try (Arena arena = Arena.ofConfined()) {
            copyFromHost(arena.allocate(trial.inputBytes(), 64), memory, 0, stream);
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 4; i++) {
                long start = System.nanoTime();
                trial.run(kernel, stream, memory, scalars);
                stream.synchronize();
                // The first run may still build.
                least = i == 0 ? least : Math.min(least, System.nanoTime() - start);
            }
            return least * 1e-9;
        } finally {
            free(memory);
        }
    }
}
