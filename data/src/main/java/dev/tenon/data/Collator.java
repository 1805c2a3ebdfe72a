package dev.tenon.data;

import java.util.List;

/// Turns samples of any type into rows of a batch. Called by several threads at once.
///
/// @param <T> the type of a sample
public interface Collator<T> {
    /// The fields, as the first sample shows them; all others must fit.
    List<Field> fields(T first);

    /// Writes a sample into a row, every byte of every field.
    void write(T sample, HostBatch into, int row) throws Exception;

    /// The collator of [Sample]: two fields, `input` and `target`, of one shape each in all samples.
    static Collator<Sample> samples() {
        return new Collator<>() {
            @Override
            public List<Field> fields(Sample first) {
                return List.of(
                    new Field("input", first.input().dtype(), first.input().shape()),
                    new Field("target", first.target().dtype(), first.target().shape()));
            }

            @Override
            public void write(Sample sample, HostBatch into, int row) {
                into.set(0, row, sample.input());
                into.set(1, row, sample.target());
            }
        };
    }

    /// The collator of plain arrays: one field, `input`.
    static Collator<HostArray> arrays() {
        return new Collator<>() {
            @Override
            public List<Field> fields(HostArray first) {
                return List.of(new Field("input", first.dtype(), first.shape()));
            }

            @Override
            public void write(HostArray sample, HostBatch into, int row) {
                into.set(0, row, sample);
            }
        };
    }
}
