package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.in;
import static dev.tenon.api.op.Exprs.mul;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Running means of a model's weights, a = decay a + (1 - decay) p, which often generalise better than the weights
/// themselves (Polyak and Juditsky, 1992).
///
/// ```java
/// var average = new ExponentialMovingAverage(net, 0.999);
/// // after each step of the optimiser:
/// average.update();
/// // to evaluate:
/// try (var _ = average.apply()) {
///     accuracy(net);
/// }
/// ```
///
/// Buffers, such as running statistics, are not averaged. The means of 16-bit parameters are held in 32 bits.
public final class ExponentialMovingAverage {
    private final Map<String, Parameter> parameters;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();
    private final double decay;
    private boolean applied;

    /// The means of all parameters of a module, starting at their values now.
    public ExponentialMovingAverage(Module module, double decay) {
        this(module.namedParameters(), decay);
    }

    /// The means of parameters by name, starting at their values now.
    ///
    /// @throws IllegalArgumentException if the decay is not from 0 to 1
    public ExponentialMovingAverage(Map<String, Parameter> parameters, double decay) {
        if (!(decay >= 0 && decay <= 1)) {
            throw new IllegalArgumentException("moving average: decay " + decay + ": expected 0 to 1");
        }
        this.parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        this.decay = decay;
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            this.parameters.forEach((name, p) -> averages.put(name, owned(p.get(), p)));
        }
    }

    private static Tensor owned(Tensor value, Parameter p) {
        DType work = p.dtype().kind().dtype();
        Tensor moved = value.to(p.device());
        Tensor converted = moved.to(work);
        if (converted != moved && moved != value) {
            moved.close();
        }
        return converted == value ? value.clone() : converted;
    }

    /// Takes in the present weights.
    ///
    /// @throws IllegalStateException while the means stand in for the weights
    public void update() {
        if (applied) {
            throw new IllegalStateException("moving average: update() while the averages stand in for the weights");
        }
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            parameters.forEach((name, p) -> {
                Tensor a = average(name, p);
                Kind kind = a.dtype().kind();
                Expr keep = mul(in(0, a.dtype()), new Expr.Param(kind, 0));
                Lambda body = Lambda.of(add(keep, mul(in(1, p.dtype()), new Expr.Param(kind, 1))), a.dtype());
                Dispatcher.applyInto(MapOp.of("moving_average", body, Scalars.of(decay, 1 - decay)),
                        List.of(a, p.get()), List.of(a));
            });
        }
    }

    /// The mean of a parameter, on its device and in its kind of arithmetic, wherever it has moved.
    private Tensor average(String name, Parameter p) {
        Tensor a = averages.get(name);
        if (a == null) {
            throw new IllegalStateException("moving average: nothing is kept of " + name);
        }
        if (a.device() == p.device() && a.dtype() == p.dtype().kind().dtype()) {
            return a;
        }
        try (Context.Mode _ = Context.unscoped()) {
            Tensor moved = owned(a, p);
            a.close();
            averages.put(name, moved);
            return moved;
        }
    }

    /// Puts the means in the place of the weights until closed; then the weights are as they were.
    ///
    /// @throws IllegalStateException if they stand there already
    public Context.Mode apply() {
        if (applied) {
            throw new IllegalStateException("moving average: apply() while the averages stand in for the weights");
        }
        List<Tensor> weights = new ArrayList<>();
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            parameters.forEach((name, p) -> {
                weights.add(p.get().clone());
                copy(average(name, p), p);
            });
        }
        applied = true;
        return () -> {
            if (!applied) {
                return;
            }
            applied = false;
            int i = 0;
            try (Context.Mode _ = Context.noGrad()) {
                for (Parameter p : parameters.values()) {
                    Tensor w = weights.get(i++);
                    copy(w, p);
                    w.close();
                }
            }
        };
    }

    /// Gives the parameters the values of the means for good, at the end of training.
    ///
    /// @throws IllegalStateException while the means stand in for the weights
    public void copyToParameters() {
        if (applied) {
            throw new IllegalStateException("moving average: copyToParameters() while the averages stand in for the"
                    + " weights");
        }
        try (Context.Mode _ = Context.noGrad()) {
            parameters.forEach((name, p) -> copy(average(name, p), p));
        }
    }

    private static void copy(Tensor from, Parameter to) {
        try (Scope _ = Scope.open()) {
            to.get().copy_(from.to(to.device()).to(to.dtype()));
        }
    }

    /// The means by name. They share memory with those kept here.
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        averages.forEach((name, t) -> out.put(name, t.alias()));
        return out;
    }

    /// Takes over means that [#stateDict()] gave.
    ///
    /// @throws IllegalArgumentException if names or shapes differ; nothing has been changed
    public void loadStateDict(Map<String, Tensor> state) {
        if (!state.keySet().equals(averages.keySet())) {
            throw new IllegalArgumentException("moving average: the state has " + state.keySet() + ", expected "
                    + averages.keySet());
        }
        state.forEach((name, t) -> {
            Tensor a = averages.get(name);
            if (a == null || !t.shape().equals(a.shape())) {
                throw new IllegalArgumentException("moving average: " + name + " has shape " + t.shape()
                        + " in the state, expected " + (a == null ? "none" : a.shape()));
            }
        });
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            state.forEach((name, t) -> {
                Tensor a = averages.get(name);
                if (a != null) {
                    a.copy_(t.to(a.device()).to(a.dtype()));
                }
            });
        }
    }
}
