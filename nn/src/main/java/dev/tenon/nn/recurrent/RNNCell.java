package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import org.jspecify.annotations.Nullable;

/// One step of an [RNN].
public final class RNNCell extends RecurrentCell {
    /// A cell with tanh and shifts.
    public RNNCell(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, true, Nonlinearity.TANH);
    }

    /// A cell.
    public RNNCell(long inputSize, long hiddenSize, boolean bias, Nonlinearity nonlinearity) {
        super(nonlinearity.cell, 1, inputSize, hiddenSize, bias);
    }

    /// The next state.
    ///
    /// @param hidden the state, or null for zeros
    public Tensor call(Tensor x, @Nullable Tensor hidden) {
        return step(x, hidden, null).getFirst();
    }
}
