package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A driver that has no device: device memory is host memory, and streams hold their work back until somebody waits for
/// it, so that what is ordered by luck alone comes out wrong. Kernels do what a test gives them to do.
// Addresses of memory that this class itself has allocated.
@SuppressWarnings("restricted")
final class FakeDriver implements Driver {
    static final int INVALID_VALUE = 1;
    static final int INVALID_CONTEXT = 201;
    static final int INVALID_HANDLE = 400;
    static final int CAPTURE_UNSUPPORTED = 900;
    static final int CAPTURE_INVALIDATED = 901;
    private static final Pattern SIGNATURE = Pattern.compile("(?s)void (\\w+)\\(([^{]*)\\) \\{");

    /// What a kernel does with its arguments, by their names.
    interface Body {
        void run(Map<String, Long> arguments);
    }

    /// A launch as it was given.
    record Launch(String entry, int groups, int threads, Map<String, Long> arguments) {}

    private record Made(String kind, long address) implements Handle {}

    private record Function(String entry, List<String> parameters, long address, String source) implements Handle {}

    private static final class Mark implements Handle {
        final long address;
        final boolean timed;
        boolean done = true;
        long recorded;
        double time;
        @Nullable Queue stream;

        Mark(long address, boolean timed) {
            this.address = address;
            this.timed = timed;
        }

        @Override
        public long address() {
            return address;
        }
    }

    private record Task(Runnable body) {}

    private final class Queue implements Handle {
        final long address = ++handles;
        final Handle context = current();
        final ArrayDeque<Task> tasks = new ArrayDeque<>();
        @Nullable List<Task> capturing;
        boolean invalid;

        @Override
        public long address() {
            return address;
        }

        void add(Runnable body) {
            if (current.get() != context) {
                throw error("a stream of another context", INVALID_CONTEXT);
            }
            List<Task> list = capturing;
            if (list != null) {
                list.add(new Task(body));
            } else {
                tasks.add(new Task(body));
            }
        }

        void runAll() {
            while (!tasks.isEmpty()) {
                tasks.poll().body.run();
            }
        }
    }

    private record Graph(List<Task> tasks, long address) implements Handle {}

    final List<String> calls = new ArrayList<>();
    final List<Launch> launches = new ArrayList<>();
    final Map<String, Body> kernels = new HashMap<>();
    final Set<Long> unloaded = new HashSet<>();
    final Map<String, Integer> failures = new HashMap<>();
    int devices = 1;
    int version = 13000;
    int capability = 90;
    long capacity = 1L << 30;
    /// How many milliseconds a launch takes of a kernel whose program has that text.
    ToDoubleBiFunction<String, Launch> millis = (_, _) -> 1;
    boolean peers = true;
    boolean pools = true;
    private final ThreadLocal<@Nullable Handle> current = new ThreadLocal<>();
    private final TreeMap<Long, Arena> memory = new TreeMap<>();
    private final Map<Long, Long> sizes = new HashMap<>();
    private final Map<Long, String> sources = new HashMap<>();
    private final Map<Long, Queue> queues = new HashMap<>();
    private @Nullable Queue capture;
    private long handles;
    private long used;
    private double now;
    private int sticky;

    FakeDriver() {
        kernels.put("put_numbers", a -> {
            MemorySegment to = at(a.get("to"), 8 * a.get("n"));
            for (int i = 0; i < a.get("n"); i++) {
                to.setAtIndex(JAVA_LONG, i, a.get("v" + i));
            }
        });
    }

    static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    private DriverException error(String call, int code) {
        return new DriverException(call, code, "FAKE");
    }

    /// Every call comes by here: fails where a test has asked for it, and always once a kernel has failed.
    private void call(String name) {
        calls.add(name);
        Integer code = failures.remove(name);
        if (code != null) {
            sticky = STICKY.contains(code) ? code : sticky;
            throw error(name, code);
        }
        if (sticky != 0) {
            throw error(name, sticky);
        }
    }

    private Handle current() {
        Handle c = current.get();
        if (c == null) {
            throw error("no context", INVALID_CONTEXT);
        }
        return c;
    }

    private void notWhileCapturing(String name) {
        Queue c = capture;
        if (c != null) {
            c.invalid = true;
            throw error(name, CAPTURE_UNSUPPORTED);
        }
    }

    /// Enqueues what a library does.
    void enqueue(long stream, Runnable work) {
        enqueue(stream, 1, work);
    }

    /// The same, which takes some time.
    void enqueue(long stream, double millis, Runnable work) {
        queues.get(stream).add(() -> {
            work.run();
            now += millis;
        });
    }

    /// How much device memory is allocated.
    long used() {
        return used;
    }

    @Override
    public int version() {
        call("cuDriverGetVersion");
        return version;
    }

    @Override
    public int deviceCount() {
        call("cuDeviceGetCount");
        return devices;
    }

