package dev.tenon.nn.optim;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Quasi-Newton steps: the inverse of the Hessian is estimated from the last changes of parameters and gradients. For
/// small problems with exact losses (the whole data at once); it evaluates the loss many times a step and needs memory
/// for twice `historySize` copies of the parameters.
///
/// ```java
/// var optimizer = new LBFGS(net.parameters(), LBFGS.options(1).lineSearch(true));
/// optimizer.step(() -> {
///     optimizer.zeroGrad();
///     Tensor loss = Losses.mse(net.call(x), y);
///     loss.backward();
///     return loss;
/// });
/// ```
///
/// Without a line search each iteration moves by lr along the direction, the very first by lr min(1, 1 / |g|₁). With
/// `lineSearch` the length is found that meets the strong Wolfe conditions.
///
/// Source: Nocedal and Wright, "Numerical optimization", 2nd ed., algorithms 7.4 and 7.5; Liu and Nocedal, 1989.
public final class LBFGS extends Optimizer {
    private static final double LEAST_CURVATURE = 1e-10;

    /// The settings of [LBFGS].
    public static final class Options extends Hyperparameters<Options> {
        private Options(Map<String, Double> values) {
            super(values);
        }

        @Override
        protected Options copy(Map<String, Double> values) {
            return new Options(values);
        }

        /// With another number of iterations a step, and as many evaluations and a quarter more.
        public Options maxIterations(int n) {
            return with("maxIterations", n, 1, Integer.MAX_VALUE).with("maxEvaluations", Math.max(1, n * 5 / 4));
        }

        /// With another limit on evaluations of the loss a step.
        public Options maxEvaluations(int n) {
            return with("maxEvaluations", n, 1, Integer.MAX_VALUE);
        }

        /// Ends where no element of the gradient is larger.
        public Options toleranceGradient(double v) {
            return with("toleranceGradient", v, 0, Double.MAX_VALUE);
        }

        /// Ends where neither the loss nor any element of the parameters changes by more.
        public Options toleranceChange(double v) {
            return with("toleranceChange", v, 0, Double.MAX_VALUE);
        }

        /// With another number of changes that are remembered.
        public Options historySize(int n) {
            return with("historySize", n, 1, Integer.MAX_VALUE);
        }

        /// With a search for a step that meets the strong Wolfe conditions.
        public Options lineSearch(boolean on) {
            return with("lineSearch", on);
        }
    }

    /// Settings: 20 iterations and 25 evaluations a step, tolerances 1e-7 (gradient) and 1e-9 (change), a history of
    /// 100, no line search.
    public static Options options(double lr) {
        return new Options(Map.of("maxIterations", 20.0, "maxEvaluations", 25.0, "toleranceGradient", 1e-7,
                "toleranceChange", 1e-9, "historySize", 100.0, "lineSearch", 0.0)).lr(lr);
    }

    /// With the usual settings and a learning rate of 1.
    public LBFGS(List<Parameter> parameters) {
        this(parameters, options(1));
    }

    /// With the given settings.
    ///
    /// @throws IllegalArgumentException if weight decay or maximisation is asked for
    public LBFGS(List<Parameter> parameters, Options options) {
        super(parameters, checked(options));
    }

    private static Options checked(Options o) {
        if (o.values().getOrDefault("weightDecay", 0.0) != 0 || o.values().getOrDefault("maximize", 0.0) != 0) {
            throw new IllegalArgumentException("LBFGS: " + o + ": weight decay and maximisation belong into the loss");
        }
        return o;
    }

    /// The loss and its gradient somewhere.
    private record Evaluation(Tensor loss, double value, List<Tensor> gradient) {}

    @Override
    public void step() {
        throw new UnsupportedOperationException("LBFGS evaluates the loss several times a step: call step(closure)");
    }

    @Override
    protected void update(ParameterGroup group, Parameter p, Tensor gradient, ParameterState state) {
        throw new UnsupportedOperationException("LBFGS changes all parameters together: call step(closure)");
    }

