package dev.tenon.api.spi;

/// Where a kernel finds one of its inputs or puts one of its outputs. The layout is in the types for which the
/// kernel was
/// prepared.
public interface Operand {
    /// The block of device memory.
    DeviceMemory memory();

    /// The offset of the first element in the block, in bytes; a multiple of the element size, for a tensor that is no
    /// view a multiple of [DeviceRuntime#alignment()].
    long byteOffset();
}
