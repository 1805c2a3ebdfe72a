package dev.tenon.backend.cuda;

import static jcuda.driver.CUevent_flags.CU_EVENT_DEFAULT;
import static jcuda.driver.CUevent_flags.CU_EVENT_DISABLE_TIMING;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
import static jcuda.driver.CUstream_flags.CU_STREAM_NON_BLOCKING;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/// The driver through JCuda. Its handles are JCuda's own, which tell their addresses to subclasses alone.
final class JCudaDriverCalls implements Driver {
    private static final CUdeviceptr NULL = new CUdeviceptr();

    private final ThreadLocal<Handle> current = new ThreadLocal<>();

    /// Loads JCuda's native part and starts the driver.
    ///
    /// @throws DriverException if the driver does not start
    /// @throws LinkageError if the native part cannot be loaded
    JCudaDriverCalls() {
        check("cuInit", JCudaDriver.cuInit(0));
    }

    private static final class Context extends CUcontext implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class Stream extends CUstream implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class Event extends CUevent implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class Module extends CUmodule implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class Function extends CUfunction implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    private static final class Graph extends CUgraphExec implements Handle {
        @Override
        public long address() {
            return getNativePointer();
        }
    }

    /// Device memory, told by the driver or told to it.
    private static final class Memory extends CUdeviceptr {
        Memory() {}

        Memory(long address) {
            super(NULL, address);
        }

        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    /// Host memory, likewise.
    private static final class Host extends Pointer {
        Host() {}

        Host(long address) {
            super(address);
        }

        long address() {
            return getNativePointer();
        }
    }

    private static void check(String call, int code) {
        if (code != CUresult.CUDA_SUCCESS) {
            throw new DriverException(call, code, CUresult.stringFor(code));
        }
    }

    private static CUdevice device(int ordinal) {
        CUdevice d = new CUdevice();
        check("cuDeviceGet", JCudaDriver.cuDeviceGet(d, ordinal));
        return d;
    }

    @Override
    public int version() {
        int[] v = new int[1];
        check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(v));
        return v[0];
    }

