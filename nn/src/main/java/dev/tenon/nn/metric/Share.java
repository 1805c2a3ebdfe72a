package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Map;

/// How many of those that count are right, from 0 to 1: counted exactly.
abstract class Share extends Metric {
    Share(String name) {
        super(name);
    }

    /// What is right, and what counts, as vectors of truth values.
    record Judged(Tensor right, Tensor counts) {}

    abstract Judged judge(Tensor output, Tensor target);

    @Override
    public final void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Judged j = judge(output.detach(), target);
            add("counts", Tensors.stack(0, j.right.logicalAnd(j.counts).to(DType.I64).sum(),
                    j.counts.to(DType.I64).sum()));
        }
    }

    @Override
    public final Map<String, Double> values() {
        double[] c = read("counts");
        return Map.of(name(), c.length == 0 ? Double.NaN : c[0] / c[1]);
    }
}
