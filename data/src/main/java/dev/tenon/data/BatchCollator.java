package dev.tenon.data;

import java.util.List;

/// A collator that looks at all samples of a batch before it writes the first, for batches whose shape depends on
/// what is in them.
///
/// @param <T> the type of a sample
public interface BatchCollator<T> extends Collator<T> {
    /// Sees the samples of a batch, and may [resize][HostBatch#resize] its fields; [#write] follows for each.
    void prepare(List<T> samples, HostBatch into) throws Exception;
}
