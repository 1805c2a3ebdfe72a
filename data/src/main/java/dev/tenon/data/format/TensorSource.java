package dev.tenon.data.format;

import dev.tenon.api.Tensor;
import java.io.IOException;

/// Gives the tensors of a file that is being written one after the other, so that they need not be in memory all at
/// once.
@FunctionalInterface
public interface TensorSource {
    /// @return the tensor of that name; whoever writes it closes it then
    /// @throws IOException if it cannot be read
    Tensor read(String name) throws IOException;
}
