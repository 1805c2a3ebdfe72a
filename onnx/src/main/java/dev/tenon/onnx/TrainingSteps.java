package dev.tenon.onnx;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;

/// Steps of optimisers, and gradients of part of a graph.
final class TrainingSteps {
    private TrainingSteps() {}

    static void register(Operators r) {
        r.add("Adagrad", 1, c -> optimizer(c, 1, TrainingSteps::adagrad));
        r.add("Adam", 1, c -> optimizer(c, 2, TrainingSteps::adam));
        r.add("Momentum", 1, c -> optimizer(c, 1, TrainingSteps::momentum));
        r.add("Gradient", 1, Operators.Trait.RAW, TrainingSteps::gradient);
    }

    /// One step for one tensor: the tensor and its state, changed.
    @FunctionalInterface
    private interface Step {
        List<Tensor> apply(Call c, double rate, long t, Tensor x, Tensor gradient, List<Tensor> state);
    }

    /// Inputs: the rate, the number of the step, all tensors, all gradients, then each part of the state of all.
    private static List<OnnxValue> optimizer(Call c, int states, Step step) {
        int n = (c.inputs() - 2) / (2 + states);
        if (n < 1 || c.inputs() != 2 + n * (2 + states)) {
            throw new IllegalArgumentException(c.inputs() + " inputs: expected two and " + (2 + states)
                    + " for each tensor");
        }
        double rate = c.number(0);
        long t = c.integer(1);
        List<List<Tensor>> results = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            List<Tensor> state = new ArrayList<>();
            for (int k = 0; k < states; k++) {
                state.add(c.x(2 + (2 + k) * n + i));
            }
            results.add(step.apply(c, rate, t, c.x(2 + i), c.x(2 + n + i), state));
        }
        List<OnnxValue> out = new ArrayList<>();
        for (int k = 0; k <= states; k++) {
            for (int i = 0; i < n; i++) {
                out.add(c.like(2 + i, results.get(i).get(k)));
            }
        }
        return out;
    }

    /// Duchi, Hazan and Singer, 2011.
    private static List<Tensor> adagrad(Call c, double rate, long t, Tensor x, Tensor gradient, List<Tensor> state) {
        double r = rate / (1 + t * c.attr("decay_factor", 0.0));
        Tensor g = x.mul(c.attr("norm_coefficient", 0.0)).add(gradient);
        Tensor squares = state.getFirst().add(g.square());
        return List.of(x.sub(g.mul(r).div(squares.sqrt().add(c.attr("epsilon", 1e-6f)))), squares);
    }

    /// Kingma and Ba, 2015.
    private static List<Tensor> adam(Call c, double rate, long t, Tensor x, Tensor gradient, List<Tensor> state) {
        double alpha = c.attr("alpha", 0.9f);
        double beta = c.attr("beta", 0.999f);
        Tensor g = x.mul(c.attr("norm_coefficient", 0.0)).add(gradient);
        Tensor mean = state.get(0).mul(alpha).add(g.mul(1 - alpha));
        Tensor squares = state.get(1).mul(beta).add(g.square().mul(1 - beta));
        double r = t > 0 ? rate * Math.sqrt(1 - Math.pow(beta, t)) / (1 - Math.pow(alpha, t)) : rate;
        Tensor y = x.sub(mean.mul(r).div(squares.sqrt().add(c.attr("epsilon", 1e-8f))));
        return List.of(y.mul(1 - c.attr("norm_coefficient_post", 0.0)), mean, squares);
    }

    /// Sutskever et al., 2013; Nesterov's or the standard one.
    private static List<Tensor> momentum(Call c, double rate, long t, Tensor x, Tensor gradient, List<Tensor> state) {
        double alpha = c.attr("alpha", 0.0);
        double beta = t > 0 ? c.attr("beta", 0.0) : 1;
        Tensor g = x.mul(c.attr("norm_coefficient", 0.0)).add(gradient);
        Tensor v = state.getFirst().mul(alpha).add(g.mul(beta));
        boolean nesterov = c.attr("mode", "standard").equals("nesterov");
        return List.of(x.sub((nesterov ? g.add(v.mul(alpha)) : v).mul(rate)), v);
    }

    /// The gradients of a value of the graph with respect to others: the nodes between them run again, with gradients.
    private static List<OnnxValue> gradient(Call c) {
        List<String> xs = c.strings("xs");
        List<String> zs = c.strings("zs");
        String y = c.attr("y", "");
        if (xs == null || xs.isEmpty() || y.isEmpty() || xs.size() > c.inputs()) {
            throw new IllegalArgumentException("attributes xs and y, and an input for each of xs, are expected");
        }
        List<Tensor> leaves = new ArrayList<>();
        List<String> names = new ArrayList<>(xs);
        List<OnnxValue> values = new ArrayList<>();
        for (int i = 0; i < xs.size(); i++) {
            Tensor leaf = c.x(i).detach().requiresGrad(true);
            leaves.add(leaf);
            values.add(OnnxValue.of(c.type(i), leaf));
        }
        for (int i = 0; zs != null && i < zs.size(); i++) {
            names.add(zs.get(i));
            values.add(c.value(xs.size() + i));
        }
        try (Context.Mode _ = Context.gradients(true)) {
            Tensor result = c.frame().again(names, values, y).tensor();
            result.backward(Tensors.onesLike(result), false, false);
            List<OnnxValue> out = new ArrayList<>();
            for (int i = 0; i < leaves.size(); i++) {
                Tensor g = leaves.get(i).grad();
                out.add(c.like(i, g == null ? Tensors.zerosLike(leaves.get(i)) : g));
            }
            return out;
        }
    }
}
