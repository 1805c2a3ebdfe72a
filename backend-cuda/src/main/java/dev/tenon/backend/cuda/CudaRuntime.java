package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Replay;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.BinaryCache;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.KernelPlan;
import dev.tenon.kernel.KernelSource;
import dev.tenon.kernel.TileTuner;
import dev.tenon.kernel.Tuner;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A CUDA device at work.
final class CudaRuntime implements DeviceRuntime {
    private static final System.Logger LOG = System.getLogger("dev.tenon.cuda");

    private final DeviceFacts facts;
    private final CudaContext context;
    private final Driver driver;
    private final boolean pooled;
    private final CudaStream defaultStream;
    private final Handle recordingStream;
    private final Modules modules;
    private final KernelSource source;
    private final KernelClock clock;
    private final Tuner tuner;
    private final TileTuner tiles;
    private final Product.@Nullable Library lt;
    private final Supplier<Optional<LibraryPlan.Library>> startCudnn;
    private @Nullable Optional<LibraryPlan.Library> cudnn;
    private final Set<CudaRuntime> peers = ConcurrentHashMap.newKeySet();
    private final ConcurrentSkipListMap<Long, Long> pinned = new ConcurrentSkipListMap<>();

    /// @param pooled whether memory is allocated and freed in the order of the default stream
    /// @param lt the library for matrix products, if there is one
    /// @param cudnn starts cuDNN, if there is one: when first needed, for it takes long
    CudaRuntime(CudaContext context, DeviceFacts facts, Compiler compiler, BinaryCache binaries, boolean pooled,
            Product.@Nullable Library lt, Supplier<Optional<LibraryPlan.Library>> cudnn) {
        this.facts = facts;
        this.context = context;
        this.driver = context.driver();
        this.pooled = pooled;
        this.defaultStream = new CudaStream(context, stream());
        this.recordingStream = stream();
        this.modules = new Modules(context, compiler, facts.capability(), binaries);
        this.source = new KernelSource(CudaDialect.INSTANCE, facts.traits());
        this.clock = new KernelClock(this, context);
        this.tuner = new Tuner("cuda", String.join("\n", facts.description(driver.version()),
                compiler.identity(facts.capability())), binaries);
        this.tiles = new TileTuner(source, tuner, (plan, in, out, scalars) -> clock.seconds(
                new CudaKernel("choosing tiles", plan, context, modules), in, out, scalars));
        this.lt = lt;
        this.startCudnn = cudnn;
    }

    /// The library for matrix products, started, if there is one.
    private static Product.@Nullable Library products(CudaContext context) {
        NativeLibrary library = CublasLt.find().library();
        if (library == null) {
            return null;
        }
        try {
            return context.get(() -> "starting " + library.where(), () -> new CublasLt(library));
        } catch (BackendException | UnsatisfiedLinkError e) {
            LOG.log(Level.WARNING, "matrix products are computed without cuBLASLt: " + e.getMessage());
            return null;
        }
    }

    static CudaRuntime open(Driver driver, Compiler compiler, List<DeviceFacts> devices, int index) {
        DeviceFacts facts = devices.get(index);
        String name = "cuda:" + index;
        Handle context;
        try {
            context = driver.retainPrimaryContext(index);
        } catch (DriverException e) {
            throw new BackendException(name + ": starting " + facts.name() + ": " + e.getMessage(), e);
        }
        // Memory of a stream's pool is not reached by other devices.
        boolean pooled = facts.pools() && devices.size() == 1;
        CudaContext c = new CudaContext(name, driver, context);
        return new CudaRuntime(c, facts, compiler, BinaryCache.ofUser("cuda", false), pooled, products(c),
                () -> Cudnn.start(c, facts.bytes()));
    }

    private Handle stream() {
        return context.get(() -> "making a stream", driver::createStream);
    }

    CudaContext context() {
        return context;
    }

    /// The faster of several kernels that compute the same, measured when first asked and remembered.
    ///
    /// @param what what they compute, with all that the choice depends on besides the device, such as shapes
    /// @param names their names, the usual one's first; these are remembered
    /// @param kernels makes the kernel of a name
    /// @return its name
    String fastest(String what, List<String> names, Function<String, Kernel> kernels, List<TensorType> in,
            List<TensorType> out, Scalars scalars) {
        return tuner.fastest(what, names, name -> clock.seconds(kernels.apply(name), in, out, scalars));
    }

    @Override
    public long alignment() {
        // Loads of whole lines of memory.
        return 256;
    }

    @Override
    public CudaMemory allocate(long bytes) {
        return context.get(() -> "allocating " + bytes + " bytes", () -> new CudaMemory(
                pooled ? driver.allocateAsync(Math.max(1, bytes), defaultStream.handle())
                        : driver.allocate(Math.max(1, bytes)), bytes));
    }

    @Override
    public void free(DeviceMemory memory) {
        CudaMemory m = CudaMemory.of(memory);
        context.run(() -> "freeing " + m.bytes() + " bytes", () -> {
            if (pooled) {
                driver.freeAsync(m.address(), defaultStream.handle());
            } else {
                driver.free(m.address());
            }
        });
    }

    @Override
    public long totalMemory() {
        return facts.bytes();
    }

