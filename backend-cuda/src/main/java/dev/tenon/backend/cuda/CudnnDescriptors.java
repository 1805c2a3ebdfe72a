package dev.tenon.backend.cuda;

import static dev.tenon.backend.cuda.CudnnCode.STATUS_SUCCESS;
import static dev.tenon.backend.cuda.CudnnCode.TYPE_BACKEND_DESCRIPTOR;
import static dev.tenon.backend.cuda.CudnnCode.TYPE_BOOLEAN;
import static dev.tenon.backend.cuda.CudnnCode.TYPE_DOUBLE;
import static dev.tenon.backend.cuda.CudnnCode.TYPE_FLOAT;
import static dev.tenon.backend.cuda.CudnnCode.TYPE_INT64;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// cuDNN's descriptors while something is made of them: objects with numbered attributes, which are filled in and then
/// finished. All that were made here are destroyed when this is closed, except those that are kept.
final class CudnnDescriptors implements AutoCloseable {
    private final CudnnCalls calls;
    private final Arena arena = Arena.ofConfined();
    private final List<Long> made = new ArrayList<>();

    CudnnDescriptors(CudnnCalls calls) {
        this.calls = calls;
    }

    long create(int kind) {
        MemorySegment slot = arena.allocate(ADDRESS);
        calls.check("cudnnBackendCreateDescriptor of kind " + kind, calls.createDescriptor(kind, slot));
        long descriptor = slot.get(ADDRESS, 0).address();
        made.add(descriptor);
        return descriptor;
    }

    /// Leaves a descriptor to the caller.
    long keep(long descriptor) {
        made.remove((Object) descriptor);
        return descriptor;
    }

    private void set(long descriptor, int name, int type, long count, MemorySegment values) {
        calls.check("cudnnBackendSetAttribute " + name, calls.setAttribute(descriptor, name, type, count, values));
    }

    void integers(long descriptor, int name, List<Long> values) {
        longs(descriptor, name, TYPE_INT64, values);
    }

    void integer(long descriptor, int name, long value) {
        integers(descriptor, name, List.of(value));
    }

    void descriptors(long descriptor, int name, List<Long> values) {
        longs(descriptor, name, TYPE_BACKEND_DESCRIPTOR, values);
    }

    void descriptor(long descriptor, int name, long value) {
        descriptors(descriptor, name, List.of(value));
    }

    /// Numbers of 64 bits: integers, or addresses.
    void longs(long descriptor, int name, int type, List<Long> values) {
        MemorySegment m = arena.allocateFrom(JAVA_LONG, values.stream().mapToLong(Long::longValue).toArray());
        set(descriptor, name, type, values.size(), m);
    }

    /// A value of one of the library's enumerations.
    void choice(long descriptor, int name, int type, int value) {
        set(descriptor, name, type, 1, arena.allocateFrom(JAVA_INT, value));
    }

    void flag(long descriptor, int name, boolean value) {
        set(descriptor, name, TYPE_BOOLEAN, 1, arena.allocateFrom(JAVA_BYTE, (byte) (value ? 1 : 0)));
    }

    void real(long descriptor, int name, boolean isDouble, double value) {
        set(descriptor, name, isDouble ? TYPE_DOUBLE : TYPE_FLOAT, 1,
                isDouble ? arena.allocateFrom(JAVA_DOUBLE, value) : arena.allocateFrom(JAVA_FLOAT, (float) value));
    }

    long finish(long descriptor, String what) {
        calls.check("cudnnBackendFinalize of " + what, calls.finish(descriptor));
        return descriptor;
    }

    /// Descriptors that the library gives: it fills in those that are made for it.
    ///
    /// @param kind what they are
    /// @param most how many at most; -1 for all there are
    List<Long> given(long descriptor, int name, int kind, int most) {
        MemorySegment count = arena.allocate(JAVA_LONG);
        long n = most;
        if (most < 0) {
            calls.check("cudnnBackendGetAttribute " + name,
                    calls.getAttribute(descriptor, name, TYPE_BACKEND_DESCRIPTOR, 0, count, MemorySegment.NULL));
            n = count.get(JAVA_LONG, 0);
        }
        List<Long> all = new ArrayList<>();
        for (long i = 0; i < n; i++) {
            all.add(create(kind));
        }
        if (n <= 0) {
            return List.of();
        }
        MemorySegment m = arena.allocateFrom(JAVA_LONG, all.stream().mapToLong(Long::longValue).toArray());
        calls.check("cudnnBackendGetAttribute " + name,
                calls.getAttribute(descriptor, name, TYPE_BACKEND_DESCRIPTOR, n, count, m));
        return List.copyOf(all.subList(0, (int) Math.min(n, count.get(JAVA_LONG, 0))));
    }

    /// Values of one of the library's enumerations.
    List<Integer> choices(long descriptor, int name, int type, int most) {
        MemorySegment count = arena.allocate(JAVA_LONG);
        MemorySegment values = arena.allocate(JAVA_INT, most);
        calls.check("cudnnBackendGetAttribute " + name,
                calls.getAttribute(descriptor, name, type, most, count, values));
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < Math.min(most, count.get(JAVA_LONG, 0)); i++) {
            all.add(values.getAtIndex(JAVA_INT, i));
        }
        return all;
    }

    long integer(long descriptor, int name) {
        MemorySegment count = arena.allocate(JAVA_LONG);
        MemorySegment value = arena.allocate(JAVA_LONG);
        calls.check("cudnnBackendGetAttribute " + name,
                calls.getAttribute(descriptor, name, TYPE_INT64, 1, count, value));
        return value.get(JAVA_LONG, 0);
    }

    /// Destroys what was made, the last first.
    @Override
    public void close() {
        int status = STATUS_SUCCESS;
        for (long descriptor : made.reversed()) {
            int s = calls.destroyDescriptor(descriptor);
            status = status == STATUS_SUCCESS ? s : status;
        }
        made.clear();
        arena.close();
        calls.check("cudnnBackendDestroyDescriptor", status);
    }
}
