package dev.tenon.api.spi;

/// A block of a device's memory as its backend handed it out. The framework slices tensors from larger blocks and hands
/// blocks back when they are no longer used; what a block is (an address, a handle) only the backend knows.
public interface DeviceMemory {
    /// The size in bytes.
    long bytes();
}
