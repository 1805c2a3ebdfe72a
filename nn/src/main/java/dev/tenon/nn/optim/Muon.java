package dev.tenon.nn.optim;

import static dev.tenon.api.op.Exprs.add;
import static dev.tenon.api.op.Exprs.in;
import static dev.tenon.api.op.Exprs.mul;
import static dev.tenon.api.op.Exprs.sub;

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
import java.util.List;
import java.util.Map;

/// Momentum whose singular values are all brought near 1, so that every direction of a matrix moves as far as any
/// other:
///
/// ```text
/// b = momentum b + (1 - momentum) g,   u = (1 - momentum) g + momentum b      (without nesterov: u = b)
/// X = u / max(|u|, epsilon);   5 times: A = X Xᵀ, X = 3.4445 X + (-4.775 A + 2.0315 A²) X
/// p = p (1 - lr weightDecay) - lr √(max(1, rows / columns)) X
/// ```
///
/// With `matchAdam` the last factor is 0.2 √(max(rows, columns)): steps are then as large as Adam's are, so that its
/// learning rates suit (Liu et al., "Muon is scalable for LLM training", 2025).
///
/// This is meant for the matrices inside of a network. What is done with others:
///
/// - Parameters of more than two axes (weights of convolutions) count as matrices of the first extent by the product of
///   the others.
/// - Parameters of fewer than two axes (biases, gains) take steps of [AdamW] with the learning rate lr vectorFactor.
/// - So do all parameters of groups with `orthogonal(false)`: use that for embeddings and for the last layer.
///
/// Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024. The iteration runs in the
/// arithmetic of the parameter's dtype, 32 bits for 16-bit ones.
public final class Muon extends ElementwiseOptimizer {
    private static final double A = 3.4445;
    private static final double B = -4.775;
    private static final double C = 2.0315;

    /// The settings of [Muon].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With another momentum, 0 to 1.
        public Options momentum(double v) {
            return with("momentum", v, 0, 1);
        }

        /// With or without Nesterov's momentum.
        public Options nesterov(boolean on) {
            return with("nesterov", on);
        }

        /// With another number of iterations.
        public Options iterations(int n) {
            return with("iterations", n, 1, 100);
        }

        /// With steps as large as Adam's.
        public Options matchAdam(boolean on) {
            return with("matchAdam", on);
        }

        /// Whether matrices are orthogonalised; if not, all parameters of the group take steps of [AdamW].
        public Options orthogonal(boolean on) {
            return with("orthogonal", on);
        }

        /// With another learning rate of [AdamW]'s steps, as a part of that of the matrices.
        public Options vectorFactor(double v) {
            return with("vectorFactor", v, 0, Double.MAX_VALUE);
        }

        /// With other decay rates in [AdamW]'s steps.
        public Options betas(double beta1, double beta2) {
            return with("beta1", beta1, 0, Math.nextDown(1.0)).with("beta2", beta2, 0, Math.nextDown(1.0));
        }