    @Override
    public String deviceName(int device) {
        return "Fake GPU " + device;
    }

    @Override
    public long deviceMemory(int device) {
        return capacity;
    }

    @Override
    public int attribute(int device, Attribute what) {
        call("cuDeviceGetAttribute");
        return switch (what) {
            case MAX_THREADS -> 1024;
            case SHARED_BYTES -> 48 << 10;
            case MULTIPROCESSORS -> 4;
            case MAJOR -> capability / 10;
            case MINOR -> capability % 10;
            case MEMORY_POOLS -> pools ? 1 : 0;
        };
    }

    @Override
    public boolean canAccessPeer(int device, int peer) {
        return peers;
    }

    @Override
    public Handle retainPrimaryContext(int device) {
        call("cuDevicePrimaryCtxRetain");
        return new Made("context " + device, ++handles);
    }

    @Override
    public void makeCurrent(Handle context) {
        current.set(context);
    }

    @Override
    public void enablePeerAccess(Handle peerContext) {
        call("cuCtxEnablePeerAccess");
    }

    @Override
    public long[] memoryInfo() {
        call("cuMemGetInfo");
        return new long[] {capacity - used, capacity};
    }

    private long take(long bytes) {
        current();
        if (used + bytes > capacity) {
            throw error("cuMemAlloc", OUT_OF_MEMORY);
        }
        Arena arena = Arena.ofShared();
        long address = arena.allocate(bytes, 256).address();
        memory.put(address, arena);
        sizes.put(address, bytes);
        used += bytes;
        return address;
    }

    private void giveBack(long address) {
        Arena arena = memory.remove(address);
        if (arena == null) {
            throw error("cuMemFree", INVALID_VALUE);
        }
        used -= sizes.remove(address);
        arena.close();
    }

    @Override
    public long allocate(long bytes) {
        call("cuMemAlloc");
        notWhileCapturing("cuMemAlloc");
        return take(bytes);
    }

    @Override
    public void free(long address) {
        call("cuMemFree");
        giveBack(address);
    }

    @Override
    public long allocateAsync(long bytes, Handle stream) {
        call("cuMemAllocAsync");
        notWhileCapturing("cuMemAllocAsync");
        return take(bytes);
    }

    @Override
    public void freeAsync(long address, Handle stream) {
        call("cuMemFreeAsync");
        ((Queue) stream).add(() -> giveBack(address));
    }

    @Override
    public long allocateHost(long bytes) {
        call("cuMemHostAlloc");
        Arena arena = Arena.ofShared();
        long address = arena.allocate(bytes, 256).address();
        memory.put(address, arena);
        return address;
    }

    @Override
    public void freeHost(long address) {
        call("cuMemFreeHost");
        memory.remove(address).close();
    }

    private void enqueueCopy(String name, long to, long from, long bytes, Handle stream) {
        call(name);
        ((Queue) stream).add(() -> at(to, bytes).copyFrom(at(from, bytes)));
    }

    @Override
    public void copyToDevice(long device, long host, long bytes, Handle stream) {
        enqueueCopy("cuMemcpyHtoDAsync", device, host, bytes, stream);
    }

    @Override
    public void copyToHost(long host, long device, long bytes, Handle stream) {
        enqueueCopy("cuMemcpyDtoHAsync", host, device, bytes, stream);
    }

    @Override
    public void copy(long to, long from, long bytes, Handle stream) {
        enqueueCopy("cuMemcpyDtoDAsync", to, from, bytes, stream);
    }

    @Override
    public void copyPeer(long to, Handle toContext, long from, Handle fromContext, long bytes, Handle stream) {
        enqueueCopy("cuMemcpyPeerAsync", to, from, bytes, stream);
    }

    @Override
    public Handle createStream() {
        call("cuStreamCreate");
        Queue q = new Queue();
        queues.put(q.address, q);
        return q;
    }

    @Override
    public void synchronizeStream(Handle stream) {
        call("cuStreamSynchronize");
        notWhileCapturing("cuStreamSynchronize");
        ((Queue) stream).runAll();
    }

    @Override
    public void waitEvent(Handle stream, Handle event) {
        call("cuStreamWaitEvent");
        Mark m = (Mark) event;
        Queue from = m.stream;
        long time = m.recorded;
        ((Queue) stream).add(() -> {
            // Recorded again meanwhile: what was waited for is done then, for streams run in order.
            while (from != null && !m.done && m.recorded == time && !from.tasks.isEmpty()) {
                from.tasks.poll().body.run();
            }
        });
    }

    @Override
    public Handle createEvent() {
        call("cuEventCreate");
        return new Mark(++handles, false);
    }

    @Override
    public Handle createTimedEvent() {
        call("cuEventCreate");
        return new Mark(++handles, true);
    }

