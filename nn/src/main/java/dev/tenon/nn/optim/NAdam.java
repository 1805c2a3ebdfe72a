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

/// [Adam] with Nesterov's momentum, by a momentum schedule mu(t) = beta1 (1 - 0.96^(t momentumDecay) / 2):
///
/// ```text
/// g = gradient + weightDecay p
/// m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²,   M(t) = mu(1) ... mu(t)
/// d = √(v / (1 - beta2^t)) + epsilon
/// p = p - lr (1 - mu(t)) / (1 - M(t)) g / d - lr mu(t+1) / (1 - M(t+1)) m / d
/// ```
///
/// Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016.
public final class NAdam extends ElementwiseOptimizer {
    /// The settings of [NAdam].
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

        /// With another rate at which the momentum approaches beta1.
        public Options momentumDecay(double v) {
            return with("momentumDecay", v, 0, Double.MAX_VALUE);
        }

        /// With weight decay apart from the gradient: p is multiplied by 1 - lr weightDecay before each step.
        public Options decoupledWeightDecay(boolean on) {
            return with("decoupledWeightDecay", on);
        }
    }

    /// Settings: betas 0.9 and 0.999, epsilon 1e-8, momentumDecay 0.004, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("beta1", 0.9, "beta2", 0.999, "epsilon", 1e-8, "momentumDecay", 4e-3,
                "weightDecay", 0.0, "decoupledWeightDecay", 0.0, "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 2e-3.
    public NAdam(List<Parameter> parameters) {
        this(parameters, options(2e-3));
    }

    /// With the usual settings.
    public NAdam(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public NAdam(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "decoupledWeightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("expAvg", "expAvgSq");
    }

    private static double momentum(ParameterGroup g, long step) {
        return g.get("beta1") * (1 - 0.5 * Math.pow(0.96, step * g.get("momentumDecay")));
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        double beta1 = g.get("beta1");
        double beta2 = g.get("beta2");
        double now = momentum(g, step);
        double next = momentum(g, step + 1);
        double product = state.number("momentumProduct", 1) * now;
        state.setNumber("momentumProduct", product);
        return List.of(new Number("weightDecay", g.get("weightDecay")),
                new Number("keep", 1 - g.lr() * g.get("weightDecay")),
                new Number("beta1", beta1), new Number("oneMinusBeta1", 1 - beta1),
                new Number("beta2", beta2), new Number("oneMinusBeta2", 1 - beta2),
                new Number("correction2", 1 - Math.pow(beta2, step)), new Number("epsilon", g.get("epsilon")),
                new Number("ofGradient", g.lr() * (1 - now) / (1 - product)),
                new Number("ofMomentum", g.lr() * next / (1 - product * next)));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.gradient();
        if (t.is("decoupledWeightDecay")) {
            p = mul(p, t.number("keep"));
        } else if (t.is("weightDecay")) {
            g = add(g, mul(p, t.number("weightDecay")));
        }
        Expr m = add(mul(t.state("expAvg"), t.number("beta1")), mul(g, t.number("oneMinusBeta1")));
        Expr v = add(mul(t.state("expAvgSq"), t.number("beta2")), mul(mul(g, g), t.number("oneMinusBeta2")));
        Expr d = add(unary(UnaryFn.SQRT, div(v, t.number("correction2"))), t.number("epsilon"));
        Expr step = add(mul(g, t.number("ofGradient")), mul(m, t.number("ofMomentum")));
        return List.of(sub(p, div(step, d)), m, v);
    }
}
