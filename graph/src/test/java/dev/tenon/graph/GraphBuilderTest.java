package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphBuilderTest {
    @Test
    void defineThenRun() {
        Tensor w = Tensors.of(new float[][] {{1, 2}, {3, 4}});
        Graph g;
        try (var b = new GraphBuilder("line", Map.of("weight", w))) {
            Tensor x = b.placeholder("x", DType.F32, Shape.of(2, 2));
            Tensor c = b.placeholder("c", DType.BOOL, Shape.SCALAR);
            Tensor y = x.matmul(w);
            b.output("y", y).output("z", Graphs.cond(c, () -> y.neg(), () -> y.add(1)));
            g = b.build();
        }
        assertFalse(Context.isRecording());
        assertEquals("weight", g.parameters().getFirst().name());
        Tensor eye = Tensors.eye(2);
        assertArrayEquals(new float[] {-1, -2, -3, -4},
                g.run(Map.of("x", eye, "c", Tensors.of(true).reshape(Shape.SCALAR))).get("z").toFloatArray());
        assertArrayEquals(new float[] {2, 3, 4, 5},
                g.run(Map.of("x", eye, "c", Tensors.of(false).reshape(Shape.SCALAR))).get("z").toFloatArray());
        w.mul_(Tensors.scalar(10));
        assertArrayEquals(new float[] {10, 20, 30, 40},
                g.run(Map.of("x", eye, "c", Tensors.of(false).reshape(Shape.SCALAR))).get("y").toFloatArray());
    }

    @Test
    void trainsByGradientDescent() {
        Tensor w = Tensors.zeros(1).requiresGrad(true);
        Graph step;
        try (var b = new GraphBuilder("step")) {
            Tensor x = b.placeholder("x", DType.F32, Shape.of(4));
            Tensor loss = x.mul(w).sub(x.mul(3)).square().mean();
            loss.backward();
            Tensor grad = w.grad();
            if (grad == null) {
                throw new IllegalStateException("no gradient");
            }
            Context.noGrad(() -> w.sub_(grad.mul(0.1)));
            w.setGrad(null);
            b.output("loss", loss.detach());
            step = b.build();
        }
        Tensor x = Tensors.of(1f, -1f, 2f, 0.5f);
        double last = Double.MAX_VALUE;
        for (int i = 0; i < 50; i++) {
            double loss = step.run(x).getFirst().item();
            assertEquals(Math.min(loss, last), loss);
            last = loss;
        }
        assertEquals(3, w.item(), 1e-3);
    }

    @Test
    void misuse() {
        try (var b = new GraphBuilder("misuse")) {
            Tensor x = b.placeholder("x", DType.F32, Shape.of(4));
            assertThrows(IllegalArgumentException.class, () -> b.placeholder("x", DType.F32, Shape.of(4)));
            b.output("y", x);
            assertThrows(IllegalArgumentException.class, () -> b.output("y", x));
            b.build();
            assertThrows(IllegalStateException.class, b::build);
        }
        assertFalse(Context.isRecording());
        Graph g = Graphs.capture(t -> t.add(1), Tensors.ones(2));
        assertThrows(IllegalArgumentException.class, () -> g.run(Map.of("x", Tensors.ones(2), "y", Tensors.ones(2))));
        assertThrows(IllegalArgumentException.class, () -> g.run(List.of()));
    }
}
