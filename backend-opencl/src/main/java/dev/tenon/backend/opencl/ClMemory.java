package dev.tenon.backend.opencl;

import dev.tenon.api.spi.DeviceMemory;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/// A buffer. `argument` points at its handle, as kernels take it.
record ClMemory(cl_mem mem, Pointer argument, long bytes) implements DeviceMemory {
    ClMemory(cl_mem mem, long bytes) {
        this(mem, Pointer.to(mem), bytes);
    }

    static ClMemory of(DeviceMemory m) {
        return (ClMemory) m;
    }
}
