package dev.tenon.data.format;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/// A file of named tensors that is open: what it holds is known, and a tensor is read when it is asked for. See
/// [TensorFiles#open] for files of any format.
public interface TensorFile extends Closeable {
    /// What tensors the file holds, by name, in its order; unmodifiable.
    Map<String, TensorType> types();

    /// The text that the file holds beside the tensors; empty for formats that have none.
    default Map<String, String> metadata() {
        return Map.of();
    }

    /// Reads a tensor.
    ///
    /// @return a contiguous tensor that needs the file no more
    /// @throws IllegalArgumentException if there is none of that name
    /// @throws IllegalStateException if the file was closed
    /// @throws IOException if reading fails
    Tensor read(String name, Device device) throws IOException;

    /// Reads all tensors, in the file's order.
    ///
    /// @throws IOException if reading fails; the tensors before are closed then
    default Map<String, Tensor> readAll(Device device) throws IOException {
        return TensorMaps.read(types().keySet(), name -> read(name, device));
    }

    /// Closes the file. Tensors that were read stay.
    @Override
    void close() throws IOException;
}
