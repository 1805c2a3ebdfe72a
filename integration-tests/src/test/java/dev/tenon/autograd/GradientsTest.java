package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.DEVICE;
import static dev.tenon.autograd.Samples.assertFails;
import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.assertValues;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.of;
import static dev.tenon.autograd.Samples.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Gradients as values, Jacobians, checks and checkpoints.
class GradientsTest {
    @Test
    void gradTouchesNoLeaf() {
        Tensor x = leaf(1, 2);
        Tensor w = leaf(3, 4);
        Tensor h = x.mul(w);
        Tensor y = h.square().sum();
        List<Tensor> g = Gradients.grad(List.of(y), List.of(w, h));
        assertValues(g.get(0), 6, 32);
        assertValues(g.get(1), 6, 16);
        assertNull(x.grad());
        assertNull(w.grad());
        assertFalse(g.get(0).requiresGrad());
    }

    @Test
    void gradComputesOnlyWhatIsAskedFor() {
        Tensor x = leaf(1, 2);
        boolean[] called = new boolean[1];
        Tensor side = leaf(5, 6);
        Tensor other = side.mul(2.0);
        other.registerHook(g -> {
            called[0] = true;
            return g;
        });
        Tensor y = x.mul(3.0).add(other).sum();
        assertValues(Gradients.grad(y, x), 3, 3);
        assertFalse(called[0]);
    }

    @Test
    void gradHonoursHooksSeedsAndRepeatedInputs() {
        Tensor x = leaf(1, 2);
        Tensor h = x.mul(2.0);
        h.registerHook(g -> g.mul(10.0));
        List<Tensor> g = Gradients.grad(List.of(h.mul(h)), List.of(h, x, x), List.of(of(1, 0)), false, false, false);
        assertValues(g.get(0), 40, 0);
        assertValues(g.get(1), 80, 0);
        assertValues(g.get(2), 80, 0);
        assertNull(h.grad());
    }

    @Test
    void higherOrders() {
        Tensor x = leaf(2);
        Tensor y = x.pow(4.0).sum();
        Tensor first = Gradients.grad(y, x, true);
        Tensor second = Gradients.grad(first.sum(), x, true);
        Tensor third = Gradients.grad(second.sum(), x, true);
        assertValues(first, 32);
        assertValues(second, 48);
        assertValues(third, 48);
        third.sum().backward();
        assertGrad(x, 24);
    }

    @Test
    void whatGradRefuses() {
        Tensor x = leaf(1);
        Tensor unused = leaf(2);
        Tensor y = x.mul(2.0).sum();
        assertFails(TensorException.class, () -> Gradients.grad(List.of(y), List.of(x, unused)), "input 1",
                "not used", "allowUnused");
        List<Tensor> g = Gradients.grad(List.of(y), Arrays.asList(x, unused), null, false, false, true);
        assertValues(g.get(0), 2);
        assertNull(g.get(1));
        assertFails(TensorException.class, () -> Gradients.grad(y, of(1)), "input 0", "requires no gradient");
        assertFails(TensorException.class, () -> Gradients.grad(of(1), x), "output 0", "requires no gradient");
        assertFails(TensorException.class, () -> Gradients.grad(leaf(1, 2).mul(x), x), "2 elements");
    }

    @Test
    void resultsBelongToTheCallersScope() {
        Tensor x = leaf(1, 2);
        Tensor g;
        try (Scope _ = Scope.open()) {
            g = Gradients.grad(x.mul(x).sum(), x);
            assertValues(g, 2, 4);
        }
        assertTrue(g.isClosed());
    }

    @Test
    void productsWithJacobians() {
        Tensor x = of(1, 2, 3);
        UnaryOperator<Tensor> f = t -> Tensors.stack(0, t.prod(), t.square().sum());
        // J = [[6, 3, 2], [2, 4, 6]]
        Gradients.Product v = Gradients.vjp(f, x, of(1, 10));
        assertValues(v.output(), 6, 14);
        assertValues(v.product(), 26, 43, 62);
        Gradients.Product j = Gradients.jvp(f, x, of(1, 0, -1));
        assertValues(j.output(), 6, 14);
        assertValues(j.product(), 4, -4);
        assertFalse(x.requiresGrad());
        // A linear function's gradient does not depend on the input, a constant one's not on anything.
        assertValues(Gradients.jvp(t -> t.mul(3.0), x, of(1, 2, 3)).product(), 3, 6, 9);
        assertValues(Gradients.jvp(t -> of(5, 6), x, of(1, 2, 3)).product(), 0, 0);
        assertFails(TensorException.class, () -> Gradients.vjp(f, x, of(1, 2, 3)), "vjp", "f64[3]", "f64[2]");
    }

