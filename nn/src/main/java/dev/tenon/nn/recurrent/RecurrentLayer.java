package dev.tenon.nn.recurrent;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Dropouts;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Recurrences.Cell;
import dev.tenon.nn.functional.Recurrences.State;
import dev.tenon.nn.functional.Recurrences.Weights;
import dev.tenon.nn.init.Init;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the recurrent layers have in common. Parameters have PyTorch's names: for layer k, `weight_ih_lk`
/// `[gates hidden, in]`, `weight_hh_lk` `[gates hidden, hidden]`, `bias_ih_lk`, `bias_hh_lk` `[gates hidden]`, and
/// `..._reverse` for the second direction. All start uniform within ± 1 / √hidden.
///
/// Sequences are `[time, n, in]`, `[n, time, in]` with `batchFirst`, or `[time, in]` for a single one. States are
/// `[layers directions, n, hidden]`, or without n. Where lengths are given, `[n]`, sequence i ends after length i: what
/// follows counts for nothing and gives zeros, and the last state is that at the sequence's own end.
public abstract sealed class RecurrentLayer extends Module permits RNN, LSTM, GRU {
    private record Part(Parameter input, Parameter hidden, @Nullable Parameter inputBias,
            @Nullable Parameter hiddenBias) {
        Weights weights() {
            return new Weights(input.get(), hidden.get(), inputBias == null ? null : inputBias.get(),
                    hiddenBias == null ? null : hiddenBias.get());
        }
    }

    private final Cell cell;
    private final boolean hasMemory;
    private final long inputSize;
    private final long hiddenSize;
    private final RecurrentOptions options;
    private final List<Part> parts = new ArrayList<>();

    RecurrentLayer(Cell cell, int gates, long inputSize, long hiddenSize, RecurrentOptions options) {
        if (inputSize < 1 || hiddenSize < 1) {
            throw new TensorException(getClass().getSimpleName() + ": input size " + inputSize + ", hidden size "
                    + hiddenSize + ": expected at least 1");
        }
        this.cell = cell;
        this.hasMemory = this instanceof LSTM;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        this.options = options;
        int directions = options.directions();
        for (int l = 0; l < options.numLayers(); l++) {
            long in = l == 0 ? inputSize : directions * hiddenSize;
            for (int d = 0; d < directions; d++) {
                String suffix = "_l" + l + (d == 1 ? "_reverse" : "");
                parts.add(new Part(
                        parameter("weight_ih" + suffix, Shape.of(gates * hiddenSize, in)),
                        parameter("weight_hh" + suffix, Shape.of(gates * hiddenSize, hiddenSize)),
                        options.bias() ? parameter("bias_ih" + suffix, Shape.of(gates * hiddenSize)) : null,
                        options.bias() ? parameter("bias_hh" + suffix, Shape.of(gates * hiddenSize)) : null));
            }
        }
    }

    private Parameter parameter(String name, Shape shape) {
        double limit = 1 / Math.sqrt(hiddenSize);
        return registerParameter(name, Parameter.create(shape, t -> Init.uniform(t, -limit, limit)));
    }

    /// The width of the input.
    public final long inputSize() {
        return inputSize;
    }

    /// The width of the state.
    public final long hiddenSize() {
        return hiddenSize;
    }

    /// The settings.
    public final RecurrentOptions options() {
        return options;
    }

    /// The outputs of the whole sequence for a first state of zeros, without the last state: so that the layer fits
    /// into a `Sequential`.
    @Override
    public final Tensor forward(Tensor x) {
        return compute(Arrays.asList(x, null, null, null)).getFirst();
    }

    /// Runs the hooks around [#compute].
    final List<Tensor> run(Tensor x, @Nullable Tensor hidden, @Nullable Tensor memory, @Nullable Tensor lengths) {
        @Nullable Tensor[] all = {x, hidden, memory, lengths};
        List<Tensor> given = new ArrayList<>();
        for (Tensor t : all) {
            if (t != null) {
                given.add(t);
            }
        }
        return callHooked(given, in -> {
            @Nullable Tensor[] used = new Tensor[4];
            for (int i = 0, k = 0; i < 4; i++) {
                used[i] = all[i] == null ? null : in.get(k++);
            }
            return compute(Arrays.asList(used));
        });
    }

