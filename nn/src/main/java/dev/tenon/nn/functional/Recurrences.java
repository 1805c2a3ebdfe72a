package dev.tenon.nn.functional;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Recurrent cells, and one layer of them over a sequence. What a cell computes with its gates is one elementwise op.
public final class Recurrences {
    /// Operands: the gates of the mapped input (reset, update, new), those of the mapped state, the state.
    private static final Formula GRU_GATES = new Formula("gru_cell", Rule.FLOAT, a -> {
        Expr reset = unary(UnaryFn.SIGMOID, add(a.x(0), a.x(3)));
        Expr update = unary(UnaryFn.SIGMOID, add(a.x(1), a.x(4)));
        Expr next = unary(UnaryFn.TANH, add(a.x(2), mul(reset, a.x(5))));
        return add(next, mul(update, sub(a.x(6), next)));
    });

    private Recurrences() {}

    /// What a cell computes with: maps of the input and of the state, and their shifts (or null).
    public record Weights(Tensor input, Tensor hidden, @Nullable Tensor inputBias, @Nullable Tensor hiddenBias) {
        /// The sum of both shifts in the place of the first: for cells that add what they are added to. Added to the
        /// inputs of all steps at once, it costs no step anything.
        Weights withOneBias() {
            return inputBias == null || hiddenBias == null ? this
                    : new Weights(input, hidden, inputBias.add(hiddenBias), null);
        }
    }

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
        List<Tensor> operands = new ArrayList<>(gates("gru", mapped, 3, s));
        operands.addAll(gates("gru", ofHidden(s, w), 3, s));
        operands.add(s.hidden);
        return new State(GRU_GATES.applyAll(operands), null);
    };

    /// Long short-term memory (Hochreiter and Schmidhuber, 1997); gates in the order input, forget, cell, output.
    public static final Cell LSTM = (mapped, s, w) -> {
        Tensor memory = s.memory;
        if (memory == null) {
            throw new TensorException("lstm: the state has no memory cell");
        }
        List<Tensor> operands = new ArrayList<>(gates("lstm", mapped.add(ofHidden(s, w)), 4, s));
        operands.add(memory);
        // Under autocast the gates are in 16 bits, and the memory stays as it is.
        Lambda body = Lstm.cell(operands.getFirst().dtype(), memory.dtype());
        List<Tensor> out = Dispatcher.apply(MapOp.of("lstm_cell", body), operands);
        return new State(out.get(0), out.get(1));
    };

    private static List<Tensor> gates(String op, Tensor mapped, int count, State s) {
        if (mapped.size(-1) != count * s.hidden.size(-1)) {
            throw new TensorException(op + ": state " + s.hidden.shape() + ", gates " + mapped.shape()
                    + ": expected " + count + " gates of the state's width");
        }
        return Parts.of(mapped, count, -1);
    }

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
        return layer(cell, x, first, weights, backwards, null);
    }

    /// A layer of cells over sequences of different lengths, `[time, n, in]`: what lies behind the end of a sequence
    /// changes no state and gives zeros, so that the last state is that at the sequence's own end, or, backwards, at
    /// its beginning, as with PyTorch's packed sequences.
    ///
    /// @param backwards whether it runs from the last step to the first
    /// @param valid which steps belong to the sequences, `BOOL`, `[time, n, 1]`; null for all
    /// @return outputs `[time, n, hidden]` in the order of the sequence
    public static Sequence layer(
            Cell cell, Tensor x, State first, Weights weights, boolean backwards, @Nullable Tensor valid) {
        int steps = (int) x.size(0);
        if (x.rank() != 3 || steps == 0) {
            throw new TensorException("recurrent layer: input " + x.shape()
                    + ": expected [time, n, in], time at least 1");
        }
        Weights w = cell == GRU ? weights : weights.withOneBias();
        Tensor all = Linears.linear(x, w.input, w.inputBias);
        if (valid == null && isWhole(cell, all, first, w)) {
            return lstm(all, first, w, backwards);
        }
        List<Tensor> mapped = Parts.of(all, steps, 0);
        Tensor[] outputs = new Tensor[steps];
        State state = first;
        for (int i = 0; i < steps; i++) {
            int t = backwards ? steps - 1 - i : i;
            State next = cell.step(mapped.get(t).squeeze(0), state, w);
            outputs[t] = next.hidden;
            if (valid == null) {
                state = next;
            } else {
                Tensor here = valid.select(0, t);
                Tensor memory = next.memory;
                Tensor before = state.memory;
                state = new State(next.hidden.where(here, state.hidden),
                        memory == null || before == null ? memory : memory.where(here, before));
            }
        }
        Tensor stacked = Tensors.stack(0, Arrays.asList(outputs));
        return new Sequence(valid == null ? stacked : stacked.maskedFill(valid.logicalNot(), 0), state);
    }

    /// Whether a layer is one op: an LSTM whose numbers are all of one dtype, which under autocast they are not.
    private static boolean isWhole(Cell cell, Tensor mapped, State first, Weights w) {
        DType d = mapped.dtype();
        Tensor memory = first.memory;
        return cell == LSTM && memory != null && w.hidden.dtype() == d && first.hidden.dtype() == d
                && memory.dtype() == d;
    }

    private static Sequence lstm(Tensor mapped, State first, Weights w, boolean backwards) {
        Tensor memory = Objects.requireNonNull(first.memory);
        Tensor shift = w.hiddenBias;
        Tensor x = shift == null ? mapped : mapped.add(shift);
        List<Tensor> out = Dispatcher.apply(new Lstm(backwards), List.of(x, w.hidden, first.hidden, memory));
        long last = backwards ? 0 : x.size(0) - 1;
        return new Sequence(out.get(0), new State(out.get(0).select(0, last), out.get(1).select(0, last)));
    }
}
