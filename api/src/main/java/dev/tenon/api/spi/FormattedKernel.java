package dev.tenon.api.spi;

import java.util.List;
import java.util.Optional;

/// A kernel whose operands or results lie in formats of the device.
///
/// @param kernel the kernel
/// @param in for each operand the format that it takes; empty for a tensor as its type says
/// @param out for each result the format in which it comes; empty for a tensor as its type says
public record FormattedKernel(Kernel kernel, List<Optional<Format>> in, List<Optional<Format>> out) {
    /// Copies the lists.
    public FormattedKernel {
        in = List.copyOf(in);
        out = List.copyOf(out);
    }
}
