package dev.tenon.data;

import dev.tenon.api.Tensor;
import java.util.List;

/// A batch on its device: for each [Field] a tensor with one more axis in front.
///
/// The tensors are made on the thread that takes the batch and belong to the [dev.tenon.api.Scope] open there; closing
/// the batch frees them at once.
///
/// @param tensors one per field
/// @param fields what they are
/// @param indices the samples' indices in the data set; not to be written to
/// @param epoch the number of the epoch, from 0
/// @param number the number of the batch in its epoch, from 0
public record Batch(List<Tensor> tensors, List<Field> fields, long[] indices, long epoch, long number)
        implements AutoCloseable {
    /// Copies the lists.
    public Batch {
        tensors = List.copyOf(tensors);
        fields = List.copyOf(fields);
    }

    /// The first field: what the model is given.
    public Tensor input() {
        return tensors.getFirst();
    }

    /// The second field: what the model should say.
    ///
    /// @throws IllegalStateException if samples have one field only
    public Tensor target() {
        if (tensors.size() < 2) {
            throw new IllegalStateException("samples of this data set have one field only: " + fields);
        }
        return tensors.get(1);
    }

    /// The number of samples.
    public int size() {
        return indices.length;
    }

    @Override
    public void close() {
        tensors.forEach(Tensor::close);
    }

    @Override
    public String toString() {
        return "Batch[" + number + " of epoch " + epoch + ": " + size() + " x " + fields + "]";
    }
}
