package dev.tenon.data;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// A batch in host memory, on its way to a device: for each [Field] the samples' elements one after the other,
/// row-major and in native byte order. Reused from batch to batch: whoever fills it must write every byte of every
/// row.
public final class HostBatch {
    private final List<Field> fields;
    private final List<MemorySegment> memory;
    private final int capacity;
    private long[] indices = new long[0];
    private long number;

    HostBatch(List<Field> fields, List<MemorySegment> memory, int capacity) {
        this.fields = fields;
        this.memory = memory;
        this.capacity = capacity;
    }

    void begin(long[] rows, long batchNumber) {
        if (rows.length > capacity) {
            throw new IllegalStateException(rows.length + " samples for a batch of at most " + capacity);
        }
        indices = rows;
        number = batchNumber;
    }

    /// The fields of a sample.
    public List<Field> fields() {
        return fields;
    }

    /// The number of samples in this batch.
    public int size() {
        return indices.length;
    }

    /// The number of the batch in its epoch, from 0.
    public long number() {
        return number;
    }

    /// The indices of the samples in the data set, row by row.
    public long[] indices() {
        return indices.clone();
    }

    /// The memory of a field: [#size()] rows.
    public MemorySegment memory(int field) {
        return memory.get(field).asSlice(0, size() * fields.get(field).bytes());
    }

    /// The memory of a field in one row.
    public MemorySegment row(int field, int row) {
        Objects.checkIndex(row, size());
        long bytes = fields.get(field).bytes();
        return memory.get(field).asSlice(row * bytes, bytes);
    }

    /// Copies an array into a row.
    ///
    /// @throws IllegalArgumentException if its dtype or shape is not the field's
    public void set(int field, int row, HostArray value) {
        Field f = fields.get(field);
        if (value.dtype() != f.dtype() || !value.shape().equals(f.shape())) {
            throw new IllegalArgumentException(f.name() + " is " + value.dtype() + value.shape() + ", but "
                + f.dtype() + f.shape() + " in the first sample; samples of a batch must have one dtype and shape:"
                + " pad, crop or convert them, or give a Collator");
        }
        row(field, row).copyFrom(value.memory());
    }

    @Override
    public String toString() {
        return "HostBatch[" + size() + " x " + fields + ", indices " + Arrays.toString(indices) + "]";
    }
}
