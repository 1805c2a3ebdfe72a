package dev.tenon.nn.functional;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Recurrent cells, and one layer of them over a sequence.
public final class Recurrences {
    private Recurrences() {}

    /// What a cell computes with: maps of the input and of the state, and their shifts (or null).
    public record Weights(Tensor input, Tensor hidden, @Nullable Tensor inputBias, @Nullable Tensor hiddenBias) {}

    /// The state of a cell: its output, and for an LSTM what it remembers.
    public record State(Tensor hidden, @Nullable Tensor memory) {}

    /// One step of a cell, given the input already mapped.
    public interface Cell {
        /// The next state.
        State step(Tensor mapped, State state, Weights weights);
    }

    /// f(W x + b + R h + c), by default with tanh (Elman, 1990).
    public static Cell rnn(UnaryOperator<Tensor> f) {
        return (mapped, s, w) -> new State(f.apply(mapped.add(ofHidden(s, w))), null);
    }

    /// The gated recurrent unit (Cho et al., 2014); gates in the order reset, update, new.
    public static final Cell GRU = (mapped, s, w) -> {
        List<Tensor> x = mapped.chunk(3, -1);
        List<Tensor> h = ofHidden(s, w).chunk(3, -1);
        Tensor reset = x.get(0).add(h.get(0)).sigmoid();
        Tensor update = x.get(1).add(h.get(1)).sigmoid();
        Tensor next = x.get(2).add(reset.mul(h.get(2))).tanh();
        return new State(next.add(update.mul(s.hidden.sub(next))), null);
    };

    /// Long short-term memory (Hochreiter and Schmidhuber, 1997); gates in the order input, forget, cell, output.
    public static final Cell LSTM = (mapped, s, w) -> {
        Tensor memory = s.memory;
        if (memory == null) {
            throw new TensorException("lstm: the state has no memory cell");
        }
        List<Tensor> gates = mapped.add(ofHidden(s, w)).chunk(4, -1);
        Tensor kept = gates.get(1).sigmoid().mul(memory);
        Tensor next = kept.add(gates.get(0).sigmoid().mul(gates.get(2).tanh()));
        return new State(gates.get(3).sigmoid().mul(next.tanh()), next);
    };

    private static Tensor ofHidden(State s, Weights w) {
        return Linears.linear(s.hidden, w.hidden, w.hiddenBias);
    }

    /// One step of a cell for an input `[n, in]` (or `[in]`).
    public static State step(Cell cell, Tensor x, State state, Weights weights) {
        return cell.step(Linears.linear(x, weights.input, weights.inputBias), state, weights);
    }

    /// The outputs of a layer over a sequence, and its last state.
    public record Sequence(Tensor outputs, State last) {}

    /// A layer of cells over a sequence `[time, n, in]`: the inputs of all steps are mapped at once.
    ///
    /// @param backwards whether it runs from the last step to the first
    /// @return outputs `[time, n, hidden]` in the order of the sequence
    public static Sequence layer(Cell cell, Tensor x, State first, Weights weights, boolean backwards) {
        Tensor mapped = Linears.linear(x, weights.input, weights.inputBias);
        long steps = x.size(0);
        List<Tensor> outputs = new ArrayList<>();
        State state = first;
        for (long t = 0; t < steps; t++) {
            state = cell.step(mapped.select(0, backwards ? steps - 1 - t : t), state, weights);
            outputs.add(backwards ? 0 : outputs.size(), state.hidden);
        }
        return new Sequence(Tensors.stack(0, outputs), state);
    }
}
