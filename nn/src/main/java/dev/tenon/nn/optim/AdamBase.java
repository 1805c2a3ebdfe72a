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
import java.util.ArrayList;
import java.util.List;

/// Adam with weight decay in either of its two places.
public abstract sealed class AdamBase extends ElementwiseOptimizer permits Adam, AdamW {
    private final boolean decoupled;

    AdamBase(List<Parameter> parameters, AdamOptions options, boolean decoupled) {
        super(parameters, options);
        this.decoupled = decoupled;
    }

    @Override
    protected final List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "amsgrad", "maximize");
    }

    @Override
    protected final List<String> states(List<String> switches) {
        return switches.contains("amsgrad") ? List.of("expAvg", "expAvgSq", "maxExpAvgSq")
                : List.of("expAvg", "expAvgSq");
    }

    @Override
    protected final List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return adamNumbers(g, g.lr(), decoupled, step);
    }

    static List<Number> adamNumbers(ParameterGroup g, double lr, boolean decoupled, long step) {
        double beta1 = g.get("beta1");
        double beta2 = g.get("beta2");
        double decay = g.get("weightDecay");
        return List.of(
                new Number("decay", decoupled ? 1 - lr * decay : decay),
                new Number("beta1", beta1),
                new Number("oneMinusBeta1", 1 - beta1),
                new Number("beta2", beta2),
                new Number("oneMinusBeta2", 1 - beta2),
                new Number("stepSize", lr / (1 - Math.pow(beta1, step))),
                new Number("correction2", Math.sqrt(1 - Math.pow(beta2, step))),
                new Number("epsilon", g.get("epsilon")));
    }

    @Override
    protected final List<Expr> formula(Terms t) {
        return adamFormula(t, decoupled);
    }

    static List<Expr> adamFormula(Terms t, boolean decoupled) {
        Expr p = t.parameter();
        Expr g = t.gradient();
        if (t.is("weightDecay")) {
            if (decoupled) {
                p = mul(p, t.number("decay"));
            } else {
                g = add(g, mul(p, t.number("decay")));
            }
        }
        Expr m = add(mul(t.state("expAvg"), t.number("beta1")), mul(g, t.number("oneMinusBeta1")));
        Expr v = add(mul(t.state("expAvgSq"), t.number("beta2")), mul(mul(g, g), t.number("oneMinusBeta2")));
        List<Expr> out = new ArrayList<>(List.of(p, m, v));
        Expr second = v;
        if (t.is("amsgrad")) {
            second = binary(BinaryFn.MAX, t.state("maxExpAvgSq"), v);
            out.add(second);
        }
        Expr root = div(unary(UnaryFn.SQRT, second), t.number("correction2"));
        out.set(0, sub(p, div(mul(m, t.number("stepSize")), add(root, t.number("epsilon")))));
        return out;
    }
}
