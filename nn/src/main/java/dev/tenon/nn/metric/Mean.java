package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.util.Map;

/// The mean of numbers, each with a weight: that of the losses of batches, weighted by the numbers of their samples.
public final class Mean extends Metric {
    private double weight;

    /// @param name the word for it, such as `loss`
    public Mean(String name) {
        super(name);
    }

    /// Takes in a scalar.
    public void update(Tensor scalar, double times) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            add("sum", scalar.detach().to(widest(scalar.device())).mul(times));
        }
        weight += times;
    }

    /// Takes in the elements of a tensor, each with weight 1; there is no target.
    @Override
    public void update(Tensor output, Tensor target) {
        update(output.detach().mean(), output.elements());
    }

    @Override
    public Map<String, Double> values() {
        double[] sum = read("sum");
        return Map.of(name(), sum.length == 0 ? Double.NaN : sum[0] / weight);
    }

    @Override
    public void reset() {
        super.reset();
        weight = 0;
    }

    @Override
    public void save(Map<String, Tensor> tensors, Map<String, String> text) {
        super.save(tensors, text);
        text.put("weight", Double.toString(weight));
    }

    @Override
    public void load(Map<String, Tensor> tensors, Map<String, String> text) {
        super.load(tensors, text);
        weight = Double.parseDouble(text.getOrDefault("weight", "0"));
    }
}
