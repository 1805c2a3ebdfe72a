package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.io.IOException;
import java.util.Arrays;

/// A tensor in a [PyTorchFile] that was opened: what is known of it without reading its elements. Several may lie in
/// the same stored elements, as tied weights do; each is read as a tensor of its own.
public final class StoredTensor {
    private final TensorStorage storage;
    private final DType dtype;
    private final Shape shape;
    private final long offset;
    private final long[] strides;

    /// The caller has checked that all elements lie inside the storage.
    StoredTensor(TensorStorage storage, DType dtype, Shape shape, long offset, long[] strides) {
        this.storage = storage;
        this.dtype = dtype;
        this.shape = shape;
        this.offset = offset;
        this.strides = strides.clone();
    }

    /// The element type.
    public DType dtype() {
        return dtype;
    }

    /// The shape.
    public Shape shape() {
        return shape;
    }

    /// How many bytes its elements take, each counted once however the file stores them.
    public long bytes() {
        return shape.elements() * dtype.bytes();
    }

    /// Whether it shares stored elements with another.
    public boolean sharesStorageWith(StoredTensor other) {
        return storage == other.storage;
    }

    /// Reads the elements.
    ///
    /// @return a contiguous tensor that needs the file no more
    /// @throws DatasetFormatException if they are damaged, or are so many more than the file has that something is
    ///     wrong
    /// @throws IllegalStateException if the file was closed
    /// @throws IOException if reading fails
    public Tensor read(Device device) throws IOException {
        return storage.read(dtype, shape, offset, strides, device);
    }

    @Override
    public String toString() {
        return "StoredTensor[" + dtype + " " + shape + ", strides " + Arrays.toString(strides) + "]";
    }
}