        /// With another number that norms count as at least, and that is added to [AdamW]'s denominator.
        public Options epsilon(double v) {
            return with("epsilon", v, 0, Double.MAX_VALUE);
        }
    }

    /// Settings: Nesterov's momentum 0.95, 5 iterations, weight decay 0.1, epsilon 1e-7; [AdamW]'s steps with betas 0.9
    /// and 0.95 and the same learning rate.
    public static Options options(double lr) {
        return new Options(Map.of("momentum", 0.95, "nesterov", 1.0, "iterations", 5.0, "matchAdam", 0.0,
                "orthogonal", 1.0, "vectorFactor", 1.0, "beta1", 0.9, "beta2", 0.95, "epsilon", 1e-7))
                .with("weightDecay", 0.1).maximize(false).lr(lr);
    }

    /// With the usual settings and a learning rate of 0.001.
    public Muon(List<Parameter> parameters) {
        this(parameters, options(1e-3));
    }

    /// With the usual settings.
    public Muon(List<Parameter> parameters, double lr) {
        this(parameters, options(lr));
    }

    /// With the given settings.
    public Muon(List<Parameter> parameters, Options options) {
        super(parameters, options);
    }

    @Override
    protected void update(ParameterGroup group, Parameter p, Tensor gradient, ParameterState state) {
        if (p.shape().rank() < 2 || !group.is("orthogonal")) {
            super.update(group, p, gradient, state);
            return;
        }
        Kind kind = p.dtype().kind();
        DType work = kind.dtype();
        Tensor b = state.tensor("momentum", p, 0);
        Scalars momenta = Scalars.perRun(2, () -> {
            state.nextStep();
            double momentum = group.get("momentum");
            return new double[] {momentum, 1 - momentum};
        });
        Expr g = in(0, gradient.dtype(), work);
        Expr signed = mul(group.is("maximize") ? Exprs.neg(g) : g, new Expr.Param(kind, 1));
        Expr next = add(mul(in(1, work), new Expr.Param(kind, 0)), signed);
        Lambda collect = group.is("nesterov")
                ? Lambda.of(List.of(next, add(signed, mul(next, new Expr.Param(kind, 0)))), List.of(work, work))
                : Lambda.of(List.of(next, next), List.of(work, work));
        Tensor u = b.clone();
        Dispatcher.applyInto(MapOp.of("muon_momentum", collect, momenta),
                List.of(gradient, b), List.of(b, u));
        long rows = p.shape().dim(0);
        long columns = rows == 0 ? 0 : p.elements() / rows;
        if (p.elements() == 0) {
            return;
        }
        Tensor x = orthogonalized(u.reshape(rows, columns), (int) group.get("iterations"), group.get("epsilon"));
        double scale = group.is("matchAdam") ? 0.2 * Math.sqrt(Math.max(rows, columns))
                : Math.sqrt(Math.max(1, (double) rows / columns));
        Expr old = in(0, p.dtype());
        Lambda move = Lambda.of(
                sub(mul(old, new Expr.Param(kind, 0)), mul(in(1, work), new Expr.Param(kind, 1))), p.dtype());
        Scalars numbers = Scalars.perRun(2,
                () -> new double[] {1 - group.lr() * group.get("weightDecay"), group.lr() * scale});
        Dispatcher.applyInto(MapOp.of("muon_step", move, numbers), List.of(p.get(), x.reshape(p.shape())),
                List.of(p.get()));
    }

    /// A matrix of the same singular vectors with singular values near 1 (between about 0.7 and 1.2 after 5
    /// iterations), by Newton and Schulz's iteration with coefficients that grow small singular values fast.
    ///
    /// @param matrix `[rows, columns]`
    public static Tensor orthogonalized(Tensor matrix, int iterations, double epsilon) {
        boolean tall = matrix.size(0) > matrix.size(1);
        Tensor x = tall ? matrix.mT() : matrix;
        x = x.div(x.norm(2, new int[0], false).clampMin(epsilon));
        for (int i = 0; i < iterations; i++) {
            Tensor gram = x.matmul(x.mT());
            Tensor polynomial = gram.mul(B).add(gram.matmul(gram).mul(C));
            x = x.mul(A).add(polynomial.matmul(x));
        }
        return tall ? x.mT() : x;
    }

    @Override
    protected List<String> switches(ParameterGroup group) {
        return on(group, "weightDecay", "maximize");
    }

    @Override
    protected List<String> states(List<String> switches) {
        return List.of("expAvg", "expAvgSq");
    }

    @Override
    protected List<Number> numbers(ParameterGroup g, ParameterState state, long step) {
        return AdamBase.adamNumbers(g, g.lr() * g.get("vectorFactor"), true, step);
    }

    @Override
    protected List<Expr> formula(Terms t) {
        return AdamBase.adamFormula(t, true);
    }
}