    @Test
    void jacobiansAndHessians() {
        Tensor x = of(1, 2, 3);
        Tensor j = Gradients.jacobian(t -> Tensors.stack(0, t.prod(), t.square().sum()), x);
        assertEquals(Shape.of(2, 3), j.shape());
        assertValues(j, 6, 3, 2, 2, 4, 6);
        Tensor h = Gradients.hessian(t -> t.prod(), x);
        assertEquals(Shape.of(3, 3), h.shape());
        assertValues(h, 0, 3, 2, 3, 0, 1, 2, 1, 0);
        List<Tensor> both = Gradients.jacobian(in -> in.get(0).matmul(in.get(1)), List.of(random(1, 2, 2),
                random(2, 2)));
        assertEquals(Shape.of(2, 2, 2), both.get(0).shape());
        assertEquals(Shape.of(2, 2), both.get(1).shape());
        assertValues(Context.noGrad(() -> Gradients.hessian(t -> t.pow(3.0).sum(), of(2))), 12);
        assertFails(TensorException.class, () -> Gradients.hessian(t -> t.mul(t), x), "hessian", "scalar");
    }

    @Test
    void gradCheckFindsAWrongGradient() {
        Function wrong = new Function() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                return List.of(inputs.getFirst().square());
            }

            @Override
            protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
                return List.of(gradOutputs.getFirst().mul(4.0));
            }
        };
        assertFails(AssertionError.class, () -> Gradients.gradCheck(in -> wrong.apply(in.getFirst()), of(2, 3)),
                "element 1 of the result", "element 1 of input 0", "is 4.0", "finite differences give");
        // Right at first order, but cut off from the input.
        Function flat = new Function() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                ctx.saveForBackward(inputs.getFirst());
                return List.of(inputs.getFirst().square());
            }

            @Override
            protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
                return List.of(gradOutputs.getFirst().mul(ctx.saved(0).detach()).mul(2.0));
            }
        };
        Gradients.gradCheck(in -> flat.apply(in.getFirst()), of(2, 3));
        assertFails(AssertionError.class, () -> Gradients.gradGradCheck(in -> flat.apply(in.getFirst()), of(2, 3)),
                "input 0", "is 0.0");
        assertFails(TensorException.class,
                () -> Gradients.gradCheck(in -> in.getFirst().exp(), of(1).to(DType.F32)), "f64");
    }

    @Test
    void checkpointsComputeAgainToTheSameBits() {
        Tensor w = random(1, 6, 6).requiresGrad(true);
        Tensor x = random(2, 4, 6).requiresGrad(true);
        int[] runs = new int[1];
        UnaryOperator<Tensor> block = t -> {
            runs[0]++;
            Tensor mask = Tensors.bernoulli(t.shape(), 0.5, DEVICE, Generator.getDefault());
            return t.matmul(w).tanh().mul(mask);
        };
        Tensors.manualSeed(7);
        block.apply(block.apply(x)).sum().backward();
        double[] gw = w.grad().toDoubleArray();
        double[] gx = x.grad().toDoubleArray();
        w.setGrad(null);
        x.setGrad(null);
        Tensors.manualSeed(7);
        runs[0] = 0;
        Tensor y = Gradients.checkpoint(block, Gradients.checkpoint(block, x));
        assertEquals("checkpoint", y.gradState().node().name());
        long position = Generator.getDefault().position();
        y.sum().backward();
        assertEquals(4, runs[0]);
        assertEquals(position, Generator.getDefault().position());
        assertArrayEquals(gw, w.grad().toDoubleArray());
        assertArrayEquals(gx, x.grad().toDoubleArray());
    }

    @Test
    void checkpointsSaveTheirInputsOnly() {
        Tensor x = random(1, 4096).requiresGrad(true);
        UnaryOperator<Tensor> deep = t -> {
            Tensor u = t;
            for (int i = 0; i < 20; i++) {
                u = u.tanh();
            }
            return u;
        };
        long start = DEVICE.memory().used();
        Tensor y = Gradients.checkpoint(deep, x);
        assertTrue(DEVICE.memory().used() - start <= 2 * 4096 * 8);
        y.sum().backward();
        assertEquals(Shape.of(4096), x.grad().shape());
    }

    @Test
    void checkpointsWorkWithEverythingElse() {
        Tensor scale = random(5, 3);
        Samples.check(in -> Gradients.checkpoint(t -> t.mul(t).mul(scale).sin(), in.getFirst()), random(6, 3));
        // What the function reads besides its input, leaf or not; grad; a hook that is called once.
        Tensor w = leaf(2, 3);
        Tensor inner = w.square();
        int[] calls = new int[1];
        inner.registerHook(g -> {
            calls[0]++;
            return g;
        });
        Tensor y = Gradients.checkpoint(t -> t.mul(inner), leaf(1, 1)).sum();
        assertValues(Gradients.grad(y, w), 4, 6);
        assertEquals(1, calls[0]);
        Tensor z = leaf(1);
        int[] run = new int[1];
        Tensor odd = Gradients.checkpoint(t -> run[0]++ == 0 ? t.exp() : t.exp().sum(), z);
        assertFails(TensorException.class, () -> odd.sum().backward(), "checkpoint", "f64[]", "f64[1]");
        assertValues(Gradients.checkpoint(t -> t.add(1.0), of(1)), 2);
        assertFalse(Gradients.checkpoint(t -> t.add(1.0), of(1)).requiresGrad());
    }
}
