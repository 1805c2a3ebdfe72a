package dev.tenon.autograd;

import static dev.tenon.autograd.Samples.assertFails;
import static dev.tenon.autograd.Samples.assertGrad;
import static dev.tenon.autograd.Samples.assertValues;
import static dev.tenon.autograd.Samples.check;
import static dev.tenon.autograd.Samples.leaf;
import static dev.tenon.autograd.Samples.of;
import static dev.tenon.autograd.Samples.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Custom functions.
class FunctionTest {
    private static final class Sigmoid extends Function {
        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
            assertFalse(Context.tracksGradients());
            Tensor y = inputs.getFirst().neg().exp().add(1.0).reciprocal();
            ctx.saveForBackward(y);
            return List.of(y);
        }

        @Override
        protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
            Tensor y = ctx.saved(0);
            return List.of(gradOutputs.getFirst().mul(y).mul(y.rsub(1)));
        }
    }

    /// x y and x + y, scaled by an attribute.
    private static final class Both extends Function {
        private final double scale;

        Both(double scale) {
            this.scale = scale;
        }

        @Override
        protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
            ctx.saveForBackward(inputs.get(0), inputs.get(1));
            ctx.set("scale", scale);
            Tensor position = inputs.get(0).gt(0);
            Tensor rounded = inputs.get(0).round();
            ctx.markNonDifferentiable(rounded);
            return List.of(inputs.get(0).mul(inputs.get(1)).mul(scale), inputs.get(0).add(inputs.get(1)), position,
                    rounded);
        }

        @Override
        protected List<@Nullable Tensor> backward(FunctionContext ctx, List<Tensor> g) {
            double s = ctx.get("scale", Double.class);
            Tensor x = ctx.needsInputGrad(0) ? g.get(0).mul(ctx.saved(1)).mul(s).add(g.get(1)) : null;
            Tensor y = ctx.needsInputGrad(1) ? g.get(0).mul(ctx.saved(0)).mul(s).add(g.get(1)) : null;
            return Arrays.asList(x, y);
        }
    }

    private static Function with(BiFunction<FunctionContext, List<Tensor>, List<@Nullable Tensor>> backward) {
        return new Function() {
            @Override
            public String name() {
                return "Broken";
            }

            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                return List.of(inputs.get(0).mul(2.0));
            }

            @Override
            protected List<@Nullable Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
                return backward.apply(ctx, gradOutputs);
            }
        };
    }

    @Test
    void oneNodeWithAGradientOfItsOwn() {
        Tensor x = leaf(-1, 0.5);
        Tensor y = new Sigmoid().apply(x);
        assertEquals("Sigmoid", y.gradState().node().name());
        assertEquals("leaf", y.gradState().node().parents().getFirst().name());
        y.sum().backward();
        Tensor z = leaf(-1, 0.5);
        z.sigmoid().sum().backward();
        assertGrad(x, z.grad().toDoubleArray());
        check(in -> new Sigmoid().apply(in.getFirst()), random(1, 4));
        assertFalse(new Sigmoid().apply(of(1)).requiresGrad());
        assertFalse(Context.noGrad(() -> new Sigmoid().apply(x)).requiresGrad());
    }

    @Test
    void severalInputsAndOutputs() {
        check(in -> {
            List<Tensor> out = new Both(3).applyAll(in);
            return out.get(0).mul(out.get(1));
        }, random(1, 3), random(2, 3));
        Tensor x = leaf(1.4, 2);
        List<Tensor> out = new Both(3).applyAll(List.of(x, of(5, 6)));
        assertTrue(out.get(1).requiresGrad());
        assertFalse(out.get(2).requiresGrad());
        assertFalse(out.get(3).requiresGrad());
        out.get(0).sum().backward();
        assertGrad(x, 15, 18);
        assertFails(TensorException.class, () -> new Both(1).apply(x, x), "4 outputs", "applyAll");
    }

    @Test
    void whatIsHandedThroughGetsAHistoryOfItsOwn() {
        Function straight = new Function() {
            @Override
            protected List<Tensor> forward(FunctionContext ctx, List<Tensor> inputs) {
                return inputs;
            }

            @Override
            protected List<Tensor> backward(FunctionContext ctx, List<Tensor> gradOutputs) {
                return List.of(gradOutputs.getFirst().neg());
            }
        };
        Tensor x = leaf(1, 2);
        Tensor y = straight.apply(x);
        assertTrue(x.isLeaf());
        y.sum().backward();
        assertGrad(x, -1, -1);
    }

    @Test
    void mistakesAreNamed() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3);
        assertFails(TensorException.class, () -> with((_, g) -> List.of(g.getFirst())).apply(x, y).sum().backward(),
                "Broken", "1 gradients for 2 inputs");
        assertFails(TensorException.class, () -> with((_, g) -> List.of(g.getFirst().sum())).apply(x).sum().backward(),
                "Broken", "f64[]", "input 0", "f64[2]");
        assertFails(IllegalStateException.class, () -> with((c, g) -> {
            c.get("missing", String.class);
            return List.of(g.getFirst());
        }).apply(x).sum().backward(), "missing");
        with((_, g) -> Arrays.asList(g.getFirst(), null)).apply(x, y).sum().backward();
        assertGrad(x, 1, 1);
        Tensor s = new Sigmoid().apply(x);
        Tensor total = s.sum();
        s.add_(1.0);
        assertFails(TensorException.class, total::backward, "Sigmoid", "saved tensor", "changed in place");
        Tensor twice = new Sigmoid().apply(x).sum();
        twice.backward();
        assertFails(TensorException.class, twice::backward, "Sigmoid", "retainGraph");
        assertValues(y, 3);
    }
}
