package dev.tenon.nn.recurrent;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Recurrences.Cell;
import dev.tenon.nn.functional.Recurrences.State;
import dev.tenon.nn.functional.Recurrences.Weights;
import dev.tenon.nn.init.Init;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the recurrent cells have in common: one step, for inputs `[n, in]` or `[in]` and states `[n, hidden]` or
/// `[hidden]`. Parameters: `weight_ih` `[gates hidden, in]`, `weight_hh` `[gates hidden, hidden]`, `bias_ih` and
/// `bias_hh` `[gates hidden]`, all of which start uniform within ± 1 / √hidden.
public abstract sealed class RecurrentCell extends Module permits RNNCell, LSTMCell, GRUCell {
    private final Cell cell;
    private final boolean hasMemory;
    private final Parameter input;
    private final Parameter hidden;
    private final @Nullable Parameter inputBias;
    private final @Nullable Parameter hiddenBias;

    RecurrentCell(Cell cell, int gates, long inputSize, long hiddenSize, boolean bias) {
        if (inputSize < 1 || hiddenSize < 1) {
            throw new TensorException(getClass().getSimpleName() + ": input size " + inputSize + ", hidden size "
                    + hiddenSize + ": expected at least 1");
        }
        this.cell = cell;
        this.hasMemory = this instanceof LSTMCell;
        double limit = 1 / Math.sqrt(hiddenSize);
        this.input = parameter("weight_ih", Shape.of(gates * hiddenSize, inputSize), limit);
        this.hidden = parameter("weight_hh", Shape.of(gates * hiddenSize, hiddenSize), limit);
        this.inputBias = bias ? parameter("bias_ih", Shape.of(gates * hiddenSize), limit) : null;
        this.hiddenBias = bias ? parameter("bias_hh", Shape.of(gates * hiddenSize), limit) : null;
    }

    private Parameter parameter(String name, Shape shape, double limit) {
        return registerParameter(name, Parameter.create(shape, t -> Init.uniform(t, -limit, limit)));
    }

    /// The next state for a state of zeros; of an LSTM cell, its output.
    @Override
    public final Tensor forward(Tensor x) {
        return compute(x, null, null).getFirst();
    }

    /// Runs the hooks around a step; the state is given as a whole or not at all.
    final List<Tensor> step(Tensor x, @Nullable Tensor state, @Nullable Tensor memory) {
        if (state == null) {
            return callHooked(List.of(x), in -> compute(in.getFirst(), null, null));
        }
        return memory == null
                ? callHooked(List.of(x, state), in -> compute(in.get(0), in.get(1), null))
                : callHooked(List.of(x, state, memory), in -> compute(in.get(0), in.get(1), in.get(2)));
    }

    private List<Tensor> compute(Tensor x, @Nullable Tensor state, @Nullable Tensor memory) {
        String name = getClass().getSimpleName();
        long in = input.shape().dim(1);
        if (x.rank() != 1 && x.rank() != 2 || x.size(-1) != in) {
            throw new TensorException(name + ": input " + x.shape() + ": expected [n, " + in + "] or [" + in + "]");
        }
        Shape expected = x.shape().with(-1, hidden.shape().dim(1));
        Tensor h = orZeros(state, expected, x);
        Tensor c = hasMemory ? orZeros(memory, expected, x) : null;
        Weights w = new Weights(input.get(), hidden.get(), inputBias == null ? null : inputBias.get(),
                hiddenBias == null ? null : hiddenBias.get());
        State next = Recurrences.step(cell, x, new State(h, c), w);
        Tensor m = next.memory();
        return m == null ? List.of(next.hidden()) : List.of(next.hidden(), m);
    }

    private Tensor orZeros(@Nullable Tensor given, Shape expected, Tensor x) {
        if (given == null) {
            return Tensors.zeros(expected, x.dtype(), x.device());
        }
        if (!given.shape().equals(expected)) {
            throw new TensorException(getClass().getSimpleName() + ": state " + given.shape() + " for input "
                    + x.shape() + ": expected " + expected);
        }
        return given;
    }

    /// One for each input vector and element of a weight matrix.
    @Override
    public final long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return inputs.getFirst().elements() / input.shape().dim(1) * (input.elements() + hidden.elements());
    }

    @Override
    protected final String settings() {
        return input.shape().dim(1) + ", " + hidden.shape().dim(1) + (inputBias == null ? ", bias=false" : "");
    }
}
