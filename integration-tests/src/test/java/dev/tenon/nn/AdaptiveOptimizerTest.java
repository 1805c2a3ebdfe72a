package dev.tenon.nn;

import static dev.tenon.nn.OptimizerTest.GRADIENTS;
import static dev.tenon.nn.OptimizerTest.START;
import static dev.tenon.nn.OptimizerTest.check;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.OptimizerTest.Element;
import dev.tenon.nn.optim.Adadelta;
import dev.tenon.nn.optim.Adagrad;
import dev.tenon.nn.optim.Adamax;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.GradientAccumulation;
import dev.tenon.nn.optim.Muon;
import dev.tenon.nn.optim.NAdam;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.RAdam;
import dev.tenon.nn.optim.SGD;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Steps against the formulas of the papers, computed here in plain doubles.
class AdaptiveOptimizerTest {
    private static Element nadam(double decay, boolean decoupled) {
        return new Element() {
            double m;
            double v;
            double product = 1;

            @Override
            public double step(double p, double g, int t) {
                double q = decoupled ? p * (1 - 0.01 * decay) : p;
                double d = decoupled ? g : g + decay * p;
                double mu = 0.8 * (1 - 0.5 * Math.pow(0.96, t * 0.01));
                double next = 0.8 * (1 - 0.5 * Math.pow(0.96, (t + 1) * 0.01));
                product *= mu;
                m = 0.8 * m + 0.2 * d;
                v = 0.95 * v + 0.05 * d * d;
                double root = Math.sqrt(v / (1 - Math.pow(0.95, t))) + 1e-6;
                return q - 0.01 * (1 - mu) / (1 - product) * d / root
                        - 0.01 * next / (1 - product * next) * m / root;
            }
        };
    }

    @Test
    void nadamSteps() {
        NAdam.Options o = NAdam.options(0.01).betas(0.8, 0.95).epsilon(1e-6).momentumDecay(0.01);
        check(p -> new NAdam(p, o), () -> nadam(0, false));
        check(p -> new NAdam(p, o.weightDecay(0.3)), () -> nadam(0.3, false));
        check(p -> new NAdam(p, o.weightDecay(0.3).decoupledWeightDecay(true)), () -> nadam(0.3, true));
    }

    private static Element radam(double beta2, double decay, boolean decoupled) {
        return new Element() {
            double m;
            double v;

            @Override
            public double step(double p, double g, int t) {
                double q = decoupled ? p * (1 - 0.01 * decay) : p;
                double d = decoupled ? g : g + decay * p;
                m = 0.8 * m + 0.2 * d;
                v = beta2 * v + (1 - beta2) * d * d;
                double corrected = m / (1 - Math.pow(0.8, t));
                double all = 2 / (1 - beta2) - 1;
                double r = all - 2 * t * Math.pow(beta2, t) / (1 - Math.pow(beta2, t));
                if (r <= 5) {
                    return q - 0.01 * corrected;
                }
                double l = Math.sqrt(1 - Math.pow(beta2, t)) / (Math.sqrt(v) + 1e-6);
                double rect = Math.sqrt((r - 4) * (r - 2) * all / ((all - 4) * (all - 2) * r));
                return q - 0.01 * corrected * rect * l;
            }
        };
    }

    /// With beta2 = 0.8 the variance is known to be finite from no step of the four on, with 0.99 it is not either;
    /// with 0.97 a long run crosses over.
    @Test
    void radamStepsBeforeAndAfterRectification() {
        RAdam.Options o = RAdam.options(0.01).betas(0.8, 0.97).epsilon(1e-6);
        check(p -> new RAdam(p, o), () -> radam(0.97, 0, false));
        check(p -> new RAdam(p, o.weightDecay(0.3)), () -> radam(0.97, 0.3, false));
        check(p -> new RAdam(p, o.weightDecay(0.3).decoupledWeightDecay(true)), () -> radam(0.97, 0.3, true));
        Parameter p = Parameter.startingAt(Tensors.of(1.0));
        RAdam r = new RAdam(List.of(p), o);
        Element rule = radam(0.97, 0, false);
        double expected = 1;
        for (int t = 1; t <= 30; t++) {
            double g = Math.sin(t);
            p.get().setGrad(Tensors.of(g));
            r.step();
            expected = rule.step(expected, g, t);
            assertEquals(expected, p.get().item(), 1e-12, "step " + t);
        }
    }

