package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Changes parameters by their gradients. Parameters come in groups with settings of their own.
///
/// ```java
/// var optimizer = new SGD(net.parameters(), SGD.options(0.1).momentum(0.9));
/// optimizer.zeroGrad();
/// crossEntropy(net.call(x), y).backward();
/// optimizer.step();
/// ```
public abstract class Optimizer {
    private final List<ParameterGroup> groups = new ArrayList<>();
    private final Map<Parameter, ParameterState> states = new IdentityHashMap<>();

    /// An optimiser with a first group.
    ///
    /// @throws IllegalArgumentException if there are no parameters, or one comes twice
    protected Optimizer(List<Parameter> parameters, Hyperparameters<?> options) {
        add(parameters, options.values());
    }

    private void add(List<Parameter> parameters, Map<String, Double> values) {
        if (parameters.isEmpty()) {
            throw new IllegalArgumentException("optimizer: no parameters: pass module.parameters()");
        }
        Map<Parameter, Boolean> seen = new IdentityHashMap<>();
        groups.forEach(g -> g.parameters().forEach(p -> seen.put(p, true)));
        for (Parameter p : parameters) {
            if (seen.put(p, true) != null) {
                throw new IllegalArgumentException("optimizer: " + p + " comes twice");
            }
        }
        groups.add(new ParameterGroup(parameters, values));
    }

    /// Adds a group with settings of its own, which must be of this optimiser's kind.
    ///
    /// @throws IllegalArgumentException if there are no parameters, one comes twice, or the settings are of another
    ///     kind
    public final void addGroup(List<Parameter> parameters, Hyperparameters<?> options) {
        if (!options.values().keySet().equals(groups.getFirst().values().keySet())) {
            throw new IllegalArgumentException("optimizer: settings " + options.values().keySet() + " for a group of "
                    + name() + ", which has " + groups.getFirst().values().keySet());
        }
        add(parameters, options.values());
    }

    private String name() {
        return getClass().getSimpleName();
    }

    /// The groups.
    public final List<ParameterGroup> groups() {
        return Collections.unmodifiableList(groups);
    }

    /// All parameters, group after group.
    public final List<Parameter> parameters() {
        return groups.stream().flatMap(g -> g.parameters().stream()).toList();
    }

    /// Clears the gradients.
    public final void zeroGrad() {
        zeroGrad(true);
    }

    /// Clears the gradients.
    ///
    /// @param setToNone whether their memory is given back, rather than filled with zeros
    public final void zeroGrad(boolean setToNone) {
        for (Parameter p : parameters()) {
            Tensor g = p.grad();
            if (g != null && setToNone) {
                p.zeroGrad();
            } else if (g != null) {
                try (Context.Mode _ = Context.noGrad()) {
                    g.zero_();
                }
            }
        }
    }

    /// Changes the parameters that have a gradient.
    public void step() {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            for (ParameterGroup group : groups) {
                for (Parameter p : group.parameters()) {
                    Tensor gradient = p.grad();
                    if (gradient != null) {
                        update(group, p, gradient, state(p));
                    }
                }
            }
        }
    }

    /// Computes the loss and its gradients by a closure, then changes the parameters. Optimisers that evaluate the loss
    /// several times a step call the closure as often.
    ///
    /// @param closure clears the gradients, computes the loss and calls `backward`
    /// @return the loss before the step
    public Tensor step(Supplier<Tensor> closure) {
        Tensor loss;
        try (Context.Mode _ = Context.gradients(true)) {
            loss = closure.get();
        }
        step();
        return loss;
    }

    /// Changes one parameter. Gradients are not tracked; what is made here and not kept is freed after the step.
    protected abstract void update(ParameterGroup group, Parameter p, Tensor gradient, ParameterState state);

    /// What is remembered of a parameter.
    protected final ParameterState state(Parameter p) {
        return states.computeIfAbsent(p, _ -> new ParameterState());
    }

    // --- saving

    /// The state: settings, step counts and what is remembered of each parameter.
    public final OptimizerState stateDict() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, Double> numbers = new LinkedHashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            String prefix = "group" + i + ".";
            groups.get(i).values().forEach((name, v) -> numbers.put(prefix + name, v));
        }
        List<Parameter> all = parameters();
        for (int i = 0; i < all.size(); i++) {
            ParameterState s = states.get(all.get(i));
            if (s != null) {
                String prefix = i + ".";
                s.tensors().forEach((name, t) -> tensors.put(prefix + name, t.alias()));
                s.numbers().forEach((name, v) -> numbers.put(prefix + name, v));
                numbers.put(prefix + "step", (double) s.step());
            }
        }
        return new OptimizerState(tensors, numbers);
    }

    /// Takes over a state that an optimiser of the same kind with as many groups and parameters gave: the next steps
    /// are then the same to the last bit.
    ///
    /// @throws IllegalArgumentException if the state does not fit; nothing has been changed
    public final void loadStateDict(OptimizerState state) {
        new OptimizerLoading(name(), groups, parameters(), state).into(states);
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder(name()).append(" (\n");
        for (int i = 0; i < groups.size(); i++) {
            s.append("  group ").append(i).append(": ").append(groups.get(i).parameters().size())
                    .append(" parameters, ").append(groups.get(i).values()).append('\n');
        }
        return s.append(')').toString();
    }
}
