package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Recurrences;
import org.jspecify.annotations.Nullable;

/// One step of a [GRU].
public final class GRUCell extends RecurrentCell {
    /// A cell with shifts.
    public GRUCell(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, true);
    }

    /// A cell.
    public GRUCell(long inputSize, long hiddenSize, boolean bias) {
        super(Recurrences.GRU, 3, inputSize, hiddenSize, bias);
    }

    /// The next state.
    ///
    /// @param hidden the state, or null for zeros
    public Tensor call(Tensor x, @Nullable Tensor hidden) {
        return step(x, hidden, null).getFirst();
    }
}
