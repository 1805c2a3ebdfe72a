package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Gradients against central differences in double precision.
final class GradCheck {
    private static final double STEP = 1e-5;
    private static final double ABSOLUTE = 1e-6;
    private static final double RELATIVE = 1e-4;

    private GradCheck() {}

    static void first(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs) {
        try (Scope _ = Scope.open()) {
            List<Integer> checked = new ArrayList<>();
            for (int i = 0; i < inputs.size(); i++) {
                Tensor t = inputs.get(i);
                if (t.dtype() == DType.F64) {
                    checked.add(i);
                } else if (t.dtype().isFloating()) {
                    throw new TensorException("gradCheck: input " + i + " is " + t.type()
                            + ": finite differences need f64; convert with to(DType.F64)");
                }
            }
            List<Tensor> variables = checked.stream().map(inputs::get).toList();
            List<Tensor> analytic = Gradients.jacobian(x -> fn.apply(replaced(inputs, checked, x)), variables);
            for (int k = 0; k < checked.size(); k++) {
                compare(fn, inputs, checked.get(k), analytic.get(k));
            }
        }
    }

    static void second(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.gradients(true)) {
            Tensor y = Context.noGrad(() -> fn.apply(inputs));
            Tensor v = Tensors.uniform(y.shape(), 0.5, 1.5, y.dtype(), y.device(), new Generator(1));
            first(x -> gradient(fn, x, v), inputs);
        }
    }

    /// All gradients of the weighted sum of the result as one vector; differentiable where the inputs are.
    private static Tensor gradient(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs, Tensor v) {
        try (Context.Mode _ = Context.gradients(true)) {
            List<Tensor> x = new ArrayList<>();
            List<Tensor> wanted = new ArrayList<>();
            for (Tensor t : inputs) {
                Tensor u = !t.dtype().isFloating() || t.requiresGrad() ? t : t.detach().requiresGrad(true);
                x.add(u);
                if (t.dtype().isFloating()) {
                    wanted.add(u);
                }
            }
            Tensor y = fn.apply(x);
            List<Tensor> parts = new ArrayList<>();
            if (y.requiresGrad()) {
                for (Tensor g : Gradients.grad(List.of(y), wanted, List.of(v), true, true, true)) {
                    if (g != null) {
                        parts.add(g.reshape(-1));
                    }
                }
            }
            return parts.isEmpty() ? Tensors.zerosLike(y) : Tensors.cat(0, parts);
        }
    }

    private static List<Tensor> replaced(List<Tensor> inputs, List<Integer> at, List<Tensor> by) {
        List<Tensor> out = new ArrayList<>(inputs);
        for (int k = 0; k < at.size(); k++) {
            out.set(at.get(k), by.get(k));
        }
        return out;
    }

    private static void compare(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs, int which, Tensor analytic) {
        Tensor input = inputs.get(which);
        double[] values = input.toDoubleArray();
        double[] gradient = analytic.toDoubleArray();
        int n = values.length;
        for (int e = 0; e < n; e++) {
            double x = values[e];
            double[] above = evaluate(fn, inputs, which, values, e, x + STEP);
            double[] below = evaluate(fn, inputs, which, values, e, x - STEP);
            values[e] = x;
            for (int r = 0; r < above.length; r++) {
                double numeric = (above[r] - below[r]) / (2 * STEP);
                double got = gradient[r * n + e];
                if (!(Math.abs(got - numeric) <= ABSOLUTE + RELATIVE * Math.abs(numeric))) {
                    throw new AssertionError("the gradient of element " + r + " of the result with respect to element "
                            + e + " of input " + which + ", " + input.type() + ", is " + got
                            + "; finite differences give " + numeric + " at " + x);
                }
            }
        }
    }

    private static double[] evaluate(Function<List<Tensor>, Tensor> fn, List<Tensor> inputs, int which,
            double[] values, int element, double value) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            values[element] = value;
            List<Tensor> in = new ArrayList<>(inputs);
            in.set(which, Tensors.of(values, inputs.get(which).shape(), inputs.get(which).device()));
            return fn.apply(in).toDoubleArray();
        }
    }
}