    @Test
    void adagradSteps() {
        check(p -> new Adagrad(p, Adagrad.options(0.1).lrDecay(0.2).initialAccumulator(0.3).weightDecay(0.1)
                .epsilon(1e-3)), () -> new Element() {
                    double s = 0.3;

                    @Override
                    public double step(double p, double g, int t) {
                        double d = g + 0.1 * p;
                        s += d * d;
                        return p - 0.1 / (1 + (t - 1) * 0.2) * d / (Math.sqrt(s) + 1e-3);
                    }
                });
    }

    @Test
    void adadeltaSteps() {
        check(p -> new Adadelta(p, Adadelta.options(0.5).rho(0.8).epsilon(1e-3).weightDecay(0.1)),
                () -> new Element() {
                    double v;
                    double u;

                    @Override
                    public double step(double p, double g, int t) {
                        double d = g + 0.1 * p;
                        v = 0.8 * v + 0.2 * d * d;
                        double delta = Math.sqrt(u + 1e-3) / Math.sqrt(v + 1e-3) * d;
                        u = 0.8 * u + 0.2 * delta * delta;
                        return p - 0.5 * delta;
                    }
                });
    }

    @Test
    void adamaxSteps() {
        check(p -> new Adamax(p, Adamax.options(0.05).betas(0.8, 0.9).epsilon(1e-6).maximize(true)),
                () -> new Element() {
                    double m;
                    double u;

                    @Override
                    public double step(double p, double g, int t) {
                        m = 0.8 * m - 0.2 * g;
                        u = Math.max(0.9 * u, Math.abs(g) + 1e-6);
                        return p - 0.05 / (1 - Math.pow(0.8, t)) * m / u;
                    }
                });
    }

    // --- Muon

    private static Tensor matrix(double[][] rows) {
        return Tensors.stack(0, Arrays.stream(rows).map(Tensors::of).toList());
    }

