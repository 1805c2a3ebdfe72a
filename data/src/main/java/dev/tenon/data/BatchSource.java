package dev.tenon.data;

import java.util.List;

/// Samples that can be written straight into the memory of a batch. The fast path of the [DataLoader]; a [Dataset]
/// that also implements this is loaded without an object per sample.
///
/// Methods are called by several threads at once.
public interface BatchSource {
    /// The number of samples.
    long size();

    /// What every sample consists of.
    List<Field> fields();

    /// Writes sample `index` into row `row`, every byte of every field. What is random about it comes from
    /// [HostBatch#random].
    void fill(long index, HostBatch into, int row) throws Exception;

    /// Writes the samples of the given indices into the rows from 0. Sources that read better in bulk override this.
    ///
    /// @throws SampleException if a sample fails
    default void fill(long[] indices, HostBatch into) throws Exception {
        for (int row = 0; row < indices.length; row++) {
            try {
                fill(indices[row], into, row);
            } catch (Throwable e) {
                throw new SampleException(Views.name(this), indices[row], e);
            }
        }
    }
}
