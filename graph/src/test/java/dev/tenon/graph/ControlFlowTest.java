package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graphs.Scanned;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// Conditions and loops in graphs do what they do in Java, forward and backward.
class ControlFlowTest {
    /// Runs a function of some inputs and two captured tensors as it is, and as graphs: plain, and with its gradients.
    private static void check(Function<List<Tensor>, Tensor> fn, List<Tensor> captured, Tensor... inputs) {
        Graph plain = Graphs.capture((List<Tensor> in) -> List.of(fn.apply(in)), List.of(inputs));
        CaptureTest.assertSame(fn.apply(List.of(inputs)), plain.run(inputs).getFirst());
        try (var _ = Graphs.eagerly()) {
            CaptureTest.assertSame(fn.apply(List.of(inputs)), plain.run(inputs).getFirst());
        }

        List<double[]> expected = gradients(fn, captured, inputs);
        Compiled compiled = Graphs.compile((List<Tensor> in) -> List.of(fn.apply(in)), List.of(),
                CompileOptions.DEFAULT);
        List<double[]> actual = gradients(in -> compiled.call(in).getFirst(), captured, inputs);
        assertEquals(List.of(), compiled.fallbacks());
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 1e-12, "gradient " + i);
        }
    }

    private static List<double[]> gradients(Function<List<Tensor>, Tensor> fn, List<Tensor> captured,
            Tensor... inputs) {
        List<Tensor> leaves = new ArrayList<>();
        for (Tensor t : inputs) {
            leaves.add(t.detach().requiresGrad(t.dtype().isFloating()));
        }
        captured.forEach(t -> t.requiresGrad(true).gradState().setGrad(null));
        Tensor y = fn.apply(leaves);
        y.mul(y).sum().backward();
        leaves.addAll(captured);
        List<double[]> out = new ArrayList<>();
        for (Tensor t : leaves) {
            Tensor g = t.grad();
            if (t.requiresGrad()) {
                out.add(g == null ? new double[(int) t.elements()] : g.toDoubleArray());
            }
        }
        captured.forEach(t -> t.requiresGrad(false).gradState().setGrad(null));
        return out;
    }

    private static Tensor f64(double... values) {
        return Tensors.of(values);
    }

    private static Tensor randn(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F64, Device.getDefault(), new dev.tenon.api.Generator(dims[0]));
    }

    @Test
    void cond() {
        Tensor w = f64(2, 3);
        for (double sign : new double[] {1, -1}) {
            check(in -> {
                Tensor doubled = in.getFirst().mul(2);
                return Graphs.cond(doubled.sum().gt(0), () -> doubled.mul(w).exp(), () -> doubled.sin().add(5));
            }, List.of(w), f64(0.3 * sign, 0.4 * sign));
        }
    }

    @Test
    void condWhoseBranchesDifferInWhatDependsOnGradients() {
        Tensor w = f64(2, 3);
        for (double sign : new double[] {1, -1}) {
            check(in -> Graphs.cond(in.getFirst().sum().gt(0), () -> w.detach().mul(w),
                    () -> Tensors.of(7.0, 7.0)).add(in.getFirst()), List.of(w), f64(sign, sign));
        }
    }

    @Test
    void bodiesMustAgreeAndChangeNothingOutside() {
        Tensor x = f64(1, 2);
        CaptureException e = assertThrows(CaptureException.class, () -> Graphs.capture(
                t -> Graphs.cond(t.sum().gt(0), () -> t, () -> t.sum()), x));
        assertTrue(e.getMessage().contains("ControlFlowTest.java"), e.getMessage());
        Tensor count = f64(0, 0);
        assertThrows(CaptureException.class, () -> Graphs.capture(
                t -> Graphs.cond(t.sum().gt(0), () -> count.add_(t), () -> t), x));
    }

    @Test
    void foldl() {
        check(in -> Graphs.foldl((a, e) -> a.mul(0.5).add(e.sin()), in.get(0), in.get(1)), List.of(),
                randn(5, 2), randn(2));
    }

    @Test
    void scanAsRecurrentLayer() {
        Tensor w = randn(3, 4);
        Tensor u = randn(4, 4);
        check(in -> {
            Scanned s = Graphs.scan((carry, slice) -> {
                Tensor h = slice.getFirst().matmul(w).add(carry.getFirst().matmul(u)).tanh();
                return new Scanned(List.of(h, carry.get(1).add(1)), List.of(h.mul(2)));
            }, List.of(in.get(1), Tensors.full(Shape.SCALAR, 0, DType.I64, Device.getDefault())), List.of(in.get(0)));
            return s.outputs().getFirst().sum(0).add(s.carried().getFirst()).add(s.carried().get(1));
        }, List.of(w, u), randn(6, 2, 3), randn(2, 4));
    }

    @Test
    void scanIsOneNodeHoweverLong() {
        Graph g = Graphs.capture(t -> Graphs.foldl(Tensor::add, t, Tensors.zeros(3)), Tensors.ones(50, 3));
        assertTrue(g.nodes().size() < 5, g.toString());
        assertArrayEquals(new float[] {50, 50, 50}, g.run(Tensors.ones(50, 3)).getFirst().toFloatArray());
    }

    @Test
    void whileLoop() {
        Tensor w = f64(1.5, 1.25);
        for (double start : new double[] {0.1, 3, 100}) {
            check(in -> Graphs.whileLoop(s -> s.getFirst().sum().lt(20), s -> List.of(s.getFirst().mul(w)),
                    List.of(in.getFirst().mul(2)), 40).getFirst(), List.of(w), f64(start, start / 2));
        }
    }

    @Test
    void whileLoopWithoutLimitRunsButHasNoGradient() {
        Function<List<Tensor>, List<Tensor>> fn = in -> Graphs.whileLoop(s -> s.getFirst().lt(100),
                s -> List.of(s.getFirst().mul(3), s.get(1).add(1)), List.of(in.getFirst(), Tensors.zeros()));
        Graph g = Graphs.capture(fn, List.of(Tensors.scalar(2)));
        assertEquals(162, g.run(Tensors.scalar(2)).getFirst().item());
        assertEquals(4, g.run(Tensors.scalar(2)).get(1).item());
        assertEquals(1, g.run(Tensors.scalar(50)).get(1).item());
        CaptureException e = assertThrows(CaptureException.class,
                () -> Graphs.capture(fn, List.of(Tensors.scalar(2).requiresGrad(true))));
        assertTrue(e.getMessage().contains("maxTrips"), e.getMessage());
        Graph bounded = Graphs.capture(t -> Graphs.whileLoop(s -> s.getFirst().lt(100),
                s -> List.of(s.getFirst().mul(3)), List.of(t), 2).getFirst(), Tensors.scalar(2));
        assertThrows(TensorException.class, () -> bounded.run(Tensors.scalar(2)));
        assertEquals(150, bounded.run(Tensors.scalar(50)).getFirst().item());
    }

    @Test
    void loopsInsideLoops() {
        Tensor w = f64(0.5, 0.7);
        check(in -> Graphs.foldl((a, row) -> Graphs.cond(a.sum().gt(0),
                () -> Graphs.foldl((b, e) -> b.mul(w).add(e), row, a), () -> a.add(row.sum(0))),
                in.getFirst(), Tensors.of(1.0, -0.5)), List.of(w), randn(3, 4, 2));
    }

    @Test
    void bodiesAreRewrittenInTheirTurn() {
        Graph g = Graphs.capture((List<Tensor> in) -> List.of(
                Graphs.foldl((a, e) -> a.add(e.mul(Tensors.rand(2))), in.getFirst(), Tensors.zeros(2)),
                Tensors.rand(3)), List.of(Tensors.ones(4, 2)));
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            if (n.op() instanceof ControlOp c) {
                w.copy(n, c.withBodies(c.bodies().stream().map(b -> {
                    GraphWriter inner = GraphWriter.rewrite(b);
                    b.nodes().forEach(inner::copy);
                    return inner.finish(b);
                }).toList()));
            } else {
                w.copy(n);
            }
        }
        Graph same = w.finish(g);
        Tensors.manualSeed(4);
        List<Tensor> expected = g.run(Tensors.ones(4, 2));
        Tensors.manualSeed(4);
        List<Tensor> actual = same.run(Tensors.ones(4, 2));
        CaptureTest.assertSame(expected.get(0), actual.get(0));
        CaptureTest.assertSame(expected.get(1), actual.get(1));
    }

    @Test
    void randomNumbersInBodiesAreThoseOfJava() {
        Function<List<Tensor>, List<Tensor>> fn = in -> List.of(
                Graphs.foldl((a, e) -> a.add(e.mul(Tensors.rand(2))), in.getFirst(), Tensors.rand(2)),
                Tensors.rand(3));
        Graph g = Graphs.capture(fn, List.of(Tensors.ones(4, 2)));
        for (int i = 0; i < 2; i++) {
            Tensors.manualSeed(i);
            List<Tensor> expected = fn.apply(List.of(Tensors.ones(4, 2)));
            Tensors.manualSeed(i);
            List<Tensor> actual = g.run(Tensors.ones(4, 2));
            CaptureTest.assertSame(expected.get(0), actual.get(0));
            CaptureTest.assertSame(expected.get(1), actual.get(1));
        }
    }
}
