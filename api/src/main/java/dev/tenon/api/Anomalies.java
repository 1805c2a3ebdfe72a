package dev.tenon.api;

import dev.tenon.api.op.Op;
import java.util.List;

/// The check behind [Context#detectAnomalies()].
final class Anomalies {
    private Anomalies() {}

    static void check(Op op, List<Tensor> in, List<Tensor> out) {
        Context c = Context.current();
        c.anomalies = false;
        try (Context.Mode _ = Context.noGrad()) {
            for (Tensor t : out) {
                if (hasNaN(t) && in.stream().noneMatch(Anomalies::hasNaN)) {
                    throw new TensorException(op.name() + ": made NaN from operands without: "
                            + in.stream().map(Tensor::type).toList() + " (" + op + ")");
                }
            }
        } finally {
            c.anomalies = true;
        }
    }

    private static boolean hasNaN(Tensor t) {
        return t.dtype().isFloating() && t.isNaN().any().item() != 0;
    }
}
