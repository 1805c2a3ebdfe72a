package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Map;

/// The coefficient of determination: 1 - sum (y - f)² / sum (y - mean(y))², 1 for perfect outputs f, 0 for the mean of
/// the targets y. Outputs `[n]` or `[n, k]`; of k numbers a sample, the mean of their coefficients.
///
/// Means and sums of squares of batches are merged as Chan, Golub and LeVeque (1979) do, so that targets far from 0
/// lose no digits. Where all targets are equal it is NaN.
public final class R2Score extends Metric {
    /// Named `r2`.
    public R2Score() {
        super("r2");
    }

    @Override
    public void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            long n = output.rank() == 0 ? 1 : output.size(0);
            Tensor d = ErrorMetric.difference(name(), output, target).reshape(n, -1);
            Tensor y = target.to(d.dtype()).reshape(n, -1);
            Tensor count = Tensors.full(Shape.of(d.size(1)), n, d.dtype(), d.device());
            Tensor mean = y.mean(0);
            Tensor spread = y.sub(mean).square().sum(0);
            Tensor before = get("moments");
            if (before != null) {
                Tensor oldCount = before.get(0);
                Tensor total = oldCount.add(count);
                Tensor shift = mean.sub(before.get(1));
                spread = spread.add(before.get(2)).add(shift.square().mul(oldCount).mul(count).div(total));
                mean = before.get(1).add(shift.mul(count).div(total));
                count = total;
            }
            put("moments", Tensors.stack(0, count, mean, spread));
            add("errors", d.square().sum(0));
        }
    }

    @Override
    public Map<String, Double> values() {
        double[] errors = read("errors");
        double[] moments = read("moments");
        double sum = 0;
        for (int i = 0; i < errors.length; i++) {
            double spread = moments[2 * errors.length + i];
            sum += spread == 0 ? Double.NaN : 1 - errors[i] / spread;
        }
        return Map.of(name(), errors.length == 0 ? Double.NaN : sum / errors.length);
    }
}
