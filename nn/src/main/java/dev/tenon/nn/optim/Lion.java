package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;

/// Steps of the same size in every element, by the sign of the momentum:
///
/// ```text
/// c = beta1 m + (1 - beta1) g
/// p = p - lr (sign(c) + weightDecay p)
/// m = beta2 m + (1 - beta2) g
/// ```
///
/// Source: Chen et al., "Symbolic discovery of optimization algorithms", 2023.
public final class Lion extends ElementwiseOptimizer {
    /// The settings of [Lion].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With other weights of the momentum in the step and in the new momentum.
        public Options betas(double beta1, double beta2) {
            return with("beta1", beta1, 0, Math.nextDown(1.0)).with("beta2", beta2, 0, Math.nextDown(1.0));
        }
    }

    /// Settings: betas 0.9 and 0.99, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("beta1", 0.9, "beta2", 0.99, "weightDecay", 0.0, "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 0.0001.
    public Lion(List<Parameter> parameters) {
        this(parameters, options(1e-4));
    }

    /// With the usual settings.
    public Lion(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Lion(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("expAvg");
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return List.of(new Number("lr", g.lr()), new Number("keep", 1 - g.lr() * g.get("weightDecay")),
                new Number("beta1", g.get("beta1")), new Number("oneMinusBeta1", 1 - g.get("beta1")),
                new Number("beta2", g.get("beta2")), new Number("oneMinusBeta2", 1 - g.get("beta2")));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.is("weightDecay") ? mul(t.parameter(), t.number("keep")) : t.parameter();
        Expr g = t.gradient();
        Expr m = t.state("expAvg");
        Expr c = add(mul(m, t.number("beta1")), mul(g, t.number("oneMinusBeta1")));
        Expr next = add(mul(m, t.number("beta2")), mul(g, t.number("oneMinusBeta2")));
        return List.of(sub(p, mul(unary(UnaryFn.SIGN, c), t.number("lr"))), next);
    }
}
