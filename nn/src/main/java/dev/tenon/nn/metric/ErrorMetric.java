package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/// A function of the mean over all elements of what is made of the difference between output and target.
abstract class ErrorMetric extends Metric {
    private final UnaryOperator<Tensor> term;
    private final DoubleUnaryOperator result;
    private final Mean mean;

    ErrorMetric(String name, UnaryOperator<Tensor> term, DoubleUnaryOperator result) {
        super(name);
        this.term = term;
        this.result = result;
        this.mean = new Mean(name);
    }

    /// The difference, in a dtype in which it can be summed.
    static Tensor difference(String metric, Tensor output, Tensor target) {
        if (output.elements() != target.elements()) {
            throw Decisions.misfit(metric, output, target, "as many numbers in both");
        }
        DType wide = widest(output.device());
        return output.detach().to(wide).sub(target.to(wide).reshape(output.shape()));
    }

    @Override
    public final void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            mean.update(term.apply(difference(name(), output, target)), target);
        }
    }

    @Override
    public final Map<String, Double> values() {
        return Map.of(name(), result.applyAsDouble(mean.value()));
    }

    @Override
    public final void reset() {
        super.reset();
        mean.reset();
    }

    @Override
    public final void save(Map<String, Tensor> tensors, Map<String, String> text) {
        mean.save(tensors, text);
    }

    @Override
    public final void load(Map<String, Tensor> tensors, Map<String, String> text) {
        mean.load(tensors, text);
    }
}
