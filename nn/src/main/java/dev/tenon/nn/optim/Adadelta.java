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

/// Steps in the units of the parameter, by running means of squared gradients and squared steps:
///
/// ```text
/// g = gradient + weightDecay p
/// v = rho v + (1 - rho) g²
/// d = √(u + epsilon) / √(v + epsilon) g
/// u = rho u + (1 - rho) d²
/// p = p - lr d
/// ```
///
/// Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
public final class Adadelta extends ElementwiseOptimizer {
    /// The settings of [Adadelta].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With another decay rate of the running means.
        public Options rho(double v) {
            return with("rho", v, 0, 1);
        }

        /// With another number added to the denominator.
        public Options epsilon(double v) {
            return with("epsilon", v, 0, Double.MAX_VALUE);
        }
    }

    /// Settings: rho 0.9, epsilon 1e-6, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("rho", 0.9, "epsilon", 1e-6, "weightDecay", 0.0, "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 1.0.
    public Adadelta(List<Parameter> parameters) {
        this(parameters, options(1.0));
    }

    /// With the usual settings.
    public Adadelta(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Adadelta(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("squareAvg", "accDelta");
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return List.of(new Number("lr", g.lr()), new Number("weightDecay", g.get("weightDecay")),
                new Number("rho", g.get("rho")), new Number("oneMinusRho", 1 - g.get("rho")),
                new Number("epsilon", g.get("epsilon")));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.is("weightDecay") ? add(t.gradient(), mul(p, t.number("weightDecay"))) : t.gradient();
        Expr rho = t.number("rho");
        Expr epsilon = t.number("epsilon");
        Expr v = add(mul(t.state("squareAvg"), rho), mul(mul(g, g), t.number("oneMinusRho")));
        Expr u = t.state("accDelta");
        Expr roots = div(unary(UnaryFn.SQRT, add(u, epsilon)), unary(UnaryFn.SQRT, add(v, epsilon)));
        Expr d = mul(roots, g);
        Expr next = add(mul(u, rho), mul(mul(d, d), t.number("oneMinusRho")));
        return List.of(sub(p, mul(d, t.number("lr"))), v, next);
    }
}
