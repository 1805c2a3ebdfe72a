package dev.tenon.data;

import dev.tenon.api.Shape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/// A batch in host memory, on its way to a device: for each [Field] the samples' elements one after the other,
/// row-major and in native byte order. Reused from batch to batch: whoever fills it must write every byte of every
/// row.
public final class HostBatch {
    private static final long SAMPLE = 0x73616D706C650006L;

    private final List<Field> largest;
    private final List<MemorySegment> memory;
    private final int capacity;
    private List<Field> fields;
    private long[] indices = new long[0];
    private long number;
    private long seed;
    private long epoch;
    /// How much of the time it took to fill this batch went into collating.
    long collateNanos;

    HostBatch(List<Field> fields, List<MemorySegment> memory, int capacity) {
        this.largest = fields;
        this.fields = fields;
        this.memory = memory;
        this.capacity = capacity;
    }

    void begin(long[] rows, long batchNumber, long randomSeed, long epochNumber) {
        if (rows.length > capacity) {
            throw new IllegalStateException(rows.length + " samples for a batch of at most " + capacity);
        }
        indices = rows;
        number = batchNumber;
        seed = randomSeed;
        epoch = epochNumber;
        fields = largest;
        collateNanos = 0;
    }

    /// Random numbers for one sample, always from their beginning. They depend on the loader's seed, the epoch and the
    /// sample's index alone.
    public RandomGenerator random(int row) {
        return random(seed, epoch, indices[row]);
    }

    static RandomGenerator random(long seed, long epoch, long index) {
        SplitMix64 bits = SplitMix64.independent(seed, SAMPLE, epoch, index);
        return bits::nextLong;
    }

    /// Gives a field another shape in this batch; to be called before rows are written.
    ///
    /// @throws IllegalArgumentException if a sample would take more bytes than in the shape that the source announced
    public void resize(int field, Shape shape) {
        Field f = largest.get(field);
        Field changed = new Field(f.name(), f.dtype(), shape);
        if (changed.bytes() > f.bytes()) {
            throw new IllegalArgumentException("resize of " + f + " to " + shape + ": a sample may take at most "
                + f.bytes() + " bytes, as announced by the source of the batch, not " + changed.bytes());
        }
        List<Field> all = new ArrayList<>(fields);
        all.set(field, changed);
        fields = List.copyOf(all);
    }

    /// The fields of a sample in this batch.
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
