package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Map;

/// How often each class was decided for where each class was right. Shapes are those of [Accuracy]. It is no number:
/// histories do not show it; read [#matrix()].
public final class ConfusionMatrix extends Metric {
    /// Named `confusion_matrix`.
    public ConfusionMatrix() {
        super("confusion_matrix");
    }

    @Override
    public void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Tensor x = output.detach();
            Decisions d = Decisions.isBinary(x, target) ? Decisions.binary(name(), x, target, 0)
                    : Decisions.among(name(), x, target);
            long n = d.classes();
            Tensor cell = d.right().mul(n).add(d.decided());
            add("counts", Tensors.zeros(Shape.of(n * n), DType.I64, x.device())
                    .scatterAdd(0, cell, d.counts().to(DType.I64)));
        }
    }

    /// The counts: row the right class, column the decision. Empty before the first update. Waits for the device.
    public long[][] matrix() {
        Tensor t = get("counts");
        long[] flat = t == null ? new long[0] : t.toLongArray();
        int n = (int) Math.round(Math.sqrt(flat.length));
        long[][] out = new long[n][n];
        for (int i = 0; i < n; i++) {
            System.arraycopy(flat, i * n, out[i], 0, n);
        }
        return out;
    }

    /// None.
    @Override
    public Map<String, Double> values() {
        return Map.of();
    }
}
