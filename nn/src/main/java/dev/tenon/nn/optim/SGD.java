package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;

import dev.tenon.api.op.Expr;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;

/// Stochastic gradient descent, with momentum m and Nesterov's variant where asked for:
///
/// ```text
/// g = gradient + weightDecay p
/// b = g at the first step, then m b + (1 - dampening) g
/// p = p - lr b          (Nesterov: p - lr (g + m b))
/// ```
///
/// Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
public final class SGD extends ElementwiseOptimizer {
    /// The settings of [SGD].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With momentum, at least 0.
        public Options momentum(double v) {
            return with("momentum", v, 0, Double.MAX_VALUE);
        }

        /// With momentum that takes in only 1 - dampening of the gradient.
        public Options dampening(double v) {
            return with("dampening", v, -Double.MAX_VALUE, Double.MAX_VALUE);
        }

        /// With Nesterov's momentum.
        public Options nesterov(boolean on) {
            return with("nesterov", on);
        }
    }

    /// Settings: the learning rate as given, all else 0.
    public static Options options(double lr) {
        return new Options(Map.of("momentum", 0.0, "dampening", 0.0, "weightDecay", 0.0, "nesterov", 0.0, "maximize",
                0.0)).lr(lr);
    }

    /// Plain gradient descent.
    public SGD(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    ///
    /// @throws IllegalArgumentException if Nesterov's variant is asked for without momentum or with dampening
    public SGD(List<Parameter> parameters, Options options) {
        super(parameters, checked(options));
    }

    private static Options checked(Options o) {
        Map<String, Double> v = o.values();
        boolean plain = v.getOrDefault("momentum", 0.0) == 0 || v.getOrDefault("dampening", 0.0) != 0;
        if (v.getOrDefault("nesterov", 0.0) != 0 && plain) {
            throw new IllegalArgumentException("SGD: nesterov needs momentum above 0 and dampening 0, got " + v);
        }
        return o;
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "momentum", "weightDecay", "nesterov", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return switches.contains("momentum") ? List.of("momentum") : List.of();
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return List.of(new Number("lr", g.lr()), new Number("weightDecay", g.get("weightDecay")),
                new Number("momentum", g.get("momentum")),
                new Number("take", step == 1 ? 1 : 1 - g.get("dampening")));
    }

    @Override
    protected List<Expr> formula(Terms t) {
        Expr p = t.parameter();
        Expr g = t.is("weightDecay") ? add(t.gradient(), mul(p, t.number("weightDecay"))) : t.gradient();
        if (!t.is("momentum")) {
            return List.of(sub(p, mul(g, t.number("lr"))));
        }
        Expr b = add(mul(t.state("momentum"), t.number("momentum")), mul(g, t.number("take")));
        Expr direction = t.is("nesterov") ? add(g, mul(b, t.number("momentum"))) : b;
        return List.of(sub(p, mul(direction, t.number("lr"))), b);
    }
}
