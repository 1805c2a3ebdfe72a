package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Elements in a PyTorch file, in which one tensor or several lie.
final class TensorStorage {
    /// Gives the bytes, which may have to be decompressed.
    @FunctionalInterface
    interface Source {
        ZipArchive.Content open() throws IOException;
    }

    private final String key;
    private final long elements;
    private final long bytes;
    private final MappedFile file;
    private final ByteOrder order;
    private final long expansionLimit;
    private @Nullable Source source;

    /// @param expansionLimit the most bytes that a tensor may have, however it repeats what is stored
    TensorStorage(String key, long elements, long bytes, MappedFile file, ByteOrder order, long expansionLimit) {
        this.key = key;
        this.elements = elements;
        this.bytes = bytes;
        this.file = file;
        this.order = order;
        this.expansionLimit = expansionLimit;
    }

    String key() {
        return key;
    }

    /// How many elements, of the type that it was stored as.
    long elements() {
        return elements;
    }

    long bytes() {
        return bytes;
    }

    void setSource(Source from) {
        source = from;
    }

    boolean hasSource() {
        return source != null;
    }

    /// A tensor in this storage.
    ///
    /// @throws PickleReader.Misfit if it reaches over the end
    StoredTensor tensor(DType dtype, Shape shape, long offset, long[] strides) throws PickleReader.Misfit {
        if (shape.rank() != strides.length) {
            throw new PickleReader.Misfit("a tensor has shape " + shape + " and " + strides.length + " strides");
        }
        long end = offset;
        try {
            for (int i = 0; i < strides.length; i++) {
                if (strides[i] < 0) {
                    throw new PickleReader.Misfit("a tensor has the stride " + strides[i] + "; none is negative");
                }
                end = Math.addExact(end, Math.multiplyExact(Math.max(0, shape.dim(i) - 1), strides[i]));
            }
            Math.multiplyExact(shape.elements(), dtype.bytes());
            end = shape.elements() == 0 ? 0 : Math.multiplyExact(Math.addExact(end, 1), dtype.bytes());
        } catch (ArithmeticException e) {
            end = Long.MAX_VALUE;
        }
        if (offset < 0 || end > bytes) {
            throw new PickleReader.Misfit("a tensor " + dtype + " of shape " + shape + " with strides "
                    + Arrays.toString(strides) + " from element " + offset + " reaches over the " + bytes
                    + " bytes of storage \"" + key + "\"");
        }
        return new StoredTensor(this, dtype, shape, offset, strides);
    }

    Tensor read(DType dtype, Shape shape, long offset, long[] strides, Device device) throws IOException {
        long wanted = shape.elements() * dtype.bytes();
        if (wanted > expansionLimit) {
            throw file.origin().error("has a tensor " + dtype + " of shape " + shape + ", which repeats the " + bytes
                    + " bytes of storage \"" + key + "\" to " + wanted + "; at most " + expansionLimit
                    + " are accepted for a file of " + file.size() + " bytes");
        }
        if (wanted == 0) {
            return Tensors.fromHost(MemorySegment.NULL, dtype, shape, device);
        }
        Source from = source;
        if (from == null) {
            throw new IllegalStateException("storage \"" + key + "\" of " + file.origin().path() + " has no place");
        }
        return file.read(() -> {
            try (ZipArchive.Content content = from.open()) {
                MemorySegment stored = content.memory();
                if (Arrays.equals(strides, shape.contiguousStrides())) {
                    return HostBytes.toTensor(stored.asSlice(offset * dtype.bytes(), wanted), order, dtype, shape,
                            device);
                }
                try (HostBytes.Block block = HostBytes.Block.of(wanted)) {
                    HostBytes.gather(stored, offset, strides, shape, dtype.bytes(), block.memory());
                    HostBytes.toNative(block.memory(), order, dtype);
                    return Tensors.fromHost(block.memory(), dtype, shape, device);
                }
            }
        });
    }
}
