package dev.tenon.nn.recurrent;

import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Recurrences.Cell;

/// What a plain recurrent unit does to the sum of its inputs.
public enum Nonlinearity {
    /// The hyperbolic tangent.
    TANH(Recurrences.rnn(Tensor::tanh)),
    /// The larger of x and 0.
    RELU(Recurrences.rnn(Tensor::relu));

    final Cell cell;

    Nonlinearity(Cell cell) {
        this.cell = cell;
    }
}
