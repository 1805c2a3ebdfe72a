package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// An optimiser whose step is one formula for each element: parameter, gradient and state go into one kernel, which
/// writes parameter and state in place. Numbers that change, such as the learning rate, are parameters of the kernel.
public abstract class ElementwiseOptimizer extends Optimizer {
    private record Key(List<String> states, List<String> switches, DType parameter, DType gradient) {}

    private final Map<Key, Lambda> formulas = new ConcurrentHashMap<>();

    /// An optimiser with a first group.
    ///
    /// @throws IllegalArgumentException if there are no parameters, or one comes twice
    protected ElementwiseOptimizer(List<Parameter> parameters, Hyperparameters<?> options) {
        super(parameters, options);
    }

    /// What the formula of a step is made of, all in the arithmetic of the parameter's dtype.
    public static final class Terms {
        private final Kind kind;
        private final DType parameter;
        private final DType gradient;
        private final List<String> states;
        private final List<String> numbers;
        private final List<String> switches;

        Terms(DType parameter, DType gradient, List<String> states, List<String> numbers, List<String> switches) {
            this.kind = parameter.kind();
            this.parameter = parameter;
            this.gradient = gradient;
            this.states = states;
            this.numbers = numbers;
            this.switches = switches;
        }

        /// The parameter.
        public Expr parameter() {
            return Exprs.in(0, parameter);
        }

        /// The gradient of what is to be minimised.
        public Expr gradient() {
            Expr g = Exprs.in(1, gradient, kind.dtype());
            return is("maximize") ? Exprs.neg(g) : g;
        }

        /// The state of the given name.
        public Expr state(String name) {
            return new Expr.Input(2 + at(states, name), kind);
        }

        /// The number of the given name.
        public Expr number(String name) {
            return new Expr.Param(kind, at(numbers, name));
        }

        /// Whether a switch is on: the formula may differ.
        public boolean is(String name) {
            return switches.contains(name);
        }

        private static int at(List<String> names, String name) {
            int i = names.indexOf(name);
            if (i < 0) {
                throw new IllegalArgumentException("no \"" + name + "\" among " + names);
            }
            return i;
        }
    }

    /// A number of the formula and its value at a step.
    public record Number(String name, double value) {}

    /// The switches that are on for a group: what decides which formula is used. `maximize` is one where the settings
    /// have it.
    protected abstract List<String> switches(ParameterGroup group);

    /// The names of the state tensors that the formula uses, for these switches. They start at [#initial].
    protected abstract List<String> states(List<String> switches);

    /// What each element of a state tensor starts at: 0 unless an optimiser says otherwise.
    protected double initial(String stateName, ParameterGroup group) {
        return 0;
    }

    /// The formula's numbers at a step: the same names in the same order at every step.
    ///
    /// @param step the number of this parameter's step, from 1
    protected abstract List<Number> numbers(ParameterGroup group, ParameterState state, long step);

    /// The formula: the new value of the parameter, then those of the states in their order.
    protected abstract List<Expr> formula(Terms t);

    @Override
    protected void update(ParameterGroup group, Parameter p, Tensor gradient, ParameterState state) {
        List<String> switches = switches(group);
        List<String> names = states(switches);
        // A capture learns the names of the numbers only: each run of its graph is a step and asks for their values.
        ParameterState counted = Context.isRecording() ? state.numbersOnly() : state;
        List<Number> numbers = numbers(group, counted, counted.nextStep());
        Tensor value = p.get();
        List<Tensor> in = new ArrayList<>(names.size() + 2);
        List<Tensor> out = new ArrayList<>(names.size() + 1);
        in.add(value);
        in.add(gradient);
        out.add(value);
        for (String name : names) {
            Tensor t = state.tensor(name, p, initial(name, group));
            in.add(t);
            out.add(t);
        }
        Scalars values = counted == state ? Scalars.of(values(numbers))
                : Scalars.perRun(numbers.size(), () -> values(numbers(group, state, state.nextStep())));
        Lambda body = formulas.computeIfAbsent(new Key(names, switches, value.dtype(), gradient.dtype()),
                k -> lambda(k, numbers));
        String op = getClass().getSimpleName().toLowerCase(Locale.ROOT) + "_step";
        Dispatcher.applyInto(MapOp.of(op, body, values), in, out);
    }

    private static double[] values(List<Number> numbers) {
        return numbers.stream().mapToDouble(Number::value).toArray();
    }

    private Lambda lambda(Key k, List<Number> numbers) {
        Terms t = new Terms(k.parameter, k.gradient, k.states,
                numbers.stream().map(Number::name).toList(), k.switches);
        List<DType> dtypes = new ArrayList<>();
        dtypes.add(k.parameter);
        k.states.forEach(_ -> dtypes.add(k.parameter.kind().dtype()));
        return Lambda.of(formula(t), dtypes);
    }

    /// Those of the named switches that are on in a group's settings.
    protected static List<String> on(ParameterGroup group, String... names) {
        List<String> out = new ArrayList<>(names.length);
        for (String n : names) {
            if (group.is(n)) {
                out.add(n);
            }
        }
        return out;
    }
}
