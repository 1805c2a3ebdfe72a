package dev.tenon.data;

import java.util.ArrayList;
import java.util.List;

/// The default path: one object per sample, written into the batch by a collator.
final class CollatedSource<T> implements BatchSource {
    private final Dataset<T> dataset;
    private final Collator<T> collator;
    private final List<Field> fields;

    CollatedSource(Dataset<T> dataset, Collator<T> collator) {
        this.dataset = dataset;
        this.collator = collator;
        this.fields = dataset.size() == 0 ? List.of() : List.copyOf(collator.fields(first()));
    }

    private T first() {
        try {
            return dataset.get(0, HostBatch.random(0, 0, 0));
        } catch (Exception e) {
            throw new SampleException(dataset.name(), 0, e);
        }
    }

    @Override
    public long size() {
        return dataset.size();
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public void fill(long index, HostBatch into, int row) throws Exception {
        write(dataset.get(index, into.random(row)), into, row);
    }

    private void write(T sample, HostBatch into, int row) throws Exception {
        long start = System.nanoTime();
        collator.write(sample, into, row);
        into.collateNanos += System.nanoTime() - start;
    }

    @Override
    public void fill(long[] indices, HostBatch into) throws Exception {
        if (!(collator instanceof BatchCollator<T> whole)) {
            BatchSource.super.fill(indices, into);
            return;
        }
        List<T> samples = new ArrayList<>();
        for (int row = 0; row < indices.length; row++) {
            try {
                samples.add(dataset.get(indices[row], into.random(row)));
            } catch (Throwable e) {
                throw new SampleException(dataset.name(), indices[row], e);
            }
        }
        whole.prepare(samples, into);
        for (int row = 0; row < indices.length; row++) {
            try {
                write(samples.get(row), into, row);
            } catch (Throwable e) {
                throw new SampleException(dataset.name(), indices[row], e);
            }
        }
    }

    @Override
    public String toString() {
        return dataset.name();
    }
}
