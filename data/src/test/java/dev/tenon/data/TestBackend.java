package dev.tenon.data;

import dev.tenon.api.Device;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Event;
import dev.tenon.api.spi.ImmediateStream;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Memory and copies, no kernels: all that a loader needs. Device 0 is memory that the host sees. Device 1 is like a
/// graphics card: the host does not see its memory, and everything is done later, on a thread per stream, copies from
/// pinned memory slowly.
public final class TestBackend implements BackendProvider {
    static final AtomicInteger PINNED = new AtomicInteger();
    static final AtomicInteger COPIES_ON_OWN_STREAM = new AtomicInteger();
    static final AtomicInteger COPIES_DONE = new AtomicInteger();

    static Device host() {
        return Device.of("test:0");
    }

    static Device card() {
        return Device.of("test:1");
    }

    /// Something for the card to do after what is enqueued on its default stream.
    static void compute(Runnable work) {
        ((Queue) card().runtime().defaultStream()).add(work);
    }

    @Override
    public String name() {
        return "test";
    }

    @Override
    public int priority() {
        return -1;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "host memory", 0), new DeviceInfo(1, "gpu", "pretended", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return index == 0 ? new HostRuntime() : new CardRuntime();
    }

    private record Block(MemorySegment segment) implements DeviceMemory {
        @Override
        public long bytes() {
            return segment.byteSize();
        }
    }

    private static class HostRuntime implements DeviceRuntime {
        @Override
        public DeviceMemory allocate(long bytes) {
            return new Block(Arena.ofAuto().allocate(bytes, 64));
        }

        @Override
        public void free(DeviceMemory memory) {
            // The collector does.
        }

        static MemorySegment at(DeviceMemory memory, long offset, long bytes) {
            return ((Block) memory).segment.asSlice(offset, bytes);
        }

        @Override
        public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
            at(to, toOffset, host.byteSize()).copyFrom(host);
        }

        @Override
        public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
            host.copyFrom(at(from, fromOffset, host.byteSize()));
        }

        @Override
        public void copy(
                DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
            at(to, toOffset, bytes).copyFrom(at(from, fromOffset, bytes));
        }

        @Override
        public Optional<MemorySegment> hostView(DeviceMemory memory) {
            return Optional.of(((Block) memory).segment);
        }

        @Override
        public Stream defaultStream() {
            return ImmediateStream.INSTANCE;
        }

        @Override
        public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
            return Optional.empty();
        }
    }

    private static final class Queue implements Stream {
        private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("test-stream").factory());

        void add(Runnable work) {
            thread.execute(work);
        }

        @Override
        public Event record() {
            CompletableFuture<Void> done = CompletableFuture.runAsync(() -> { }, thread);
            return new Event() {
                @Override
                public boolean isDone() {
                    return done.isDone();
                }

                @Override
                public void synchronize() {
                    done.join();
                }
            };
        }

        @Override
        public void waitFor(Event event) {
            add(event::synchronize);
        }

        @Override
        public void synchronize() {
            record().synchronize();
        }
    }

    private static final class CardRuntime extends HostRuntime {
        private final Queue main = new Queue();
        private final NavigableMap<Long, Long> pinned = new ConcurrentSkipListMap<>();

        @Override
        public void copyFromHost(MemorySegment host, DeviceMemory to, long toOffset, Stream stream) {
            var range = pinned.floorEntry(host.address());
            boolean late = range != null && host.address() < range.getKey() + range.getValue();
            MemorySegment from = late ? host : Arena.ofAuto().allocate(host.byteSize()).copyFrom(host);
            if (stream != main) {
                COPIES_ON_OWN_STREAM.incrementAndGet();
            }
            ((Queue) stream).add(() -> {
                LockSupport.parkNanos(300_000);
                super.copyFromHost(from, to, toOffset, stream);
                if (stream != main) {
                    COPIES_DONE.incrementAndGet();
                }
            });
        }

        @Override
        @SuppressWarnings("restricted")
        public void copyToHost(DeviceMemory from, long fromOffset, MemorySegment host, Stream stream) {
            // Callers give memory of confined arenas, as to a driver that knows addresses only.
            MemorySegment to = MemorySegment.ofAddress(host.address()).reinterpret(host.byteSize());
            ((Queue) stream).add(() -> super.copyToHost(from, fromOffset, to, stream));
        }

        @Override
        public void copy(
                DeviceMemory from, long fromOffset, DeviceMemory to, long toOffset, long bytes, Stream stream) {
            ((Queue) stream).add(() -> {
                LockSupport.parkNanos(200_000);
                super.copy(from, fromOffset, to, toOffset, bytes, stream);
            });
        }

        @Override
        public Optional<MemorySegment> hostView(DeviceMemory memory) {
            return Optional.empty();
        }

        @Override
        public MemorySegment pinnedHostMemory(long bytes, Arena arena) {
            MemorySegment m = arena.allocate(bytes, 64);
            pinned.put(m.address(), bytes);
            PINNED.incrementAndGet();
            return m;
        }

        @Override
        public Stream defaultStream() {
            return main;
        }

        @Override
        public Stream newStream() {
            return new Queue();
        }
    }
}
