package dev.tenon.nn.metric;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.Map;

/// A measure that follows from how often each class was decided for, was right, and was both. Where it would be 0/0 it
/// is 0.
abstract class ClassMetric extends Metric {
    private final Average average;
    private final double threshold;

    ClassMetric(String name, Average average, double threshold) {
        super(name);
        this.average = average;
        this.threshold = threshold;
    }

    /// The measure.
    ///
    /// @param hits how often it was decided for and right
    /// @param decided how often it was decided for
    /// @param right how often it was right
    abstract double measure(double hits, double decided, double right);

    static double ratio(double a, double b) {
        return b == 0 ? 0 : a / b;
    }

    @Override
    public final void update(Tensor output, Tensor target) {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Tensor x = output.detach();
            Decisions d = Decisions.isBinary(x, target) ? Decisions.binary(name(), x, target, threshold)
                    : Decisions.among(name(), x, target);
            Tensor counts = d.counts().to(DType.I64);
            Tensor none = Tensors.zeros(Shape.of(d.classes()), DType.I64, x.device());
            add("counts", Tensors.stack(0,
                    none.scatterAdd(0, d.right(), counts.mul(d.decided().eq(d.right()).to(DType.I64))),
                    none.scatterAdd(0, d.decided(), counts),
                    none.scatterAdd(0, d.right(), counts)));
        }
    }

    @Override
    public final Map<String, Double> values() {
        double[] c = read("counts");
        return Map.of(name(), c.length == 0 ? Double.NaN : averaged(c, c.length / 3));
    }

    private double averaged(double[] c, int classes) {
        if (average == Average.BINARY) {
            if (classes != 2) {
                throw new IllegalStateException("metric " + name() + ": the average BINARY is for two classes, there"
                        + " are " + classes + "; take MACRO, MICRO or WEIGHTED");
            }
            return measure(c[1], c[3], c[5]);
        }
        double[] all = new double[3];
        double sum = 0;
        double weights = 0;
        for (int k = 0; k < classes; k++) {
            double hits = c[k];
            double decided = c[classes + k];
            double right = c[2 * classes + k];
            all[0] += hits;
            all[1] += decided;
            all[2] += right;
            double weight = average == Average.WEIGHTED ? right : decided + right > 0 ? 1 : 0;
            sum += weight * measure(hits, decided, right);
            weights += weight;
        }
        return average == Average.MICRO ? measure(all[0], all[1], all[2]) : ratio(sum, weights);
    }
}
