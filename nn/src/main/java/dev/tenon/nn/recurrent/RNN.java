package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A recurrent network of tanh or ReLU units: h = f(W x + b + R h + c) (Elman, 1990). See [RecurrentLayer] for parameters and shapes.
public final class RNN extends RecurrentLayer {
    /// One layer in one direction, `[time, n, in]`.
    public RNN(long inputSize, long hiddenSize) {
        this(inputSize, hiddenSize, new RecurrentOptions());
    }

    /// Layers as given, of tanh.
    public RNN(long inputSize, long hiddenSize, RecurrentOptions options) {
        this(inputSize, hiddenSize, Nonlinearity.TANH, options);
    }

    /// Layers as given.
    public RNN(long inputSize, long hiddenSize, Nonlinearity nonlinearity, RecurrentOptions options) {
        super(nonlinearity.cell, 1, inputSize, hiddenSize, options);
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
