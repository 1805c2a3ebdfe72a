package dev.tenon.data;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The rows of tensors as samples, as PyTorch's `TensorDataset`: sample i is row i of each. The values are copied to
/// the host when this is made; later changes of the tensors do not show.
///
/// [#get] gives the first two tensors' rows; a data set of one tensor has no target and is for [DataLoader] only.
public final class TensorDataset implements Dataset<Sample>, BatchSource {
    private final long size;
    private final List<Field> fields;
    private final List<MemorySegment> memory;

    /// @param tensors at least one, all of the same extent along axis 0
    /// @throws IllegalArgumentException if there is none, one is a scalar, or the extents differ
    public TensorDataset(Tensor... tensors) {
        if (tensors.length == 0) {
            throw new IllegalArgumentException("a tensor data set needs at least one tensor");
        }
        for (Tensor t : tensors) {
            if (t.rank() == 0 || tensors[0].rank() == 0 || t.size(0) != tensors[0].size(0)) {
                throw new IllegalArgumentException("a tensor data set needs tensors with as many rows each, got shapes "
                    + List.of(tensors).stream().map(x -> x.shape().toString()).toList());
            }
        }
        size = tensors[0].size(0);
        List<Field> names = new ArrayList<>();
        List<MemorySegment> values = new ArrayList<>();
        Arena arena = Arena.ofAuto();
        for (int i = 0; i < tensors.length; i++) {
            Tensor t = tensors[i];
            names.add(new Field(i == 0 ? "input" : i == 1 ? "target" : "field" + i, t.dtype(), t.shape().without(0)));
            MemorySegment m = arena.allocate(Math.max(1, t.elements() * t.dtype().bytes()), 64);
            t.copyTo(m);
            values.add(m);
        }
        fields = List.copyOf(names);
        memory = List.copyOf(values);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    private MemorySegment row(int field, long index) {
        long bytes = fields.get(field).bytes();
        return memory.get(field).asSlice(Objects.checkIndex(index, size) * bytes, bytes);
    }

    /// @throws IllegalStateException if there is only one tensor
    @Override
    public Sample get(long index) {
        if (fields.size() < 2) {
            throw new IllegalStateException("a data set of one tensor has no targets; load it with a DataLoader");
        }
        return new Sample(array(0, index), array(1, index));
    }

    private HostArray array(int field, long index) {
        Field f = fields.get(field);
        Shape shape = f.shape();
        return new HostArray(f.dtype(), shape, row(field, index).asReadOnly());
    }

    @Override
    public void fill(long index, HostBatch into, int row) {
        for (int f = 0; f < fields.size(); f++) {
            into.row(f, row).copyFrom(row(f, index));
        }
    }
}
