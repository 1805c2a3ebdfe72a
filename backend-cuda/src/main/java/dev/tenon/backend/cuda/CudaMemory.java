package dev.tenon.backend.cuda;

import dev.tenon.api.spi.DeviceMemory;

/// A block of device memory.
record CudaMemory(long address, long bytes) implements DeviceMemory {
    static CudaMemory of(DeviceMemory m) {
        return (CudaMemory) m;
    }
}
