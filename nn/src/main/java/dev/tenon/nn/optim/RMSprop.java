package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.div;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;
import static dev.tenon.api.op.Exprs.unary;

import dev.tenon.api.op.Expr;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Steps divided by the root of the running mean of squared gradients:
///
/// ```text
/// g = gradient + weightDecay p
/// v = alpha v + (1 - alpha) g²
/// d = g / (√v + epsilon)          (centered: √(v - a²) with a = alpha a + (1 - alpha) g)
/// p = p - lr d                    (momentum: b = momentum b + d, p = p - lr b)
/// ```
///
/// Source: Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centred: Graves, 2013.
public final class RMSprop extends ElementwiseOptimizer {
    /// The settings of [RMSprop].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With another decay rate of the running means.
        public Options alpha(double v) {
            return with("alpha", v, 0, Double.MAX_VALUE);
        }

        /// With another number added to the denominator.
        public Options epsilon(double v) {
            return with("epsilon", v, 0, Double.MAX_VALUE);
        }

        /// With momentum, at least 0.
        public Options momentum(double v) {
            return with("momentum", v, 0, Double.MAX_VALUE);
        }

        /// Divided by an estimate of the deviation rather than the root of the mean square.
        public Options centered(boolean on) {
            return with("centered", on);
        }
    }

    /// Settings: alpha 0.99, epsilon 1e-8, no momentum, no weight decay.
    public static Options options(double lr) {
        return new Options(Map.of("alpha", 0.99, "epsilon", 1e-8, "momentum", 0.0, "weightDecay", 0.0, "centered", 0.0,
                "maximize", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 0.01.
    public RMSprop(List<Parameter> parameters) {
        this(parameters, options(1e-2));
    }

    /// With the usual settings.
    public RMSprop(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public RMSprop(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "momentum", "weightDecay", "centered", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        List<String> names = new ArrayList<>(List.of("squareAvg"));
        if (switches.contains("momentum")) {
            names.add("momentum");
        }
        if (switches.contains("centered")) {
            names.add("gradAvg");
        }
        return names;
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return List.of(new Number("lr", g.lr()), new Number("weightDecay", g.get("weightDecay")),
                new Number("alpha", g.get("alpha")), new Number("oneMinusAlpha", 1 - g.get("alpha")),
                new Number("epsilon", g.get("epsilon")), new Number("momentum", g.get("momentum")));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.is("weightDecay") ? add(t.gradient(), mul(p, t.number("weightDecay"))) : t.gradient();
        Expr alpha = t.number("alpha");
        Expr v = add(mul(t.state("squareAvg"), alpha), mul(mul(g, g), t.number("oneMinusAlpha")));
        Expr a = g;
        Expr spread = v;
        if (t.is("centered")) {
            Expr before = t.state("gradAvg");
            a = add(before, mul(sub(g, before), t.number("oneMinusAlpha")));
            spread = sub(v, mul(a, a));
        }
        Expr d = div(g, add(unary(UnaryFn.SQRT, spread), t.number("epsilon")));
        List<Expr> out = new ArrayList<>(List.of(p, v));
        if (t.is("momentum")) {
            d = add(mul(t.state("momentum"), t.number("momentum")), d);
            out.add(d);
        }
        if (t.is("centered")) {
            out.add(a);
        }
        out.set(0, sub(p, mul(d, t.number("lr"))));
        return out;
    }
}
