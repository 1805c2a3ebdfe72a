package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;

/// Steps divided by the root of the sum of all squared gradients so far:
///
/// ```text
/// g = gradient + weightDecay p
/// s = s + g²
/// p = p - lr / (1 + (t - 1) lrDecay) g / (√s + epsilon)
/// ```
///
/// Source: Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.
public final class Adagrad extends ElementwiseOptimizer {
    /// The settings of [Adagrad].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With another number added to the denominator.
        public Options epsilon(double v) {
            return with("epsilon", v, 0, Double.MAX_VALUE);
        }

        /// With a learning rate that falls as 1 / (1 + (t - 1) lrDecay).
        public Options lrDecay(double v) {
            return with("lrDecay", v, 0, Double.MAX_VALUE);
        }

        /// With another value that the sum of squares starts at.
        public Options initialAccumulator(double v) {
            return with("initialAccumulator", v, 0, Double.MAX_VALUE);
        }
    }

    /// Settings: epsilon 1e-10, the sum starting at 0, no decay of rate or weights.
    public static Options options(double lr) {
        return new Options(Map.of("epsilon", 1e-10, "lrDecay", 0.0, "initialAccumulator", 0.0,
                "weightDecay", 0.0, "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 1e-2.
    public Adagrad(List<Parameter> parameters) {
        this(parameters, options(1e-2));
    }

    /// With the usual settings.
    public Adagrad(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Adagrad(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("sum");
    }

    @Override
    protected double initial(String stateName, ParameterGroup group) {
        return group.get("initialAccumulator");
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return List.of(new Number("lr", g.lr() / (1 + (step - 1) * g.get("lrDecay"))),
                new Number("weightDecay", g.get("weightDecay")), new Number("epsilon", g.get("epsilon")));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.is("weightDecay") ? add(t.gradient(), mul(p, t.number("weightDecay"))) : t.gradient();
        Expr s = add(t.state("sum"), mul(g, g));
        Expr d = div(g, add(unary(UnaryFn.SQRT, s), t.number("epsilon")));
        return List.of(sub(p, mul(d, t.number("lr"))), s);
    }
}
