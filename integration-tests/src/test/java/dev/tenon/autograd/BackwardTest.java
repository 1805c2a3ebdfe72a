package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.DEVICE;
import static dev.tenon.autograd.Samples.assertFails;
import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.assertValues;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.of;
import static dev.tenon.autograd.Samples.random;
import static dev.tenon.autograd.Samples.scalar;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradientEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/// The backward pass: accumulation, graphs, hooks, changes in place.
class BackwardTest {
    @Test
    void theEngineIsFound() {
        assertTrue(ServiceLoader.load(GradientEngine.class).stream().anyMatch(p -> p.type() == Engine.class));
    }

    @Test
    void gradientsAddUpOverUsesAndPasses() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(x).add(x).add(x).sub(x);
        y.sum().backward();
        assertGrad(x, 3, 5);
        Tensor first = x.grad();
        x.mul(10.0).sum().backward();
        assertGrad(x, 13, 15);
        assertSame(first, x.grad(), "an unshared gradient is added to in place");
        Tensor held = first.detach();
        x.sum().backward();
        assertValues(held, 13, 15);
        assertGrad(x, 14, 16);
        held.close();
    }

    @Test
    void leavesNeverShareTheirGradients() {
        Tensor a = leaf(1, 2);
        Tensor b = leaf(3, 4);
        Tensor seed = of(1, 1);
        a.add(b).backward(seed, false, false);
        a.grad().mul_(5.0);
        assertGrad(a, 5, 5);
        assertGrad(b, 1, 1);
        assertValues(seed, 1, 1);
        Tensor c = leaf(1, 2);
        c.backward(seed, false, false);
        c.grad().add_(1.0);
        assertValues(seed, 1, 1);
        Tensor d = leaf(1, 2, 3);
        d.sum().backward();
        assertTrue(d.grad().isContiguous(), "not the expanded one");
    }

    @Test
    void aSecondPassNeedsTheGraphKept() {
        Tensor x = leaf(2, 3);
        Tensor y = x.mul(x).sum();
        y.backward(null, true, false);
        y.backward();
        assertGrad(x, 8, 12);
        assertFails(TensorException.class, y::backward, "mul", "second time", "retainGraph");
    }

    @Test
    void whatCannotStartAPass() {
        assertFails(TensorException.class, () -> of(1).backward(), "requires no gradient", "requiresGrad(true)");
        assertFails(TensorException.class, () -> leaf(1, 2).mul(2.0).backward(), "2 elements", "scalar");
        assertFails(TensorException.class, () -> leaf(1, 2).mul(2.0).backward(of(1, 2, 3), false, false), "f64[3]",
                "f64[2]");
        assertFails(TensorException.class,
                () -> leaf(1, 2).mul(2.0).backward(of(1, 2).to(DType.F32), false, false), "f32[2]");
        Tensor x = leaf(1, 2);
        Tensor y = Context.noGrad(() -> x.mul(2.0).sum());
        assertFalse(y.requiresGrad());
        assertFails(TensorException.class, y::backward, "requires no gradient");
        assertFalse(x.detach().mul(2.0).requiresGrad());
    }

    @Test
    void whatHasNoRuleThrowsInTheForwardPass() {
        record Secret() implements CustomOp {
            @Override
            public String name() {
                return "secret";
            }

            @Override
            public List<TensorType> infer(List<TensorType> in) {
                return List.of(in.getFirst());
            }

            @Override
            public List<Tensor> evaluate(List<Tensor> in) {
                return List.of(in.getFirst().add(1.0));
            }
        }
        Tensor x = leaf(1);
        assertFails(TensorException.class, () -> dev.tenon.api.Dispatcher.run(new Secret(), x), "secret",
                "no gradient", "Function");
        assertValues(dev.tenon.api.Dispatcher.run(new Secret(), x.detach()), 2);
    }

    @Test
    void graphsFollowOrdinaryJava() {
        Tensor w1 = leaf(2);
        Tensor w2 = leaf(5);
        for (double v : new double[] {1, -1}) {
            Tensor x = of(v);
            (x.item() > 0 ? x.mul(w1) : x.mul(w2)).sum().backward();
        }
        assertGrad(w1, 1);
        assertGrad(w2, -1);
        // y_t = (y_{t-1} + x_t) w
        Tensor w = leaf(3);
        Tensor y = of(0);
        for (int t = 1; t <= 3; t++) {
            y = y.add((double) t).mul(w);
        }
        y.sum().backward();
        assertGrad(w, 3 * 9 + 2 * 2 * 3 + 3);
        Tensor r = leaf(1.5);
        power(r, 6).sum().backward();
        assertGrad(r, 6 * Math.pow(1.5, 5));
    }

    private static Tensor power(Tensor x, int n) {
        return n == 0 ? Tensors.onesLike(x) : n % 2 == 1 ? x.mul(power(x, n - 1)) : power(x.mul(x), n / 2);
    }

    @Test
    void hooksSeeAndReplaceGradients() {
        Tensor x = leaf(1, 2);
        List<double[]> seen = new ArrayList<>();
        Runnable remove = x.registerHook(g -> {
            seen.add(g.toDoubleArray());
            return g.mul(10.0);
        });
        Tensor y = x.mul(3.0);
        Tensor[] kept = new Tensor[1];
        y.registerHook(g -> {
            kept[0] = g;
            return g.add(1.0);
        });
        y.retainGrad();
        y.add(x).sum().backward();
        assertEquals(1, seen.size(), "a leaf's hook is called once with the sum");
        assertValues(of(seen.getFirst()), 7, 7);
        assertValues(kept[0], 1, 1);
        assertGrad(y, 2, 2);
        assertGrad(x, 70, 70);
        remove.run();
        x.mul(1.0).sum().backward();
        assertGrad(x, 71, 71);
        assertFails(TensorException.class, () -> of(1).registerHook(g -> g), "requires no gradient");
        Tensor z = leaf(1, 2);
        z.registerHook(g -> g.sum());
        assertFails(TensorException.class, () -> z.sum().backward(), "hook", "f64[]", "f64[2]");
    }

    @Test
    void aHookOnATensorWithoutLaterUseIsNotCalled() {
        Tensor x = leaf(1);
        Tensor unused = x.mul(2.0);
        unused.registerHook(_ -> {
            throw new IllegalStateException("called");
        });
        x.mul(3.0).sum().backward();
        assertGrad(x, 3);
        assertNull(unused.grad());
    }

    @Test
    void aChangeOfWhatWasSavedIsNoticed() {
        Tensor x = leaf(1, 2);
        Tensor y = x.exp();
        Tensor z = y.mul(y);
        y.add_(1.0);
        assertFails(TensorException.class, () -> z.sum().backward(), "mul", "changed in place", "operand");
        Tensor w = leaf(1, 2);
        Tensor data = of(3, 4);
        Tensor p = w.mul(data);
        data.zero_();
        assertFails(TensorException.class, () -> p.sum().backward(), "mul", "operand 1", "clone()");
        // What the gradient does not read may change.
        Tensor a = w.add(data);
        data.fill_(9);
        a.sum().backward();
        assertGrad(w, 1, 1);
    }

    @Test
    void changesInPlaceBecomePartOfTheHistory() {
        Tensor x = leaf(1, 2);
        Tensor w = leaf(3, 4);
        Tensor y = x.mul(2.0);
        y.add_(w);
        y.mul_(5.0);
        y.sum().backward();
        assertGrad(x, 10, 10);
        assertGrad(w, 5, 5);
        Tensor buffer = Tensors.zeros(Shape.of(2), DType.F64, DEVICE);
        buffer.add_(x.mul(3.0));
        assertTrue(buffer.requiresGrad());
        buffer.sum().backward();
        assertGrad(x, 13, 13);
        Tensor erased = x.mul(2.0);
        erased.zero_();
        assertFalse(erased.requiresGrad());
        Tensor copied = x.mul(7.0);
        copied.copy_(w);
        copied.sum().backward();
        assertGrad(x, 13, 13);
        assertGrad(w, 6, 6);
        assertFails(TensorException.class, () -> x.add_(1.0), "leaf", "noGrad");
        assertFails(TensorException.class, () -> x.mul(2.0).narrow(0, 0, 1).add_(1.0), "view");
        try (Context.Mode _ = Context.noGrad()) {
            x.sub_(x.grad());
        }
        assertValues(x, -12, -11);
    }

    @Test
    void aViewOfWhatWasChangedIsNoticed() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2.0);
        Tensor part = y.narrow(0, 0, 1);
        y.mul_(3.0);
        assertFails(TensorException.class, () -> part.sum(), "sum", "slice", "changed in place");
        assertFails(TensorException.class, part::backward, "backward", "slice");
        y.narrow(0, 0, 1).sum().backward();
        assertGrad(x, 6, 0);
    }

    @Test
    void gradientsOfGradients() {
        Tensor x = leaf(2, 3);
        x.pow(3.0).sum().backward(null, false, true);
        Tensor g = x.grad();
        assertTrue(g.requiresGrad());
        Tensor penalty = g.square().sum();
        x.setGrad(null);
        assertTrue(g.isClosed(), "setGrad closes");
        assertFails(TensorException.class, () -> {
            Tensor y = leaf(1);
            y.mul(y).sum().backward();
            y.grad().sum().backward();
        }, "requires no gradient");
        // (3x^2)^2 = 9x^4
        penalty.backward();
        assertGrad(x, 36 * 8, 36 * 27);
    }

    @Test
    void anomaliesNameTheForwardOp() {
        Tensor x = leaf(0, 1);
        try (Context.Mode _ = Context.detectAnomalies()) {
            Tensor y = x.sqrt().mul(of(0, 1)).sum();
            assertFails(TensorException.class, y::backward, "backward of sqrt", "NaN",
                    "anomaliesNameTheForwardOp");
            assertFails(TensorException.class, () -> x.sub(1.0).log(), "log", "NaN");
        }
        x.sqrt().mul(of(0, 1)).sum().backward();
        assertTrue(Double.isNaN(x.grad().toDoubleArray()[0]));
    }

    @Test
    void aDecomposedCompositeHasAGradient() {
        Tensor x = random(1, 2, 3);
        Samples.check(in -> in.getFirst().logsumexp(new int[] {1}, true), x);
    }

    @Test
    void theGraphCanBeWalked() {
        Tensor x = leaf(1);
        Tensor y = x.mul(2.0).exp();
        assertEquals("exp", y.gradState().node().name());
        assertEquals("mul", y.gradState().node().parents().getFirst().name());
        assertEquals("leaf", y.gradState().node().parents().getFirst().parents().getFirst().name());
        assertTrue(x.isLeaf());
        assertFalse(y.isLeaf());
        assertFails(TensorException.class, () -> y.requiresGrad(false), "detach()");
    }

    @Test
    void rootsThatShareTheirHistory() {
        Tensor x = leaf(1, 2);
        Tensor h = x.mul(x);
        Tensor a = h.sum();
        Tensor b = h.exp().sum();
        new Engine().backward(List.of(a, b, a), java.util.Arrays.asList(null, null, scalar(2)), false, false);
        assertGrad(x, 2 * (3 + Math.E), 4 * (3 + Math.exp(4)));
        try (Scope _ = Scope.open()) {
            assertNotNull(x.grad());
        }
        assertFalse(x.grad().isClosed());
    }
}
