package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.binary;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.like;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.select;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;

/// [Adam] without its warm-up problem: while the second moment has been estimated from too few gradients to have a
/// finite variance, steps are plain momentum; after that they are scaled by the variance:
///
/// ```text
/// g = gradient + weightDecay p
/// m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g²,   m' = m / (1 - beta1^t)
/// R = 2 / (1 - beta2) - 1,   r = R - 2 t beta2^t / (1 - beta2^t)
/// p = p - lr m' √((r - 4)(r - 2) R / ((R - 4)(R - 2) r)) √(1 - beta2^t) / (√v + epsilon)    where r > 5
/// p = p - lr m'                                                                              elsewhere
/// ```
///
/// Source: Liu et al., "On the variance of the adaptive learning rate and beyond", 2020.
public final class RAdam extends ElementwiseOptimizer {
    /// The settings of [RAdam].
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

        /// With weight decay apart from the gradient: p is multiplied by 1 - lr weightDecay before each step.
        public Options decoupledWeightDecay(boolean on) {
            return with("decoupledWeightDecay", on);
        }
    }

    /// Settings: betas 0.9 and 0.999, epsilon 1e-8, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("beta1", 0.9, "beta2", 0.999, "epsilon", 1e-8, "weightDecay", 0.0,
                "decoupledWeightDecay", 0.0, "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 1e-3.
    public RAdam(List<Parameter> parameters) {
        this(parameters, options(1e-3));
    }

    /// With the usual settings.
    public RAdam(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public RAdam(List<Parameter> parameters, Options options) {
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

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        double beta1 = g.get("beta1");
        double beta2 = g.get("beta2");
        double all = 2 / (1 - beta2) - 1;
        double power = Math.pow(beta2, step);
        double r = all - 2 * step * power / (1 - power);
        boolean rectified = r > 5;
        double factor = !rectified ? 1
                : Math.sqrt((r - 4) * (r - 2) * all / ((all - 4) * (all - 2) * r)) * Math.sqrt(1 - power);
        return List.of(new Number("weightDecay", g.get("weightDecay")),
                new Number("keep", 1 - g.lr() * g.get("weightDecay")),
                new Number("beta1", beta1), new Number("oneMinusBeta1", 1 - beta1),
                new Number("beta2", beta2), new Number("oneMinusBeta2", 1 - beta2),
                new Number("rectified", rectified ? 1 : 0), new Number("epsilon", g.get("epsilon")),
                new Number("stepSize", g.lr() * factor / (1 - Math.pow(beta1, step))));
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
        Expr adaptive = div(m, add(unary(UnaryFn.SQRT, v), t.number("epsilon")));
        Expr rectified = t.number("rectified");
        Expr direction = select(binary(BinaryFn.GT, rectified, like(rectified, 0)), adaptive, m);
        return List.of(sub(p, mul(direction, t.number("stepSize"))), m, v);
    }
}
