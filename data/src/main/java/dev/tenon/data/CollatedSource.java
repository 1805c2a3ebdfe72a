package dev.tenon.data;

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
            return dataset.get(0);
        } catch (Exception e) {
            throw new SampleException(0, e);
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
        collator.write(dataset.get(index), into, row);
    }
}