    @Override
    public double elapsedMillis(Handle start, Handle end) {
        call("cuEventElapsedTime");
        Mark from = (Mark) start;
        Mark to = (Mark) end;
        if (!from.timed || !to.timed) {
            throw error("cuEventElapsedTime", INVALID_HANDLE);
        }
        if (!from.done || !to.done) {
            throw error("cuEventElapsedTime", NOT_READY);
        }
        return to.time - from.time;
    }

    @Override
    public void destroyEvent(Handle event) {
        call("cuEventDestroy");
    }

    @Override
    public void recordEvent(Handle event, Handle stream) {
        call("cuEventRecord");
        Mark m = (Mark) event;
        m.done = false;
        m.stream = (Queue) stream;
        long time = ++handles;
        m.recorded = time;
        ((Queue) stream).add(() -> {
            if (m.recorded == time) {
                m.done = true;
                m.time = now;
            }
        });
    }

    @Override
    public boolean isEventDone(Handle event) {
        call("cuEventQuery");
        return ((Mark) event).done;
    }

    @Override
    public void synchronizeEvent(Handle event) {
        call("cuEventSynchronize");
        Mark m = (Mark) event;
        Queue from = m.stream;
        while (from != null && !m.done) {
            from.tasks.poll().body.run();
        }
    }

    @Override
    public Handle loadModule(byte[] image) {
        call("cuModuleLoadData");
        notWhileCapturing("cuModuleLoadData");
        Made m = new Made("module", ++handles);
        sources.put(m.address(), new String(image, StandardCharsets.UTF_8));
        return m;
    }

    @Override
    public void unloadModule(Handle module) {
        call("cuModuleUnload");
        unloaded.add(module.address());
    }

    @Override
    public Handle function(Handle module, String name) {
        call("cuModuleGetFunction");
        String source = sources.getOrDefault(module.address(), "");
        boolean fromMemory = source.startsWith("#define PARAMS_IN_MEMORY");
        Matcher m = SIGNATURE.matcher(source);
        while (m.find()) {
            if (m.group(1).equals(name)) {
                List<String> names = new ArrayList<>();
                String parameters =
                        m.group(2).replaceAll("PARAM\\(\\w+, (\\w+)\\)", fromMemory ? "i64 at_$1" : "i64 $1");
                for (String p : parameters.split(",")) {
                    names.add(p.strip().replaceFirst(".*[ *](\\w+)$", "$1"));
                }
                return new Function(name, names, ++handles, source);
            }
        }
        throw error("cuModuleGetFunction", 500);
    }

    @Override
    public void launch(Handle function, int groups, int threads, Handle stream, long arguments) {
        call("cuLaunchKernel");
        if (groups < 1 || threads < 1 || threads > 1024) {
            throw new DriverException("cuLaunchKernel: " + groups + " blocks of " + threads + " threads");
        }
        Function f = (Function) function;
        Map<String, Long> values = new LinkedHashMap<>();
        MemorySegment addresses = at(arguments, ADDRESS.byteSize() * f.parameters.size());
        for (int i = 0; i < f.parameters.size(); i++) {
            long address = addresses.getAtIndex(ADDRESS, i).address();
            if (f.entry.equals("put_numbers") && i == 1) {
                for (int j = 0; j < Recording.CARRIED; j++) {
                    values.put("v" + j, at(address, 8L * Recording.CARRIED).getAtIndex(JAVA_LONG, j));
                }
            } else {
                values.put(f.parameters.get(i), at(address, 8).get(JAVA_LONG, 0));
            }
        }
        Launch launch = new Launch(f.entry, groups, threads, values);
        launches.add(launch);
        Body body = kernels.getOrDefault(f.entry, _ -> {});
        ((Queue) stream).add(() -> {
            body.run(values);
            now += millis.applyAsDouble(f.source, launch);
        });
    }

    @Override
    public void beginCapture(Handle stream) {
        call("cuStreamBeginCapture");
        Queue q = (Queue) stream;
        q.capturing = new ArrayList<>();
        q.invalid = false;
        capture = q;
    }

    @Override
    public Handle endCapture(Handle stream) {
        Queue q = (Queue) stream;
        List<Task> tasks = q.capturing;
        q.capturing = null;
        capture = null;
        call("cuStreamEndCapture");
        if (tasks == null || q.invalid) {
            throw error("cuStreamEndCapture", CAPTURE_INVALIDATED);
        }
        return new Graph(tasks, ++handles);
    }

    @Override
    public void abandonCapture(Handle stream) {
        calls.add("abandonCapture");
        ((Queue) stream).capturing = null;
        capture = null;
    }

    @Override
    public void launchGraph(Handle graph, Handle stream) {
        call("cuGraphLaunch");
        ((Graph) graph).tasks.forEach(t -> ((Queue) stream).add(t.body));
    }

    @Override
    public void destroyGraph(Handle graph) {
        call("cuGraphExecDestroy");
    }
}