    @Override
    public int deviceCount() {
        int[] n = new int[1];
        check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(n));
        return n[0];
    }

    @Override
    public String deviceName(int device) {
        byte[] name = new byte[256];
        check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device(device)));
        String text = new String(name, StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return (end < 0 ? text : text.substring(0, end)).strip();
    }

    @Override
    public long deviceMemory(int device) {
        long[] bytes = new long[1];
        check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, device(device)));
        return bytes[0];
    }

    @Override
    public int attribute(int device, Attribute what) {
        int[] v = new int[1];
        check("cuDeviceGetAttribute(" + what.name().toLowerCase(Locale.ROOT) + ")",
                JCudaDriver.cuDeviceGetAttribute(v, what.code(), device(device)));
        return v[0];
    }

    @Override
    public boolean canAccessPeer(int device, int peer) {
        int[] v = new int[1];
        check("cuDeviceCanAccessPeer", JCudaDriver.cuDeviceCanAccessPeer(v, device(device), device(peer)));
        return v[0] != 0;
    }

    @Override
    public Handle retainPrimaryContext(int device) {
        Context c = new Context();
        check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(c, device(device)));
        return c;
    }

    @Override
    public void makeCurrent(Handle context) {
        if (current.get() != context) {
            check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent((Context) context));
            current.set(context);
        }
    }

    @Override
    public void enablePeerAccess(Handle peerContext) {
        int code = JCudaDriver.cuCtxEnablePeerAccess((Context) peerContext, 0);
        if (code != CUresult.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) {
            check("cuCtxEnablePeerAccess", code);
        }
    }

    @Override
    public long[] memoryInfo() {
        long[] free = new long[1];
        long[] total = new long[1];
        check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
        return new long[] {free[0], total[0]};
    }

    @Override
    public long allocate(long bytes) {
        Memory m = new Memory();
        check("cuMemAlloc", JCudaDriver.cuMemAlloc(m, bytes));
        return m.address();
    }

    @Override
    public void free(long address) {
        check("cuMemFree", JCudaDriver.cuMemFree(new Memory(address)));
    }

    @Override
    public long allocateAsync(long bytes, Handle stream) {
        Memory m = new Memory();
        check("cuMemAllocAsync", JCudaDriver.cuMemAllocAsync(m, bytes, (Stream) stream));
        return m.address();
    }

    @Override
    public void freeAsync(long address, Handle stream) {
        check("cuMemFreeAsync", JCudaDriver.cuMemFreeAsync(new Memory(address), (Stream) stream));
    }

    @Override
    public long allocateHost(long bytes) {
        Host h = new Host();
        // Portable: pinned for every device's context.
        check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(h, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE));
        return h.address();
    }

    @Override
    public void freeHost(long address) {
        check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(new Host(address)));
    }

    @Override
    public void copyToDevice(long device, long host, long bytes, Handle stream) {
        check("cuMemcpyHtoDAsync",
                JCudaDriver.cuMemcpyHtoDAsync(new Memory(device), new Host(host), bytes, (Stream) stream));
    }

    @Override
    public void copyToHost(long host, long device, long bytes, Handle stream) {
        check("cuMemcpyDtoHAsync",
                JCudaDriver.cuMemcpyDtoHAsync(new Host(host), new Memory(device), bytes, (Stream) stream));
    }

    @Override
    public void copy(long to, long from, long bytes, Handle stream) {
        check("cuMemcpyDtoDAsync",
                JCudaDriver.cuMemcpyDtoDAsync(new Memory(to), new Memory(from), bytes, (Stream) stream));
    }

    @Override
    public void copyPeer(long to, Handle toContext, long from, Handle fromContext, long bytes, Handle stream) {
        check("cuMemcpyPeerAsync", JCudaDriver.cuMemcpyPeerAsync(new Memory(to), (Context) toContext,
                new Memory(from), (Context) fromContext, bytes, (Stream) stream));
    }

    @Override
    public Handle createStream() {
        Stream s = new Stream();
        check("cuStreamCreate", JCudaDriver.cuStreamCreate(s, CU_STREAM_NON_BLOCKING));
        return s;
    }

    @Override
    public void synchronizeStream(Handle stream) {
        check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize((Stream) stream));
    }

    @Override
    public void waitEvent(Handle stream, Handle event) {
        check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent((Stream) stream, (Event) event, 0));
    }

    @Override
    public Handle createEvent() {
        return event(CU_EVENT_DISABLE_TIMING);
    }

    @Override
    public Handle createTimedEvent() {
        return event(CU_EVENT_DEFAULT);
    }

    private Handle event(int flags) {
        Event e = new Event();
        check("cuEventCreate", JCudaDriver.cuEventCreate(e, flags));
        return e;
    }

    @Override
    public double elapsedMillis(Handle start, Handle end) {
        float[] millis = new float[1];
        check("cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(millis, (Event) start, (Event) end));
        return millis[0];
    }

    @Override
    public void destroyEvent(Handle event) {
        check("cuEventDestroy", JCudaDriver.cuEventDestroy((Event) event));
    }

    @Override
    public void recordEvent(Handle event, Handle stream) {
        check("cuEventRecord", JCudaDriver.cuEventRecord((Event) event, (Stream) stream));
    }

    @Override
    public boolean isEventDone(Handle event) {
        int code = JCudaDriver.cuEventQuery((Event) event);
        if (code == NOT_READY) {
            return false;
        }
        check("cuEventQuery", code);
        return true;
    }

    @Override
    public void synchronizeEvent(Handle event) {
        check("cuEventSynchronize", JCudaDriver.cuEventSynchronize((Event) event));
    }

    @Override
    public Handle loadModule(byte[] image) {
        Module m = new Module();
        check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(m, image));
        return m;
    }

    @Override
    public void unloadModule(Handle module) {
        check("cuModuleUnload", JCudaDriver.cuModuleUnload((Module) module));
    }

    @Override
    public Handle function(Handle module, String name) {
        Function f = new Function();
        check("cuModuleGetFunction(" + name + ")", JCudaDriver.cuModuleGetFunction(f, (Module) module, name));
        return f;
    }

    @Override
    public void launch(Handle function, int groups, int threads, Handle stream, long arguments) {
        check("cuLaunchKernel", JCudaDriver.cuLaunchKernel((Function) function, groups, 1, 1, threads, 1, 1, 0,
                (Stream) stream, new Host(arguments), null));
    }

    @Override
    public void beginCapture(Handle stream) {
        check("cuStreamBeginCapture",
                JCudaDriver.cuStreamBeginCapture((Stream) stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    }

    @Override
    public Handle endCapture(Handle stream) {
        CUgraph graph = new CUgraph();
        check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture((Stream) stream, graph));
        Graph ready = new Graph();
        int code = JCudaDriver.cuGraphInstantiate(ready, graph, 0);
        check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
        check("cuGraphInstantiate", code);
        return ready;
    }

    @Override
    public void abandonCapture(Handle stream) {
        CUgraph graph = new CUgraph();
        // An invalidated capture ends with an error and without a graph: either way it has ended.
        if (JCudaDriver.cuStreamEndCapture((Stream) stream, graph) == CUresult.CUDA_SUCCESS) {
            check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
        }
    }

    @Override
    public void launchGraph(Handle graph, Handle stream) {
        check("cuGraphLaunch", JCudaDriver.cuGraphLaunch((Graph) graph, (Stream) stream));
    }

    @Override
    public void destroyGraph(Handle graph) {
        check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy((Graph) graph));
    }
}
