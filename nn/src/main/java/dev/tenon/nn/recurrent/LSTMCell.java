package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Recurrences;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One step of an [LSTM].
public final class LSTMCell extends RecurrentCell {
    /// A cell with shifts.
    public LSTMCell(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, true);
    }

    /// A cell.
    public LSTMCell(long inputSize, long hiddenSize, boolean bias) {
        super(Recurrences.LSTM, 4, inputSize, hiddenSize, bias);
    }

    /// The next state.
    ///
    /// @param state the state, of `[n, hidden]` each, or null for zeros
    public LSTM.State call(Tensor x, LSTM.@Nullable State state) {
        List<Tensor> out = step(x, state == null ? null : state.hidden(), state == null ? null : state.cell());
        return new LSTM.State(out.get(0), out.get(1));
    }
}