    /// {@inheritDoc}
    ///
    /// @throws IllegalStateException if there are several groups
    @Override
    public Tensor step(Supplier<Tensor> closure) {
        if (groups().size() != 1) {
            throw new IllegalStateException("LBFGS has one group of parameters, got " + groups().size());
        }
        return Scope.keeping(() -> Context.noGrad(() -> new Run(closure).run()));
    }

    /// One step of the optimiser.
    private final class Run {
        private final Supplier<Tensor> closure;
        private final ParameterGroup group = groups().getFirst();
        private final List<Parameter> parameters = group.parameters();
        private final ParameterState common = state(parameters.getFirst());
        private int evaluations;

        Run(Supplier<Tensor> closure) {
            this.closure = closure;
        }

        private Evaluation evaluate() {
            evaluations++;
            Tensor loss;
            try (Context.Mode _ = Context.gradients(true)) {
                loss = closure.get();
            }
            List<Tensor> gradient = new ArrayList<>();
            for (Parameter p : parameters) {
                Tensor g = p.grad();
                DType work = p.dtype().kind().dtype();
                gradient.add(g == null ? Tensors.zeros(p.shape(), work, p.device())
                        : g.dtype() == work ? g.clone() : g.to(work));
            }
            return new Evaluation(loss.detach(), loss.item(), gradient);
        }

        Tensor run() {
            Evaluation now = evaluate();
            Tensor first = now.loss;
            double change = group.get("toleranceChange");
            if (largest(now.gradient) <= group.get("toleranceGradient")) {
                return first;
            }
            for (int i = 0; i < group.get("maxIterations"); i++) {
                long iteration = common.nextStep();
                List<Tensor> direction = iteration == 1 ? scaled(now.gradient, -1) : direction(now.gradient);
                double slope = dot(now.gradient, direction);
                if (!(slope <= -change)) {
                    remember(direction, now.gradient, 0);
                    break;
                }
                double t = iteration == 1 ? Math.min(1, 1 / total(now.gradient)) * group.lr() : group.lr();
                double before = now.value;
                boolean last = i + 1 >= group.get("maxIterations");
                List<Tensor> gradient = now.gradient;
                if (group.is("lineSearch")) {
                    var found = search(now, direction, slope, t);
                    t = found.t();
                    now = found.kept();
                } else {
                    move(direction, t);
                    now = last ? now : evaluate();
                }
                remember(direction, gradient, t);
                if (last || evaluations >= group.get("maxEvaluations")
                        || largest(now.gradient) <= group.get("toleranceGradient")
                        || largest(direction) * t <= change || Math.abs(now.value - before) < change) {
                    break;
                }
            }
            return first;
        }

        private LineSearch.Point<Evaluation> search(
                Evaluation now, List<Tensor> direction, double slope, double first) {
            List<Tensor> origin = parameters.stream().map(p -> p.get().clone()).toList();
            LineSearch<Evaluation> line = new LineSearch<>(t -> {
                restore(origin);
                move(direction, t);
                Evaluation e = evaluate();
                return new LineSearch.Point<>(t, e.value, dot(e.gradient, direction), e);
            }, new LineSearch.Point<>(0, now.value, slope, now), group.get("toleranceChange"));
            var found = line.search(first);
            restore(origin);
            move(direction, found.t());
            return found;
        }

        private void restore(List<Tensor> values) {
            for (int k = 0; k < parameters.size(); k++) {
                parameters.get(k).get().copy_(values.get(k));
            }
        }

        private void move(List<Tensor> direction, double t) {
            for (int k = 0; k < parameters.size(); k++) {
                Tensor p = parameters.get(k).get();
                p.copy_(direction.get(k).mul(t).add(p).to(p.dtype()));
            }
        }

