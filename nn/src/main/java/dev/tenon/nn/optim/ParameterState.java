package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;

/// What an optimiser remembers of one parameter: how many steps it made, tensors such as running means, and numbers.
public final class ParameterState {
    private long step;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, Double> numbers = new LinkedHashMap<>();

    ParameterState() {}

    /// How many steps the parameter has made.
    public long step() {
        return step;
    }

    /// Counts a step.
    ///
    /// @return the number of this step, from 1
    long nextStep() {
        return ++step;
    }

    /// A state at the same step with the same numbers and no tensors.
    ParameterState numbersOnly() {
        ParameterState s = new ParameterState();
        s.step = step;
        s.numbers.putAll(numbers);
        return s;
    }

    void setStep(long n) {
        step = n;
    }

    /// The tensor of the given name, of the parameter's shape and on its device; made and filled at first use. It is
    /// stored in the arithmetic of the parameter's dtype: `F32` for 16-bit parameters.
    public Tensor tensor(String name, Parameter p, double initial) {
        Tensor t = tensors.get(name);
        if (t == null) {
            DType dtype = p.dtype().kind().dtype();
            // Made at once even inside a capture: it lives on from run to run.
            try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.recording(null)) {
                t = Tensors.full(p.shape(), initial, dtype, p.device());
            }
            tensors.put(name, t);
        } else if (t.device() != p.device()) {
            // The parameter has moved since.
            Tensor before = t;
            try (Context.Mode _ = Context.unscoped()) {
                t = before.to(p.device());
            }
            before.close();
            tensors.put(name, t);
        }
        return t;
    }

    /// A number, `initial` if it was never set.
    public double number(String name, double initial) {
        return numbers.getOrDefault(name, initial);
    }

    /// Sets a number.
    public void setNumber(String name, double value) {
        numbers.put(name, value);
    }

    Map<String, Tensor> tensors() {
        return tensors;
    }

    Map<String, Double> numbers() {
        return numbers;
    }
}