    @Override
    public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
        if (!host.isNative()) {
            try (Arena arena = Arena.ofConfined()) {
                copyFromHost(arena.allocate(host.byteSize(), 64).copyFrom(host), to, toOffset, stream);
            }
            return;
        }
        Handle s = CudaStream.of(stream).handle();
        context.run(() -> "copying " + host.byteSize() + " bytes to the device", () -> {
            driver.copyToDevice(CudaMemory.of(to).address() + toOffset, host.address(), host.byteSize(), s);
            if (!isPinned(host)) {
                driver.synchronizeStream(s);
            }
        });
        Reference.reachabilityFence(host);
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
        Handle s = CudaStream.of(stream).handle();
        context.run(() -> "copying " + host.byteSize() + " bytes from the device", () -> {
            driver.copyToHost(host.address(), CudaMemory.of(from).address() + fromOffset, host.byteSize(), s);
            if (!isPinned(host)) {
                driver.synchronizeStream(s);
            }
        });
        Reference.reachabilityFence(host);
    }

    @Override
    public void copy(DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
        context.run(() -> "copying " + bytes + " bytes on the device", () -> driver.copy(
                CudaMemory.of(to).address() + toOffset, CudaMemory.of(from).address() + fromOffset, bytes,
                CudaStream.of(stream).handle()));
    }

    /// Straight from device to device where they reach each other, else by way of the host, by the driver itself.
    @Override
    public boolean copyFrom(DeviceRuntime other, DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset,
            long bytes) {
        if (!(other instanceof CudaRuntime peer) || peer.driver != driver) {
            return false;
        }
        if (peers.add(peer) && driver.canAccessPeer(facts.index(), peer.facts.index())) {
            context.run(() -> "reaching " + peer.context.device(),
                    () -> driver.enablePeerAccess(peer.context.handle()));
        }
        defaultStream.waitFor(peer.defaultStream.record());
        context.run(() -> "copying " + bytes + " bytes from " + peer.context.device(), () -> driver.copyPeer(
                CudaMemory.of(to).address() + toOffset, context.handle(), CudaMemory.of(from).address() + fromOffset,
                peer.context.handle(), bytes, defaultStream.handle()));
        // The memory there may be used for something else only when it has been read.
        peer.defaultStream.waitFor(defaultStream.record());
        return true;
    }

    /// Pinned memory. Beyond 2 GiB, ordinary memory.
    // The address comes from the driver together with its size.
    @SuppressWarnings("restricted")
    @Override
    public MemorySegment pinnedHostMemory(long bytes, Arena arena) {
        if (bytes <= 0 || bytes > Integer.MAX_VALUE) {
            return DeviceRuntime.super.pinnedHostMemory(bytes, arena);
        }
        long address = context.get(() -> "allocating " + bytes + " bytes of pinned host memory",
                () -> driver.allocateHost(bytes));
        pinned.put(address, bytes);
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, _ -> {
            pinned.remove(address);
            context.run(() -> "freeing " + bytes + " bytes of pinned host memory", () -> driver.freeHost(address));
        });
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
        return new CudaStream(context, stream());
    }

    @Override
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        if (op instanceof MatMulOp m && lt != null) {
            Optional<Kernel> kernel = MatMulKernel.of(context, lt, m, in, out, (map, operands) -> {
                KernelPlan plan = source.plan(map, operands, out).orElseThrow();
                return new CudaKernel(m.name(), plan, context, modules);
            });
            if (kernel.isPresent()) {
                return kernel;
            }
        }
        Optional<KernelPlan> plan = source.plan(op, in, out);
        Optional<LibraryForm> form = plan.flatMap(_ -> LibraryForm.of(op, in, out))
                .filter(f -> CudnnLibrary.use() == CudnnLibrary.Use.TRUE || f.isWorthwhile());
        Optional<LibraryPlan.Library> library = form.flatMap(_ -> cudnn());
        if (library.isPresent()) {
            KernelPlan p = plan.orElseThrow();
            LibraryForm f = form.orElseThrow();
            CudnnKernel.Own own = new CudnnKernel.Own(p.workspaceBytes(),
                    () -> new CudaKernel(op.name(), p, context, modules));
            Optional<Kernel> kernel = CudnnKernel.of(context, library.get(), f, op, in, out,
                    (map, operands) -> new CudaKernel(op.name(), source.plan(map, operands, out).orElseThrow(), context,
                            modules), own);
            if (kernel.isPresent() && (!f.isMeasured() || CudnnLibrary.use() == CudnnLibrary.Use.TRUE)) {
                return kernel;
            }
            if (kernel.isPresent()) {
                Map<String, Kernel> both = Map.of("cuDNN", kernel.get(), "ours", own.make().get());
                return Optional.of(both.get(fastest(library.get().identity() + " " + f, List.of("cuDNN", "ours"),
                        both::get, in, out, Scalars.NONE)));
            }
        }
        return tiles.plan(op, in, out).map(p -> new CudaKernel(op.name(), p, context, modules));
    }

    private synchronized Optional<LibraryPlan.Library> cudnn() {
        Optional<LibraryPlan.Library> started = cudnn;
        if (started == null) {
            started = startCudnn.get();
            cudnn = started;
        }
        return started;
    }

    @Override
    public Optional<Replay> record(Consumer<Stream> work) {
        synchronized (recordingStream) {
            return Optional.of(Recording.of(this, context, modules, recordingStream, work));
        }
    }
}
