package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;

/// [Adam] with the largest recent gradient in place of the root of the mean square:
///
/// ```text
/// g = gradient + weightDecay p
/// m = beta1 m + (1 - beta1) g,   u = max(beta2 u, |g| + epsilon)
/// p = p - lr / (1 - beta1^t) m / u
/// ```
///
/// Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 7.
public final class Adamax extends ElementwiseOptimizer {
    /// The settings of [Adamax].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With other decay rates of the running means of the gradient and its square.
        public Options betas(double beta1, double beta2) {
            return with("beta1", beta1, 0, Math.nextDown(1.0)).with("beta2", beta2, 0, Math.nextDown(1.0));
        }

        /// With another number added to the denominator.
        public Options epsilon(double v) {
            return with("epsilon", v, 0, Double.MAX_VALUE);
        }
    }

    /// Settings: betas 0.9 and 0.999, epsilon 1e-8, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("beta1", 0.9, "beta2", 0.999, "epsilon", 1e-8, "weightDecay", 0.0,
                "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 2e-3.
    public Adamax(List<Parameter> parameters) {
        this(parameters, options(2e-3));
    }

    /// With the usual settings.
    public Adamax(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Adamax(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("expAvg", "expInf");
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        double beta1 = g.get("beta1");
        return List.of(new Number("weightDecay", g.get("weightDecay")), new Number("beta1", beta1),
                new Number("oneMinusBeta1", 1 - beta1), new Number("beta2", g.get("beta2")),
                new Number("epsilon", g.get("epsilon")),
                new Number("stepSize", g.lr() / (1 - Math.pow(beta1, step))));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.is("weightDecay") ? add(t.gradient(), mul(p, t.number("weightDecay"))) : t.gradient();
        Expr m = add(mul(t.state("expAvg"), t.number("beta1")), mul(g, t.number("oneMinusBeta1")));
        Expr magnitude = add(unary(UnaryFn.ABS, g), t.number("epsilon"));
        Expr u = binary(BinaryFn.MAX, mul(t.state("expInf"), t.number("beta2")), magnitude);
        return List.of(sub(p, mul(div(m, u), t.number("stepSize"))), m, u);
    }
}
