package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Recurrences;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gated recurrent units (Cho et al., 2014), gates in the order reset, update, new:
///
/// r = σ(Wᵣ x + bᵣ + Rᵣ h + cᵣ), z likewise, n = tanh(Wₙ x + bₙ + r (Rₙ h + cₙ)), h = (1 - z) n + z h.
///
/// See [RecurrentLayer] for parameters and shapes.
public final class GRU extends RecurrentLayer {
    /// One layer in one direction, `[time, n, in]`.
    public GRU(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, new RecurrentOptions());
    }

    /// Layers as given.
    public GRU(long inputSize, long hiddenSize, RecurrentOptions options) {
        super(Recurrences.GRU, 3, inputSize, hiddenSize, options);
    }

    /// Runs over sequences.
    ///
    /// @param x the sequences
    /// @param hidden the first state, or null for zeros
    public RecurrentOutput call(Tensor x, @Nullable Tensor hidden) {
        return call(x, hidden, null);
    }

    /// Runs over sequences of different lengths.
    ///
    /// @param x the sequences, filled up to one length
    /// @param hidden the first state, or null for zeros
    /// @param lengths integers `[n]`, or null
    public RecurrentOutput call(Tensor x, @Nullable Tensor hidden, @Nullable Tensor lengths) {
        List<Tensor> out = run(x, hidden, null, lengths);
        return new RecurrentOutput(out.get(0), out.get(1));
    }
}