        /// Takes in the change since the last iteration and gives the direction by the two loops of algorithm 7.4.
        private List<Tensor> direction(List<Tensor> gradient) {
            List<Tensor> y = new ArrayList<>();
            List<Tensor> s = new ArrayList<>();
            double length = common.number("length", 0);
            for (int k = 0; k < gradient.size(); k++) {
                y.add(gradient.get(k).sub(kept(k, "gradient")));
                s.add(kept(k, "direction").mul(length));
            }
            double ys = dot(y, s);
            int n = (int) common.number("history", 0);
            if (ys > LEAST_CURVATURE) {
                if (n >= group.get("historySize")) {
                    forgetOldest(n);
                    n--;
                }
                keep("y" + n, y);
                keep("s" + n, s);
                common.setNumber("rho" + n, 1 / ys);
                common.setNumber("scale", ys / dot(y, y));
                n++;
                common.setNumber("history", n);
            }
            double[] alpha = new double[n];
            List<Tensor> q = scaled(gradient, -1);
            for (int i = n - 1; i >= 0; i--) {
                alpha[i] = common.number("rho" + i, 0) * dot(history("s" + i), q);
                q = plus(q, history("y" + i), -alpha[i]);
            }
            q = scaled(q, common.number("scale", 1));
            for (int i = 0; i < n; i++) {
                double beta = common.number("rho" + i, 0) * dot(history("y" + i), q);
                q = plus(q, history("s" + i), alpha[i] - beta);
            }
            return q;
        }

        private void forgetOldest(int n) {
            for (Parameter p : parameters) {
                Map<String, Tensor> tensors = state(p).tensors();
                for (String name : List.of("y", "s")) {
                    Tensor oldest = tensors.remove(name + "0");
                    if (oldest != null) {
                        oldest.close();
                    }
                }
                Map<String, Tensor> renamed = new LinkedHashMap<>();
                for (int i = 1; i < n; i++) {
                    for (String name : List.of("y", "s")) {
                        renamed.put(name + (i - 1), tensors.remove(name + i));
                    }
                }
                tensors.putAll(renamed);
            }
            for (int i = 1; i < n; i++) {
                common.setNumber("rho" + (i - 1), common.number("rho" + i, 0));
            }
        }

        private void remember(List<Tensor> direction, List<Tensor> gradient, double t) {
            keep("direction", direction);
            keep("gradient", gradient);
            common.setNumber("length", t);
        }

        private Tensor kept(int k, String name) {
            return state(parameters.get(k)).tensor(name, parameters.get(k), 0);
        }

        private List<Tensor> history(String name) {
            List<Tensor> out = new ArrayList<>();
            for (int k = 0; k < parameters.size(); k++) {
                out.add(kept(k, name));
            }
            return out;
        }

        private void keep(String name, List<Tensor> values) {
            for (int k = 0; k < values.size(); k++) {
                kept(k, name).copy_(values.get(k));
            }
        }
    }

    // --- vectors that are cut into the parameters' parts

    private static double dot(List<Tensor> a, List<Tensor> b) {
        double sum = 0;
        for (int k = 0; k < a.size(); k++) {
            sum += a.get(k).mul(b.get(k)).sum().item();
        }
        return sum;
    }

    private static double total(List<Tensor> a) {
        double sum = 0;
        for (Tensor t : a) {
            sum += t.abs().sum().item();
        }
        return sum;
    }

    private static double largest(List<Tensor> a) {
        double most = 0;
        for (Tensor t : a) {
            most = t.elements() == 0 ? most : Math.max(most, t.abs().max().item());
        }
        return most;
    }

    private static List<Tensor> scaled(List<Tensor> a, double factor) {
        return a.stream().map(t -> t.mul(factor)).toList();
    }

    private static List<Tensor> plus(List<Tensor> a, List<Tensor> b, double factor) {
        List<Tensor> out = new ArrayList<>();
        for (int k = 0; k < a.size(); k++) {
            out.add(a.get(k).add(b.get(k).mul(factor)));
        }
        return out;
    }
}
