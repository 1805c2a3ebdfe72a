package dev.tenon.tck;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.spi.GradientEngine;
import dev.tenon.tck.samples.Sample;
import dev.tenon.tck.samples.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/// Holds derivatives in float64 against central differences, of the results and, for samples that ask for it, of the
/// derivatives themselves.
final class GradientCheck {
    private static final double STEP = 1e-5;
    private static final int PLACES = 12;

    private final Device device;
    private final SupportMatrix matrix;

    GradientCheck(Device device, SupportMatrix matrix) {
        this.device = device;
        this.matrix = matrix;
    }

    static boolean wanted(Sample s) {
        return s.dtype() == DType.F64 && s.gradients() > 0;
    }

    void check(Sample s) {
        assumeTrue(ServiceLoader.load(GradientEngine.class).findFirst().isPresent(),
                "no gradient engine on the class or module path: add tenon-autograd");
        assumeTrue(matrix.limitation(s.op(), DType.F64).isEmpty(), "limited");
        try (Scope _ = Scope.open()) {
            List<Values> start = SampleCheck.values(s.on(device));
            hold(s, "first", start, first(s, start), at -> loss(s, at));
            if (s.gradients() > 1) {
                hold(s, "second", start, second(s, start), at -> slope(s, at));
            }
        }
    }

    /// A function of all operands.
    private interface Scalar {
        double at(List<Values> operands);
    }

    private void hold(Sample s, String order, List<Values> start, List<double[]> derivatives, Scalar f) {
        double value = f.at(start);
        for (int i = 0; i < start.size(); i++) {
            double[] x = start.get(i).reals();
            if (start.get(i).dtype() != DType.F64) {
                continue;
            }
            double largest = 0;
            for (double d : derivatives.get(i)) {
                largest = Math.max(largest, Math.abs(d));
            }
            double allowed = 2e-6 * (1 + largest) + 1e-9 * Math.abs(value);
            for (int k = 0; k < x.length; k += Math.max(1, x.length / PLACES)) {
                double before = x[k];
                x[k] = before + STEP;
                double up = f.at(start);
                x[k] = before - STEP;
                double down = f.at(start);
                x[k] = before;
                double expected = (up - down) / (2 * STEP);
                double got = derivatives.get(i)[k];
                if (!(Math.abs(got - expected) <= allowed)) {
                    fail(s + " (" + s.operands() + "): " + order + " derivative by element " + k + " of operand " + i
                            + " at " + before + " is " + got + ", finite differences give " + expected);
                }
            }
        }
    }

    private List<Tensor> leaves(List<Values> operands, Sample s, boolean tracked) {
        List<Tensor> fresh = s.on(device);
        List<Tensor> leaves = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            Values v = operands.get(i);
            leaves.add(v.dtype() == DType.F64
                    ? Tensors.of(v.reals(), v.shape(), device).requiresGrad(tracked) : fresh.get(i));
        }
        return leaves;
    }

    /// Weights that tell the results' elements apart.
    private static double weight(int i) {
        return 0.5 + 0.25 * Math.sin(1 + 2.3 * i);
    }

    private Tensor weights(Shape shape) {
        double[] w = new double[Math.toIntExact(shape.elements())];
        for (int i = 0; i < w.length; i++) {
            w[i] = weight(i);
        }
        return Tensors.of(w, shape, device);
    }

    /// The weighted sum of all results, added up on the host.
    private double loss(Sample s, List<Values> operands) {
        try (Scope _ = Scope.open()) {
            double sum = 0;
            for (Values v : SampleCheck.values(s.call().on(device, leaves(operands, s, false)))) {
                for (int i = 0; v.dtype().isFloating() && i < v.reals().length; i++) {
                    sum += weight(i) * v.reals()[i];
                }
            }
            return sum;
        }
    }

    private Tensor lossOf(Sample s, List<Tensor> leaves) {
        Tensor sum = Tensors.zeros(Shape.SCALAR, DType.F64, device);
        for (Tensor y : s.call().on(device, leaves)) {
            if (y.dtype().isFloating()) {
                sum = sum.add(y.mul(weights(y.shape())).sum());
            }
        }
        return sum;
    }

    private static double[] gradient(Tensor leaf) {
        Tensor g = leaf.grad();
        return g == null ? new double[Math.toIntExact(leaf.elements())] : Values.of(g).reals();
    }

    private List<double[]> first(Sample s, List<Values> operands) {
        try (Scope _ = Scope.open()) {
            List<Tensor> leaves = leaves(operands, s, true);
            Tensor loss = lossOf(s, leaves);
            if (!loss.requiresGrad()) {
                fail(s + ": the result requires no gradient although the operands do: the graph is cut");
            }
            loss.backward();
            return leaves.stream().map(GradientCheck::gradient).toList();
        }
    }

    /// The weighted sum of all first derivatives.
    private double slope(Sample s, List<Values> operands) {
        double sum = 0;
        for (double[] g : first(s, operands)) {
            for (int i = 0; i < g.length; i++) {
                sum += weight(i + 1) * g[i];
            }
        }
        return sum;
    }

    private List<double[]> second(Sample s, List<Values> operands) {
        try (Scope _ = Scope.open()) {
            List<Tensor> leaves = leaves(operands, s, true);
            lossOf(s, leaves).backward(null, true, true);
            Tensor sum = Tensors.zeros(Shape.SCALAR, DType.F64, device);
            for (Tensor leaf : leaves) {
                Tensor g = leaf.grad();
                if (g != null) {
                    double[] w = new double[Math.toIntExact(g.elements())];
                    for (int i = 0; i < w.length; i++) {
                        w[i] = weight(i + 1);
                    }
                    sum = sum.add(g.mul(Tensors.of(w, g.shape(), device)).sum());
                }
            }
            leaves.forEach(leaf -> leaf.setGrad(null));
            if (sum.requiresGrad()) {
                sum.backward();
            }
            return leaves.stream().map(GradientCheck::gradient).toList();
        }
    }
}
