package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.AdamW;
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.optim.Lion;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.OptimizerState;
import dev.tenon.nn.optim.RMSprop;
import dev.tenon.nn.optim.SGD;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// Every step against the formula of its paper, computed here for one element at a time.
class OptimizerTest {
    static final double[] START = {1, -2, 0.5, 0, 3};
    static final double[][] GRADIENTS = {
        {0.1, -0.2, 0, 4, -1e-3}, {0.3, 0.2, 0.5, -4, 1e-3}, {-0.1, 0.7, 0, 0.25, 2}, {1, 1, -1, 0, -2}
    };

    /// One element's update: gets (parameter, gradient, number of the step), may keep state.
    interface Element {
        double step(double p, double g, int t);
    }

    static void check(Function<List<Parameter>, Optimizer> make, Supplier<Element> rule) {
        Parameter p = Parameter.startingAt(Tensors.of(START));
        Optimizer o = make.apply(List.of(p));
        double[] expected = START.clone();
        Element[] elements = new Element[START.length];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = rule.get();
        }
        for (int t = 1; t <= GRADIENTS.length; t++) {
            p.get().setGrad(Tensors.of(GRADIENTS[t - 1]));
            o.step();
            for (int i = 0; i < elements.length; i++) {
                expected[i] = elements[i].step(expected[i], GRADIENTS[t - 1][i], t);
            }
            double[] actual = p.get().toDoubleArray();
            for (int i = 0; i < elements.length; i++) {
                assertEquals(expected[i], actual[i], 1e-12, "element " + i + " after step " + t);
            }
        }
    }

    @Test
    void sgd() {
        check(p -> new SGD(p, 0.1), () -> (p, g, t) -> p - 0.1 * g);
        check(p -> new SGD(p, SGD.options(0.1).weightDecay(0.5)), () -> (p, g, t) -> p - 0.1 * (g + 0.5 * p));
        check(p -> new SGD(p, SGD.options(0.1).maximize(true)), () -> (p, g, t) -> p + 0.1 * g);
    }

    @Test
    void sgdWithMomentum() {
        check(p -> new SGD(p, SGD.options(0.1).momentum(0.9).dampening(0.3)), () -> new Element() {
            double b;

            @Override
            public double step(double p, double g, int t) {
                b = t == 1 ? g : 0.9 * b + 0.7 * g;
                return p - 0.1 * b;
            }
        });
        check(p -> new SGD(p, SGD.options(0.1).momentum(0.9).nesterov(true).weightDecay(0.2)), () -> new Element() {
            double b;

            @Override
            public double step(double p, double g, int t) {
                double d = g + 0.2 * p;
                b = t == 1 ? d : 0.9 * b + d;
                return p - 0.1 * (d + 0.9 * b);
            }
        });
        assertThrows(IllegalArgumentException.class,
                () -> new SGD(new Linear(2, 2).parameters(), SGD.options(0.1).nesterov(true)));
    }

    private static Element adam(double decay, boolean decoupled, boolean amsgrad) {
        return new Element() {
            double m;
            double v;
            double top;

            @Override
            public double step(double p, double g, int t) {
                double start = decoupled ? p * (1 - 0.01 * decay) : p;
                double d = decoupled ? g : g + decay * p;
                m = 0.8 * m + 0.2 * d;
                v = 0.95 * v + 0.05 * d * d;
                top = Math.max(top, v);
                double mHat = m / (1 - Math.pow(0.8, t));
                double vHat = (amsgrad ? top : v) / (1 - Math.pow(0.95, t));
                return start - 0.01 * mHat / (Math.sqrt(vHat) + 1e-6);
            }
        };
    }

    @Test
    void adam() {
        check(p -> new Adam(p, Adam.options(0.01).betas(0.8, 0.95).epsilon(1e-6)), () -> adam(0, false, false));
        check(p -> new Adam(p, Adam.options(0.01).betas(0.8, 0.95).epsilon(1e-6).weightDecay(0.3)),
                () -> adam(0.3, false, false));
        check(p -> new Adam(p, Adam.options(0.01).betas(0.8, 0.95).epsilon(1e-6).amsgrad(true)),
                () -> adam(0, false, true));
    }

    @Test
    void adamW() {
        check(p -> new AdamW(p, AdamW.options(0.01).betas(0.8, 0.95).epsilon(1e-6).weightDecay(0.3)),
                () -> adam(0.3, true, false));
        assertEquals(0.01, AdamW.options(1).values().get("weightDecay"));
        assertEquals(0, Adam.options(1).values().get("weightDecay"));
    }

    @Test
    void rmsProp() {
        for (boolean centered : new boolean[] {false, true}) {
            for (double momentum : new double[] {0, 0.9}) {
                check(p -> new RMSprop(p, RMSprop.options(0.01).alpha(0.9).epsilon(1e-3).centered(centered)
                        .momentum(momentum).weightDecay(0.1)), () -> new Element() {
                            double v;
                            double a;
                            double b;

                            @Override
                            public double step(double p, double g, int t) {
                                double d = g + 0.1 * p;
                                v = 0.9 * v + 0.1 * d * d;
                                a = 0.9 * a + 0.1 * d;
                                double u = d / (Math.sqrt(centered ? v - a * a : v) + 1e-3);
                                b = momentum * b + u;
                                return p - 0.01 * b;
                            }
                        });
            }
        }
    }

    @Test
    void lion() {
        check(p -> new Lion(p, Lion.options(0.1).betas(0.9, 0.99).weightDecay(0.5)), () -> new Element() {
            double m;

            @Override
            public double step(double p, double g, int t) {
                double c = 0.9 * m + 0.1 * g;
                double next = p - 0.1 * (Math.signum(c) + 0.5 * p);
                m = 0.99 * m + 0.01 * g;
                return next;
            }
        });
    }

    @Test
    void sixteenBitParametersKeepTheirStateIn32() {
        Parameter p = Parameter.startingAt(Tensors.of(1.0, 2.0).to(DType.BF16));
        Adam o = new Adam(List.of(p), 0.5);
        p.get().setGrad(Tensors.of(1.0, -1.0).to(DType.BF16));
        o.step();
        assertEquals(DType.BF16, p.dtype());
        assertEquals(DType.F32, o.stateDict().tensors().get("0.expAvg").dtype());
        assertNear(new double[] {0.5, 2.5}, p.get());
    }

    @Test
    void groupsHaveTheirOwnSettingsAndFrozenParametersStay() {
        Linear a = new Linear(2, 2);
        Linear b = new Linear(2, 2);
        SGD o = new SGD(a.parameters(), 0.1);
        o.addGroup(b.parameters(), SGD.options(0.0));
        a.bias().requiresGrad(false);
        float[] weight = a.weight().get().toFloatArray();
        float[] bias = a.bias().get().toFloatArray();
        float[] other = b.weight().get().toFloatArray();
        b.call(a.call(Tensors.randn(3, 2))).square().sum().backward();
        o.step();
        assertArrayEquals(bias, a.bias().get().toFloatArray());
        assertArrayEquals(other, b.weight().get().toFloatArray());
        assertTrue(weight[0] != a.weight().get().toFloatArray()[0]);
        o.groups().get(1).setLr(0.5);
        o.step();
        assertTrue(other[0] != b.weight().get().toFloatArray()[0]);
        o.zeroGrad(false);
        assertNear(new double[4], assertNotNull2(a.weight().grad()));
        o.zeroGrad();
        assertNull(a.weight().grad());
    }

    private static Tensor assertNotNull2(Tensor t) {
        assertNotNull(t);
        return t;
    }

    @Test
    void wrongUseIsRefused() {
        List<Parameter> none = List.of();
        Linear fc = new Linear(2, 2);
        assertThrows(IllegalArgumentException.class, () -> new SGD(none, 0.1));
        assertThrows(IllegalArgumentException.class, () -> new SGD(List.of(fc.weight(), fc.weight()), 0.1));
        assertThrows(IllegalArgumentException.class, () -> new SGD(fc.parameters(), -0.1));
        assertThrows(IllegalArgumentException.class, () -> new SGD(fc.parameters(), Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Adam.options(0.1).betas(1, 0.9));
        SGD o = new SGD(fc.parameters(), 0.1);
        assertThrows(IllegalArgumentException.class, () -> o.addGroup(new Linear(2, 2).parameters(), Adam.options(1)));
        assertThrows(IllegalArgumentException.class, () -> o.addGroup(fc.parameters(), SGD.options(1)));
        assertThrows(IllegalArgumentException.class, () -> o.groups().getFirst().set("lrr", 1));
        assertThrows(TensorException.class, () -> Parameter.of(Tensors.zeros(2)));
    }

    @Test
    void aRestoredStateGoesOnToTheBit() {
        for (Function<List<Parameter>, Optimizer> make : List.<Function<List<Parameter>, Optimizer>>of(
                p -> new Adam(p, Adam.options(0.01).amsgrad(true)),
                p -> new SGD(p, SGD.options(0.1).momentum(0.9).dampening(0.5)),
                p -> new RMSprop(p, RMSprop.options(0.1).centered(true).momentum(0.5)))) {
            Parameter p = Parameter.startingAt(Tensors.of(START).to(DType.F32));
            Optimizer first = make.apply(List.of(p));
            steps(first, p, 0, 2);
            Parameter q = Parameter.startingAt(p.get().clone());
            Optimizer second = make.apply(List.of(q));
            first.groups().getFirst().setLr(0.25);
            second.loadStateDict(first.stateDict());
            steps(first, p, 2, 4);
            steps(second, q, 2, 4);
            assertArrayEquals(p.get().toFloatArray(), q.get().toFloatArray());
        }
    }

    private static void steps(Optimizer o, Parameter p, int from, int to) {
        for (int t = from; t < to; t++) {
            p.get().setGrad(Tensors.of(GRADIENTS[t]).to(DType.F32));
            o.step();
        }
    }

    @Test
    void aStateThatDoesNotFitChangesNothing() {
        Parameter p = Parameter.startingAt(Tensors.of(START));
        Adam o = new Adam(List.of(p), 0.1);
        p.get().setGrad(Tensors.of(GRADIENTS[0]));
        o.step();
        OptimizerState good = o.stateDict();
        Map<String, Double> numbers = new HashMap<>(good.numbers());
        numbers.remove("group0.lr");
        numbers.put("7.step", 1.0);
        Map<String, Tensor> tensors = new HashMap<>(good.tensors());
        tensors.put("0.expAvg", Tensors.zeros(3));
        var e = assertThrows(IllegalArgumentException.class,
                () -> o.loadStateDict(new OptimizerState(tensors, numbers)));
        for (String part : List.of("group0.lr is missing", "7.step belongs to no parameter",
                "0.expAvg has shape [3]")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        o.step();
        assertEquals(2.0, o.stateDict().numbers().get("0.step"));
    }

    @Test
    void plainTensorsCanBeOptimised() {
        Tensor w = Tensors.of(2.0).requiresGrad(true);
        SGD o = new SGD(List.of(Parameter.of(w)), 0.25);
        w.square().sum().backward();
        o.step();
        assertNear(1, w);
        Tensor loss = o.step(() -> {
            o.zeroGrad();
            Tensor l = w.square().sum();
            l.backward();
            return l;
        });
        assertNear(1, loss);
        assertNear(0.5, w);
    }

    @Test
    void clipping() {
        Parameter a = Parameter.startingAt(Tensors.zeros(2));
        Parameter b = Parameter.startingAt(Tensors.zeros(1));
        Parameter c = Parameter.startingAt(Tensors.zeros(1));
        List<Parameter> all = List.of(a, b, c);
        a.get().setGrad(Near.tensor(Near.dims(2), 3, 0));
        b.get().setGrad(Near.tensor(Near.dims(1), -4));
        assertNear(5, GradientClipping.clipGradNorm(all, 10));
        assertNear(new double[] {3, 0}, a.grad());
        assertNear(5, GradientClipping.clipGradNorm(all, 1));
        assertNear(new double[] {0.6, 0}, a.grad());
        assertNear(-0.8, b.grad());
        assertNear(0.8, GradientClipping.clipGradNorm(all, 0.4, Double.POSITIVE_INFINITY));
        assertNear(-0.4, b.grad());
        GradientClipping.clipGradValue(all, 0.1);
        assertNear(new double[] {0.1, 0}, a.grad());
        assertNear(-0.1, b.grad());
        assertNear(0, GradientClipping.clipGradNorm(List.of(c), 1));
    }
}