    /// @param in the sequence, and, where there are any, the first state, the first memory, the lengths
    /// @return the outputs, the last state, and the last memory where there is one
    private List<Tensor> compute(List<@Nullable Tensor> in) {
        Tensor given = in.getFirst();
        if (given == null || given.rank() != 2 && given.rank() != 3 || given.size(-1) != inputSize) {
            throw new TensorException(name() + ": input " + (given == null ? "none" : given.shape())
                    + ": expected " + (options.batchFirst() ? "[n, time, " : "[time, n, ") + inputSize
                    + "], or [time, " + inputSize + "] for a single sequence");
        }
        boolean single = given.rank() == 2;
        int batchAxis = options.batchFirst() ? 0 : 1;
        Tensor x = single ? given.unsqueeze(1) : options.batchFirst() ? given.transpose(0, 1) : given;
        Tensor hidden = state(in.get(1), x, single, "state");
        Tensor memory = hasMemory ? state(in.get(2), x, single, "memory") : null;
        long steps = x.size(0);
        Tensor lengths = in.get(3);
        Tensor valid = null;
        if (lengths != null) {
            long[] all = checked(lengths, x);
            long longest = Arrays.stream(all).max().orElse(1);
            x = x.narrow(0, 0, longest);
            if (Arrays.stream(all).anyMatch(l -> l < longest)) {
                valid = Tensors.arange(0, longest, 1, DType.I64, x.device()).unsqueeze(1)
                        .lt(lengths.to(DType.I64).to(x.device())).unsqueeze(2);
                x = x.maskedFill(valid.logicalNot(), 0);
            }
        }
        List<Tensor> lastHidden = new ArrayList<>();
        List<Tensor> lastMemory = new ArrayList<>();
        int directions = options.directions();
        for (int l = 0; l < options.numLayers(); l++) {
            if (l > 0) {
                x = Dropouts.dropout(x, options.dropout(), isTraining(), options.generator());
            }
            List<Tensor> outputs = new ArrayList<>();
            for (int d = 0; d < directions; d++) {
                int k = l * directions + d;
                State first = new State(hidden.select(0, k), memory == null ? null : memory.select(0, k));
                var s = Recurrences.layer(cell, x, first, parts.get(k).weights(), d == 1, valid);
                outputs.add(s.outputs());
                lastHidden.add(s.last().hidden());
                Tensor m = s.last().memory();
                if (m != null) {
                    lastMemory.add(m);
                }
            }
            x = directions == 1 ? outputs.getFirst() : Tensors.cat(-1, outputs);
        }
        if (x.size(0) < steps) {
            x = Tensors.pad(x, 0, 0, 0, 0, 0, 0, steps - x.size(0));
        }
        List<Tensor> out = new ArrayList<>();
        out.add(single ? x.squeeze(1) : batchAxis == 0 ? x.transpose(0, 1) : x);
        for (List<Tensor> last : List.of(lastHidden, lastMemory)) {
            if (!last.isEmpty()) {
                Tensor s = Tensors.stack(0, last);
                out.add(single ? s.squeeze(1) : s);
            }
        }
        return out;
    }

    private Tensor state(@Nullable Tensor given, Tensor x, boolean single, String what) {
        Shape expected = Shape.of((long) options.numLayers() * options.directions(), x.size(1), hiddenSize);
        if (given == null) {
            return Tensors.zeros(expected, x.dtype(), x.device());
        }
        Tensor s = single && given.rank() == 2 ? given.unsqueeze(1) : given;
        if (!s.shape().equals(expected)) {
            throw new TensorException(name() + ": " + what + " " + given.shape() + ": expected "
                    + (single ? expected.without(1) : expected) + " ([layers * directions, n, hidden])");
        }
        return s;
    }

    /// @return the lengths
    private long[] checked(Tensor lengths, Tensor x) {
        if (!lengths.shape().equals(Shape.of(x.size(1))) || !lengths.dtype().isIntegral()) {
            throw new TensorException(name() + ": lengths " + lengths.type() + " for " + x.size(1)
                    + " sequences: expected integers [" + x.size(1) + "]");
        }
        long[] all = lengths.toLongArray();
        for (long l : all) {
            if (l < 1 || l > x.size(0)) {
                throw new TensorException(name() + ": length " + l + " of a sequence of at most " + x.size(0)
                        + " steps: expected 1 to " + x.size(0));
            }
        }
        return all;
    }

    private String name() {
        return getClass().getSimpleName();
    }

    /// One for each step, sequence and element of a weight matrix.
    @Override
    public final long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        long perStep = parts.stream().mapToLong(p -> p.input.elements() + p.hidden.elements()).sum();
        return inputs.getFirst().elements() / inputSize * perStep;
    }

    @Override
    protected final String settings() {
        return inputSize + ", " + hiddenSize + options.text();
    }
}
