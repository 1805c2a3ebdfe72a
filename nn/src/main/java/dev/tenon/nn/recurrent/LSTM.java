package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Recurrences;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Long short-term memory (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000), gates in the
/// order input, forget, cell, output:
///
/// i = σ(Wᵢ x + bᵢ + Rᵢ h + cᵢ), f and o likewise, g = tanh(...), memory = f memory + i g, h = o tanh(memory). See
/// [RecurrentLayer] for parameters and shapes.
public final class LSTM extends RecurrentLayer {
    /// A state.
    ///
    /// @param hidden the outputs of the cells, `[layers directions, n, hidden]`
    /// @param cell what they remember, of the same shape
    public record State(Tensor hidden, Tensor cell) {}

    /// What the layer gives.
    ///
    /// @param output the outputs of the last layer at each step, `[time, n, directions hidden]`, arranged as the input
    /// @param state the last state
    public record Output(Tensor output, State state) {}

    /// One layer in one direction, `[time, n, in]`.
    public LSTM(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, new RecurrentOptions());
    }

    /// Layers as given.
    public LSTM(long inputSize, long hiddenSize, RecurrentOptions options) {
        super(Recurrences.LSTM, 4, inputSize, hiddenSize, options);
    }

    /// Runs over sequences.
    ///
    /// @param x the sequences
    /// @param state the first state, or null for zeros
    public Output call(Tensor x, @Nullable State state) {
        return call(x, state, null);
    }

    /// Runs over sequences of different lengths.
    ///
    /// @param x the sequences, filled up to one length
    /// @param state the first state, or null for zeros
    /// @param lengths integers `[n]`, or null
    public Output call(Tensor x, @Nullable State state, @Nullable Tensor lengths) {
        List<Tensor> out = run(x, state == null ? null : state.hidden, state == null ? null : state.cell, lengths);
        return new Output(out.get(0), new State(out.get(1), out.get(2)));
    }
}
