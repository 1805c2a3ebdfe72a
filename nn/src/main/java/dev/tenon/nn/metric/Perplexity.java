package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Reduction;
import java.util.Map;

/// How many equally likely symbols a model of language is as unsure as: e to the mean negative log-likelihood of the
/// right symbols. Scores are `[n, symbols, ...]`, targets symbol numbers; those of -100 do not count.
public final class Perplexity extends Metric {
    /// Named `perplexity`.
    public Perplexity() {
        super("perplexity");
    }

    @Override
    public void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            DType wide = widest(output.device());
            Tensor x = output.detach();
            Tensor losses = ClassLosses.crossEntropy(x.to(x.dtype().kind().dtype()), target, Reduction.NONE).to(wide);
            add("sums", Tensors.stack(0, losses.sum(), target.ne(ClassLosses.IGNORE).to(wide).sum()));
        }
    }

    @Override
    public Map<String, Double> values() {
        double[] s = read("sums");
        return Map.of(name(), s.length == 0 ? Double.NaN : Math.exp(s[0] / s[1]));
    }
}
