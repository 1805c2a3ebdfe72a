package dev.tenon.api.spi;

/// A way in which the elements of a tensor lie in memory that strides do not describe: one that the kernels of a device
/// have agreed on, such as images in blocks of channels, or weights in the order in which a kernel reads them. Formats
/// that are equal are the same layout.
public interface Format {
    /// The memory that a tensor takes.
    long bytes();

    /// Brings a contiguous tensor, its operand, to this format.
    Kernel pack();

    /// Brings an operand in this format back to a contiguous tensor.
    Kernel unpack();
}