    private static double[][] times(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < b[0].length; j++) {
                for (int k = 0; k < b.length; k++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    private static double[][] transposed(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    private static double[][] orthogonalized(double[][] u) {
        boolean tall = u.length > u[0].length;
        double[][] x = tall ? transposed(u) : u;
        double norm = 0;
        for (double[] row : x) {
            for (double v : row) {
                norm += v * v;
            }
        }
        double length = Math.max(Math.sqrt(norm), 1e-7);
        double[][] y = new double[x.length][x[0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[0].length; j++) {
                y[i][j] = x[i][j] / length;
            }
        }
        for (int n = 0; n < 5; n++) {
            double[][] a = times(y, transposed(y));
            double[][] a2 = times(a, a);
            double[][] first = times(a, y);
            double[][] second = times(a2, y);
            for (int i = 0; i < y.length; i++) {
                for (int j = 0; j < y[0].length; j++) {
                    y[i][j] = 3.4445 * y[i][j] - 4.775 * first[i][j] + 2.0315 * second[i][j];
                }
            }
        }
        return tall ? transposed(y) : y;
    }

    @Test
    void muonSteps() {
        for (boolean nesterov : new boolean[] {true, false}) {
            for (boolean match : new boolean[] {true, false}) {
                double[][] p = {{1, 2}, {-1, 0.5}, {0, 3}};
                Parameter parameter = Parameter.startingAt(matrix(p));
                Muon o = new Muon(List.of(parameter), Muon.options(0.1).momentum(0.9).nesterov(nesterov)
                        .matchAdam(match).weightDecay(0.2));
                double[][] b = new double[3][2];
                double scale = match ? 0.2 * Math.sqrt(3) : Math.sqrt(1.5);
                for (int t = 1; t <= 3; t++) {
                    double[][] g = {{Math.sin(t), 1}, {0.5, Math.cos(t)}, {-1, t}};
                    double[][] u = new double[3][2];
                    for (int i = 0; i < 3; i++) {
                        for (int j = 0; j < 2; j++) {
                            b[i][j] = 0.9 * b[i][j] + 0.1 * g[i][j];
                            u[i][j] = nesterov ? 0.1 * g[i][j] + 0.9 * b[i][j] : b[i][j];
                        }
                    }
                    double[][] x = orthogonalized(u);
                    double[] expected = new double[6];
                    for (int i = 0; i < 3; i++) {
                        for (int j = 0; j < 2; j++) {
                            p[i][j] = p[i][j] * (1 - 0.1 * 0.2) - 0.1 * scale * x[i][j];
                            expected[2 * i + j] = p[i][j];
                        }
                    }
                    parameter.get().setGrad(matrix(g));
                    o.step();
                    assertArrayEquals(expected, parameter.get().toDoubleArray(), 1e-10);
                }
            }
        }
    }

    @Test
    void muonTakesAdamWStepsWhereThereIsNoMatrix() {
        Element rule = new Element() {
            double m;
            double v;

            @Override
            public double step(double p, double g, int t) {
                m = 0.9 * m + 0.1 * g;
                v = 0.95 * v + 0.05 * g * g;
                double root = Math.sqrt(v / (1 - Math.pow(0.95, t))) + 1e-7;
                return p * (1 - 0.05 * 0.1) - 0.05 * m / (1 - Math.pow(0.9, t)) / root;
            }
        };
        Parameter vector = Parameter.startingAt(Tensors.of(2.0));
        Parameter matrix = Parameter.startingAt(matrix(new double[][] {{2}}));
        Muon o = new Muon(List.of(vector), Muon.options(0.1).vectorFactor(0.5));
        o.addGroup(List.of(matrix), Muon.options(0.1).vectorFactor(0.5).orthogonal(false));
        double expected = 2;
        for (int t = 1; t <= 3; t++) {
            vector.get().setGrad(Tensors.of(1.0 - t));
            matrix.get().setGrad(matrix(new double[][] {{1.0 - t}}));
            o.step();
            expected = rule.step(expected, 1.0 - t, t);
            assertEquals(expected, vector.get().item(), 1e-12);
            assertEquals(expected, matrix.get().item(), 1e-12);
        }
    }

    /// A kernel `[2, 3, 1, 2]` takes the step of the matrix `[2, 6]`; maximising is minimising the opposite.
    @Test
    void muonTakesKernelsAsMatrices() {
        Tensor start = Tensors.randn(2, 6).to(DType.F64);
        Tensor g = Tensors.randn(2, 6).to(DType.F64);
        Parameter matrix = Parameter.startingAt(start.clone());
        Parameter kernel = Parameter.startingAt(start.reshape(2, 3, 1, 2).clone());
        matrix.get().setGrad(g);
        kernel.get().setGrad(g.neg().reshape(2, 3, 1, 2));
        new Muon(List.of(matrix), 0.1).step();
        new Muon(List.of(kernel), Muon.options(0.1).maximize(true)).step();
        assertArrayEquals(matrix.get().toDoubleArray(), kernel.get().toDoubleArray(), 1e-12);
        Parameter half = Parameter.startingAt(start.to(DType.BF16));
        half.get().setGrad(g.to(DType.BF16));
        new Muon(List.of(half), 0.1).step();
        assertEquals(DType.BF16, half.dtype());
        assertArrayEquals(matrix.get().toDoubleArray(), half.get().toDoubleArray(), 0.05);
    }

    @Test
    void muonBringsSingularValuesNearOne() {
        Tensor x = Tensors.randn(6, 20).to(DType.F64);
        Tensor y = Muon.orthogonalized(x, 5, 1e-7);
        // A difference of xᵀx to the identity bounds every singular value.
        double[] gram = y.matmul(y.mT()).toDoubleArray();
        for (int i = 0; i < 6; i++) {
            assertEquals(0.95, gram[7 * i], 0.5);
        }
        double trace = y.mul(y).sum().item();
        assertEquals(6, trace, 2);
    }

    // --- what is common

    @Test
    void restoredStatesGoOnToTheBit() {
        for (Function<List<Parameter>, Optimizer> make : List.<Function<List<Parameter>, Optimizer>>of(
                p -> new NAdam(p, NAdam.options(0.01)), p -> new RAdam(p, RAdam.options(0.1).betas(0.9, 0.6)),
                p -> new Adagrad(p, Adagrad.options(0.1).initialAccumulator(0.5)), Adadelta::new, Adamax::new,
                p -> new Muon(p, 0.1))) {
            Parameter p = Parameter.startingAt(Tensors.of(START).to(DType.F32));
            Parameter pm = Parameter.startingAt(Tensors.of(START).to(DType.F32).unsqueeze(0));
            Optimizer first = make.apply(List.of(p, pm));
            steps(first, p, pm, 0, 2);
            Parameter q = Parameter.startingAt(p.get().clone());
            Parameter qm = Parameter.startingAt(pm.get().clone());
            Optimizer second = make.apply(List.of(q, qm));
            second.loadStateDict(first.stateDict());
            steps(first, p, pm, 2, 4);
            steps(second, q, qm, 2, 4);
            assertArrayEquals(p.get().toFloatArray(), q.get().toFloatArray(), first.toString());
            assertArrayEquals(pm.get().toFloatArray(), qm.get().toFloatArray(), first.toString());
        }
    }

    private static void steps(Optimizer o, Parameter p, Parameter matrix, int from, int to) {
        for (int t = from; t < to; t++) {
            p.get().setGrad(Tensors.of(GRADIENTS[t]).to(DType.F32));
            matrix.get().setGrad(Tensors.of(GRADIENTS[t]).to(DType.F32).unsqueeze(0));
            o.step();
        }
    }

    @Test
    void averageOfWeights() {
        Parameter p = Parameter.startingAt(Tensors.of(1.0, 2.0));
        ExponentialMovingAverage average = new ExponentialMovingAverage(Map.of("p", p), 0.75);
        SGD o = new SGD(List.of(p), 1);
        double[] expected = {1, 2};
        for (int t = 1; t <= 3; t++) {
            p.get().setGrad(Tensors.of(1.0, -1.0));
            o.step();
            average.update();
            expected[0] = 0.75 * expected[0] + 0.25 * (1 - t);
            expected[1] = 0.75 * expected[1] + 0.25 * (2 + t);
        }
        Tensor before = p.get();
        try (var _ = average.apply()) {
            assertArrayEquals(expected, p.get().toDoubleArray(), 1e-12);
            assertThrows(IllegalStateException.class, average::update);
        }
        assertEquals(before, p.get());
        assertArrayEquals(new double[] {-2, 5}, p.get().toDoubleArray());
        ExponentialMovingAverage other = new ExponentialMovingAverage(Map.of("p", p), 0.75);
        other.loadStateDict(average.stateDict());
        try (var _ = other.apply()) {
            assertArrayEquals(expected, p.get().toDoubleArray(), 1e-12);
        }
        assertThrows(IllegalArgumentException.class, () -> other.loadStateDict(Map.of("q", Tensors.ones(2))));
        assertThrows(IllegalArgumentException.class, () -> new ExponentialMovingAverage(Map.of("p", p), 1.5));
    }

    /// Four quarters of a batch in four passes are one step with the whole batch.
    @Test
    void accumulatedGradientsAreThoseOfTheWholeBatch() {
        Parameter p = Parameter.startingAt(Tensors.of(3.0));
        Parameter whole = Parameter.startingAt(Tensors.of(3.0));
        SGD o = new SGD(List.of(p), 0.1);
        GradientAccumulation accumulation = new GradientAccumulation(o, 4);
        double[] x = {1, 2, 3, 4};
        for (int i = 0; i < 4; i++) {
            Tensor loss = p.get().mul(x[i]).sub(1).square().mean();
            assertEquals(i == 3, accumulation.backward(loss));
            assertEquals(i == 3, p.get().item() != 3);
        }
        whole.get().mul(Tensors.of(x)).sub(1).square().mean().backward();
        new SGD(List.of(whole), 0.1).step();
        assertEquals(whole.get().item(), p.get().item(), 1e-12);
        assertEquals(null, p.grad());
    }
}
