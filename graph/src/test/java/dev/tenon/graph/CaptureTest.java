package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Softmax;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CaptureTest {
    static void assertSame(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        assertEquals(expected.dtype(), actual.dtype());
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray());
    }

    private static Graph check(Function<List<Tensor>, List<Tensor>> fn, Tensor... in) {
        Graph g = Graphs.capture(fn, List.of(in));
        for (int round = 0; round < 2; round++) {
            Tensors.manualSeed(5 + round);
            List<Tensor> expected = fn.apply(List.of(in));
            Tensors.manualSeed(5 + round);
            List<Tensor> actual = g.run(List.of(in));
            assertEquals(expected.size(), actual.size());
            for (int i = 0; i < expected.size(); i++) {
                assertSame(expected.get(i), actual.get(i));
            }
        }
        return g;
    }

    @Test
    void straightLine() {
        Tensor w = Tensors.randn(4, 3);
        Graph g = check(in -> List.of(in.getFirst().matmul(w).relu().add(1).softmax(-1)), Tensors.randn(2, 4));
        assertEquals(1, g.parameters().size());
        assertTrue(g.nodes().stream().anyMatch(n -> n.op() instanceof Softmax), "composites stay what they are");
    }

    @Test
    void parametersAreReferences() {
        Tensor w = Tensors.of(1f, 2f);
        Tensor x = Tensors.of(10f, 10f);
        Graph g = Graphs.capture(t -> t.mul(w), x);
        w.add_(Tensors.of(1f, 1f));
        assertArrayEquals(new float[] {20, 30}, g.run(x).getFirst().toFloatArray());
    }

    @Test
    void constantsAreCopied() {
        Graph g = Graphs.capture(t -> t.mul(Tensors.of(2f, 3f)), Tensors.of(1f, 1f));
        assertEquals(1, g.constants().size());
        assertEquals(0, g.parameters().size());
        assertArrayEquals(new float[] {2, 3}, g.run(Tensors.of(1f, 1f)).getFirst().toFloatArray());
    }

    @Test
    void opsWithoutInputs() {
        check(_ -> List.of(Tensors.arange(5), Tensors.eye(2), Tensors.full(Shape.of(2), 3, DType.F64,
                Device.getDefault())), Tensors.ones(1));
    }

    @Test
    void randomNumbersAreDrawnAtEachRun() {
        Graph g = check(in -> List.of(in.getFirst().add(Tensors.rand(3)), Tensors.randn(3)), Tensors.zeros(3));
        long before = Generator.getDefault().position();
        Tensor a = g.run(Tensors.zeros(3)).getFirst();
        Tensor b = g.run(Tensors.zeros(3)).getFirst();
        assertFalse(a.equal(b));
        assertEquals(before + 4, Generator.getDefault().position());
        Graphs.capture(t -> t.add(Tensors.rand(3)), Tensors.zeros(3));
        assertEquals(before + 4, Generator.getDefault().position(), "a capture draws nothing");
    }

    @Test
    void changesInPlaceOfIntermediatesAndThroughViews() {
        check(in -> {
            Tensor a = in.getFirst().mul(2);
            Tensor row = a.select(0, 1);
            Tensor t = a.t();
            row.add_(Tensors.of(100f, 200f, 300f));
            a.mul_(Tensors.scalar(3));
            t.select(0, 0).zero_();
            return List.of(a, row, t, t.reshape(-1));
        }, Tensors.randn(2, 3));
    }

    @Test
    void changesInPlaceOfParametersAreUpdates() {
        Tensor count = Tensors.zeros(2);
        Graph g = Graphs.capture(t -> {
            Tensor before = count.mul(1);
            count.add_(t);
            return before.add(count.mul(10));
        }, Tensors.of(1f, 2f));
        assertArrayEquals(new float[] {0, 0}, count.toFloatArray(), "a capture computes nothing");
        assertArrayEquals(new float[] {10, 20}, g.run(Tensors.of(1f, 2f)).getFirst().toFloatArray());
        assertArrayEquals(new float[] {21, 42}, g.run(Tensors.of(1f, 2f)).getFirst().toFloatArray());
        assertArrayEquals(new float[] {2, 4}, count.toFloatArray());
    }

    @Test
    void swappedParameters() {
        Tensor a = Tensors.of(1f);
        Tensor b = Tensors.of(2f);
        Graph g = Graphs.capture(t -> {
            Tensor old = a.clone();
            a.copy_(b);
            b.copy_(old);
            return t;
        }, Tensors.of(0f));
        g.run(Tensors.of(0f));
        assertEquals(2, a.item());
        assertEquals(1, b.item());
    }

    @Test
    void backwardInsideLeavesGradients() {
        Tensor w = Tensors.randn(3, 2).requiresGrad(true);
        Tensor x = Tensors.randn(4, 3);
        x.matmul(w).tanh().square().sum().backward();
        Tensor expected = w.grad();
        w.gradState().setGrad(null);
        Graph g = Graphs.capture(t -> {
            Tensor loss = t.matmul(w).tanh().square().sum();
            loss.backward();
            return loss.detach();
        }, x);
        assertNull(w.grad(), "a capture leaves nothing behind");
        g.run(x);
        Tensor got = w.grad();
        assertSame(expected, got == null ? Tensors.zeros(1) : got);
    }

    @Test
    void readingAValueNamesTheLineAndTheAlternative() {
        Tensor w = Tensors.ones(1);
        for (Function<Tensor, Object> read : List.<Function<Tensor, Object>>of(Tensor::item, Tensor::toFloatArray,
                Tensor::nonzero, _ -> w.item(), t -> t.equal(w))) {
            CaptureException e = assertThrows(CaptureException.class, () -> Graphs.capture(t -> {
                read.apply(t.mul(2));
                return t;
            }, Tensors.ones(1)));
            assertTrue(e.getMessage().contains("CaptureTest.java:"), e.getMessage());
            assertTrue(e.getMessage().contains("Graphs.cond"), e.getMessage());
        }
        assertFalse(Context.isRecording());
    }

    @Test
    void constantsMayBeRead() {
        Graph g = Graphs.capture(t -> t.mul(Tensors.of(2f, 3f).to(DType.F64).sum().elements())
                .add(Tensors.of(5, 6).toFloatArray()[1]), Tensors.ones(1));
        assertEquals(7, g.run(Tensors.ones(1)).getFirst().item());
        assertThrows(CaptureException.class, () -> Graphs.capture(t -> {
            Tensor c = Tensors.of(2f, 3f);
            c.add_(t);
            return t.mul(c.toFloatArray()[0]);
        }, Tensors.ones(1)));
    }

    @Test
    void feedsByName() {
        Graph g = Graphs.capture((List<Tensor> in) -> List.of(in.get(0).sub(in.get(1))),
                List.of(Tensors.ones(2), Tensors.ones(2)));
        assertArrayEquals(new float[] {4, 4},
                g.run(Map.of("x0", Tensors.of(5f, 5f), "x1", Tensors.ones(2))).get("y").toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> g.run(Map.of("x0", Tensors.ones(2))));
        assertThrows(IllegalArgumentException.class, () -> g.run(Tensors.ones(3), Tensors.ones(2)));
    }

    @Test
    void originIsTheLineOfTheProgram() {
        Graph g = Graphs.capture(t -> t.exp(), Tensors.ones(2));
        assertTrue(g.nodes().getFirst().origin().toString().contains("CaptureTest"), g.toString());
        assertTrue(g.toString().contains("exp"), g.toString());
    }
}
