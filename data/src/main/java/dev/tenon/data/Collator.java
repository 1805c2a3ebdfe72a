package dev.tenon.data;

import java.util.List;

/// Turns samples of any type into rows of a batch; see [BatchCollator] for shapes that change from
/// batch to batch. Called by several threads at once.
///
/// @param <T> the type of a sample
public interface Collator<T> {
    /// The fields, as the first sample shows them; all others must fit.
    List<Field> fields(T first);

    /// Writes a sample into a row, every byte of every field.
    void write(T sample, HostBatch into, int row) throws Exception;

    /// The collator of [Sample]: two fields, `input` and `target`, of one shape each in all samples.
    static Collator<Sample> samples() {
        return new Collators.Samples();
    }

    /// The collator of plain arrays: one field, `input`.
    static Collator<HostArray> arrays() {
        return new Collators.Arrays();
    }

    /// The collator of samples whose inputs differ in their extent along axis 0, such as texts: every batch is as long
    /// as its longest input, and shorter ones are filled up. Fields: `input` [n, ...], `target`, and `length`, an
    /// `I64` that says how much of the input is not padding.
    ///
    /// @param longest where inputs are cut off; room for so much is taken for every batch
    /// @param padding what is put after the end of shorter inputs
    /// @throws IllegalArgumentException if `longest` is below 1
    static Collator<Sample> padded(int longest, double padding) {
        return new Collators.Padded(longest, padding);
    }
}
