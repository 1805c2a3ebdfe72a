package dev.tenon.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The few functions of OpenCL that a peer needs: a device, a queue, buffers.
final class OpenClCalls {
    private static final long ALL = 0xFFFF_FFFFL;
    private static final int DEVICE_TYPE = 0x1000;
    private static final int DEVICE_NAME = 0x102B;
    private static final long GPU = 1 << 2;
    private static final long ACCELERATOR = 1 << 3;
    private static final long READ_WRITE = 1;
    private static final String[] LIBRARIES = {"libOpenCL.so.1", "libOpenCL.so", "/System/Library/Frameworks/OpenCL"
        + ".framework/OpenCL", "OpenCL.dll"};

    private final Arena arena;
    private final NativeCall deviceInfo;
    private final NativeCall createBuffer;
    private final NativeCall write;
    private final NativeCall finishQueue;
    private final NativeCall releaseBuffer;
    private final MemorySegment device;
    private final MemorySegment context;
    private final MemorySegment queue;

    /// @param index the number of the device among those of all platforms, GPUs first and then accelerators, as
    ///     Tenon's backend counts them
    OpenClCalls(Arena arena, int index) {
        this.arena = arena;
        deviceInfo = call("clGetDeviceInfo", JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS);
        createBuffer = call("clCreateBuffer", ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);
        write = call("clEnqueueWriteBuffer", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS,
            JAVA_INT, ADDRESS, ADDRESS);
        finishQueue = call("clFinish", JAVA_INT, ADDRESS);
        releaseBuffer = call("clReleaseMemObject", JAVA_INT, ADDRESS);
        List<MemorySegment> devices = devices();
        if (index >= devices.size()) {
            throw new IllegalArgumentException("opencl:" + index + ": there are " + devices.size()
                + " OpenCL devices");
        }
        device = devices.get(index);
        MemorySegment one = pointers(device);
        MemorySegment error = arena.allocate(JAVA_INT);
        context = (MemorySegment) call("clCreateContext", ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS,
            ADDRESS).call(MemorySegment.NULL, 1, one, MemorySegment.NULL, MemorySegment.NULL, error);
        check("clCreateContext", error.get(JAVA_INT, 0));
        queue = (MemorySegment) call("clCreateCommandQueue", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS)
            .call(context, device, 0L, error);
        check("clCreateCommandQueue", error.get(JAVA_INT, 0));
    }

    private NativeCall call(String function, ValueLayout result, MemoryLayout... arguments) {
        return NativeCall.of(arena, "OpenCL", LIBRARIES, function, result, arguments);
    }

    private static void check(String what, Object status) {
        if ((int) status != 0) {
            throw new IllegalStateException(what + ": status " + status);
        }
    }

    private MemorySegment pointers(MemorySegment... values) {
        MemorySegment s = arena.allocate(ADDRESS, values.length);
        for (int i = 0; i < values.length; i++) {
            s.setAtIndex(ADDRESS, i, values[i]);
        }
        return s;
    }

    private List<MemorySegment> devices() {
        NativeCall platformIds = call("clGetPlatformIDs", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
        NativeCall deviceIds = call("clGetDeviceIDs", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
        MemorySegment n = arena.allocate(JAVA_INT);
        MemorySegment ids = arena.allocate(ADDRESS, 64);
        check("clGetPlatformIDs", platformIds.call(64, ids, n));
        List<MemorySegment> platforms = read(ids, n);
        List<MemorySegment> devices = new ArrayList<>();
        for (MemorySegment p : platforms) {
            if ((int) deviceIds.call(p, ALL, 64, ids, n) == 0) {
                devices.addAll(read(ids, n));
            }
        }
        devices.sort(Comparator.comparingInt(this::rank));
        return devices;
    }

    private static List<MemorySegment> read(MemorySegment ids, MemorySegment n) {
        List<MemorySegment> all = new ArrayList<>();
        for (int i = 0; i < n.get(JAVA_INT, 0); i++) {
            all.add(ids.getAtIndex(ADDRESS, i));
        }
        return all;
    }

    private int rank(MemorySegment d) {
        MemorySegment type = arena.allocate(JAVA_LONG);
        check("clGetDeviceInfo", deviceInfo.call(d, DEVICE_TYPE, 8L, type, MemorySegment.NULL));
        long bits = type.get(JAVA_LONG, 0);
        return (bits & GPU) != 0 ? 0 : (bits & ACCELERATOR) != 0 ? 1 : 2;
    }

    String deviceName() {
        MemorySegment name = arena.allocate(512);
        check("clGetDeviceInfo", deviceInfo.call(device, DEVICE_NAME, name.byteSize(), name, MemorySegment.NULL));
        return name.getString(0, StandardCharsets.UTF_8);
    }

    MemorySegment queue() {
        return queue;
    }

    /// Memory of the device with these values in it.
    MemorySegment buffer(float[] values) {
        MemorySegment error = arena.allocate(JAVA_INT);
        long bytes = 4L * values.length;
        MemorySegment buffer =
            (MemorySegment) createBuffer.call(context, READ_WRITE, bytes, MemorySegment.NULL, error);
        check("clCreateBuffer", error.get(JAVA_INT, 0));
        try (Arena copy = Arena.ofConfined()) {
            check("clEnqueueWriteBuffer", write.call(queue, buffer, 1, 0L, bytes,
                copy.allocateFrom(JAVA_FLOAT, values), 0, MemorySegment.NULL, MemorySegment.NULL));
        }
        return buffer;
    }

    void release(MemorySegment buffer) {
        check("clReleaseMemObject", releaseBuffer.call(buffer));
    }

    void finish() {
        check("clFinish", finishQueue.call(queue));
    }
}
