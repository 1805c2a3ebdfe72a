package dev.tenon.graph.pass;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Formula;
import dev.tenon.api.Formula.Rule;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.WindowGeometry;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// What each pass makes of a graph in which there is something for it to do.
class PassesTest {
    private static final Convolution CONV = new Convolution(WindowGeometry.of(2, 1, 1, 1), 1);
    private static final Formula SCALE_SHIFT =
            new Formula("scale_shift", Rule.FLOAT, a -> Exprs.add(Exprs.mul(a.x(0), a.x(1)), a.x(2)));

    private static List<String> ops(Graph g) {
        return g.nodes().stream().map(n -> n.op().name()).toList();
    }

    /// The graph of a function before and after a pass, which compute the same.
    private static Graph check(Pass pass, UnaryOperator<Tensor> fn, Tensor x, double tolerance, List<String> before,
            List<String> after) {
        Graph g = Graphs.capture(fn, x);
        assertEquals(before, ops(g));
        Graph better = pass.apply(g);
        assertEquals(after, ops(better));
        double[] expected = g.run(x).getFirst().toDoubleArray();
        assertArrayEquals(expected, better.run(x).getFirst().toDoubleArray(), tolerance);
        assertSame(better, pass.apply(better), "a second time there is nothing to do");
        return better;
    }

    @Test
    void constantFolding() {
        Graph g = check(new ConstantFolding(), t -> t.add(Tensors.of(1f, 2f, 3f).mul(2).exp()), Tensors.randn(2, 3), 0,
                List.of("mul", "exp", "add"), List.of("add"));
        assertEquals("folded_exp", g.constants().getFirst().name());
    }

    @Test
    void constantsOfOneElementBecomeNumbers() {
        Graph g = check(new ConstantFolding(), t -> t.mul(Tensors.of(3f)), Tensors.randn(2), 0, List.of("mul"),
                List.of("mul"));
        assertEquals(List.of(), g.constants());
    }

    @Test
    void parametersAreNotFolded() {
        Tensor p = Tensors.of(1f, 2f);
        Graph g = Graphs.capture(t -> t.add(p.exp()), Tensors.randn(2));
        assertSame(g, new ConstantFolding().apply(g));
    }

    @Test
    void commonSubexpressions() {
        check(new CommonSubexpressions(), t -> t.tanh().add(t.tanh().mul(2)), Tensors.randn(3), 0,
                List.of("tanh", "tanh", "mul", "add"), List.of("tanh", "mul", "add"));
    }

    @Test
    void twoDrawsAreNotCommon() {
        Graph g = Graphs.capture(t -> t.add(Tensors.rand(3)).add(Tensors.rand(3)), Tensors.randn(3));
        assertSame(g, new CommonSubexpressions().apply(g));
    }

    @Test
    void deadCode() {
        check(new DeadCode(), t -> {
            t.exp().sum();
            return t.neg();
        }, Tensors.randn(3), 0, List.of("exp", "sum", "neg"), List.of("neg"));
    }

    @Test
    void updatesAreAlive() {
        Tensor count = Tensors.zeros(1);
        Graph g = Graphs.capture(t -> {
            count.add_(Tensors.ones(1));
            return t;
        }, Tensors.randn(1));
        Graph better = Optimizer.of(Optimizer.allPasses()).apply(g);
        better.run(Tensors.randn(1));
        better.run(Tensors.randn(1));
        assertEquals(2, count.item());
    }

    @Test
    void viewsOfViewsAndCopiesOfWhatNobodyChanges() {
        check(new ViewCleanup(), t -> t.neg().reshape(6).reshape(3, 2).t().t().clone().exp(), Tensors.randn(2, 3), 0,
                List.of("neg", "reshape", "reshape", "permute", "copy", "exp"),
                List.of("neg", "reshape", "exp"));
    }

    @Test
    void conversionsThereAndBack() {
        check(new ViewCleanup(), t -> t.to(DType.F64).to(DType.F32).exp(), Tensors.randn(3), 0,
                List.of("copy", "copy", "exp"), List.of("exp"));
        Graph lossy = Graphs.capture(t -> t.to(DType.F16).to(DType.F32).exp(), Tensors.randn(3));
        assertSame(lossy, new ViewCleanup().apply(lossy));
    }

    @Test
    void transposedProductsAreTurnedAround() {
        Tensor w = Tensors.randn(3, 4);
        check(new ViewCleanup(), t -> t.matmul(w).t().contiguous().exp(), Tensors.randn(2, 3), 1e-6,
                List.of("matmul", "permute", "copy", "exp"), List.of("permute", "permute", "matmul", "exp"));
    }

    @Test
    void outputsStayCopies() {
        Tensor x = Tensors.of(1f, 2f);
        Graph g = Graphs.capture(t -> t.clone(), x).optimized();
        g.run(x).getFirst().zero_();
        assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
        Graph two = Graphs.capture((List<Tensor> in) -> {
            Tensor y = in.getFirst().exp();
            return List.of(y, y.clone());
        }, List.of(x)).optimized();
        List<Tensor> out = two.run(x);
        out.getFirst().zero_();
        assertTrue(out.getLast().toFloatArray()[0] > 2);
    }

    @Test
    void mapFusion() {
        check(new MapFusion(), t -> t.mul(2).add(1).tanh().mul(t), Tensors.randn(5), 0,
                List.of("mul", "add", "tanh", "mul"), List.of("mul+add+tanh+mul"));
    }

    @Test
    void expensiveValuesAreNotComputedTwice() {
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor e = in.getFirst().exp();
            return List.of(e.mul(2).sum(0), e.add(1).sum(0));
        }, List.of(Tensors.randn(64, 100)));
        assertEquals(1, new MapFusion().apply(g).nodes().stream().filter(n -> n.op().name().contains("exp")).count());
    }

    @Test
    void cheapValuesAreComputedAgain() {
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor e = in.getFirst().mul(3);
            return List.of(e.exp(), e.tanh());
        }, List.of(Tensors.randn(64, 100)));
        assertEquals(List.of("mul+exp", "mul+tanh"), ops(new MapFusion().apply(g)));
    }

    @Test
    void treesStaySmall() {
        Graph g = Graphs.capture(t -> {
            Tensor y = t;
            for (int i = 0; i < 200; i++) {
                y = y.mul(1.01).add(t);
            }
            return y;
        }, Tensors.randn(4));
        Graph better = new MapFusion().apply(g);
        assertTrue(better.nodes().size() > 4 && better.nodes().size() < 50, () -> ops(better).toString());
    }

    @Test
    void reduceFusion() {
        Graph g = check(new ReduceFusion(), t -> t.square().sum(1), Tensors.randn(6, 7), 1e-5, List.of("square", "sum"),
                List.of("sum"));
        assertTrue(((ReduceOp) g.nodes().getFirst().op()).prologue().steps().size() > 1);
    }

    @Test
    void matMulFusion() {
        Tensor w = Tensors.randn(3, 4);
        Tensor b = Tensors.randn(4);
        Graph g = check(new MatMulFusion(), t -> t.matmul(w).add(b).relu(), Tensors.randn(2, 3), 0,
                List.of("matmul", "add", "relu"), List.of("matmul"));
        assertTrue(((MatMulOp) g.nodes().getFirst().op()).epilogue().isPresent());
    }

    @Test
    void productsThatOthersUseStayPlain() {
        Tensor w = Tensors.randn(3, 4);
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor y = in.getFirst().matmul(w);
            return List.of(y, y.relu());
        }, List.of(Tensors.randn(2, 3)));
        assertSame(g, new MatMulFusion().apply(g));
    }

    @Test
    void convolutionFusion() {
        Tensor w = Tensors.randn(4, 3, 3, 3);
        Tensor b = Tensors.randn(4);
        Tensor residual = Tensors.randn(2, 4, 6, 5);
        check(new ConvolutionFusion(), t -> Dispatcher.run(CONV, t, w, b).add(residual).relu(),
                Tensors.randn(2, 3, 6, 5), 0, List.of("conv2d", "add", "relu"), List.of("reshape", "fused_conv2d"));
    }

    @Test
    void batchNormFoldingFollowsParameters() {
        Tensor w = Tensors.randn(4, 3, 3, 3);
        Tensor scale = Tensors.rand(4, 1, 1);
        Tensor shift = Tensors.randn(4, 1, 1);
        Tensor x = Tensors.randn(2, 3, 16, 16);
        UnaryOperator<Tensor> fn = t -> SCALE_SHIFT.applyAll(List.of(Dispatcher.run(CONV, t, w), scale, shift));
        Graph g = Graphs.capture(fn, x);
        assertEquals(List.of("conv2d", "scale_shift"), ops(g));
        Graph better = new BatchNormFolding().apply(g);
        assertEquals("conv2d", better.nodes().getLast().op().name());
        assertFalse(ops(better).contains("scale_shift"));
        Tensor little = Tensors.randn(1, 3, 4, 4);
        assertFalse(ops(new BatchNormFolding().apply(Graphs.capture(fn, little))).contains("scale_shift"),
                "the new weight is kept");
        Graph changing = Graphs.capture(t -> {
            Tensor y = fn.apply(t);
            w.add_(Tensors.scalar(1f));
            return y;
        }, little);
        assertSame(changing, new BatchNormFolding().apply(changing), "a weight of 108 elements for a result of 64");
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(fn.apply(x).toDoubleArray(), better.run(x).getFirst().toDoubleArray(), 1e-4);
            try (Context.Mode _ = Context.noGrad()) {
                scale.mul_(Tensors.scalar(3f));
                w.add_(Tensors.scalar(1f));
            }
        }
    }

    @Test
    void decomposition() {
        Graph g = Graphs.capture(t -> Dispatcher.run(CONV, t, Tensors.ones(1, 2, 3, 3).to(DType.F16)),
                Tensors.randn(1, 2, 4, 4).to(DType.F16));
        assertTrue(ops(g).contains("conv2d"));
        assertTrue(ops(new Decomposition().apply(g)).contains("matmul"), "no kernel for f16");
        Graph kept = Graphs.capture(t -> t.softmax(-1), Tensors.randn(3, 4));
        assertSame(kept, new Decomposition().apply(kept), "there is a kernel");
    }

    @Test
    void bodiesAreOptimisedToo() {
        Graph g = Graphs.capture(t -> Graphs.cond(t.sum(), () -> t.mul(2).tanh().mul(3), t::neg), Tensors.randn(3));
        Graph better = g.optimized();
        assertTrue(better.toString().contains("mul+tanh+mul"), better.toString());
        Tensor x = Tensors.of(1f, 2f, 3f);
        assertArrayEquals(g.run(x).getFirst().toFloatArray(), better.run(x).getFirst().toFloatArray());
    }

    @Test
    void switches() {
        Optimizer all = Optimizer.of(Optimizer.allPasses());
        assertEquals(all.passes(), all.select("").passes());
        assertEquals(List.of(), all.select("none").passes());
        assertEquals(List.of("fuse-maps", "dead-code"),
                all.select("dead-code, fuse-maps").passes().stream().map(Pass::name).toList());
        assertEquals(all.passes().size() - 1, all.select("-fuse-maps").passes().size());
        assertThrows(IllegalArgumentException.class, () -> all.select("fuse"));
        assertThrows(IllegalArgumentException.class, () -> all.select("dead-code,-fuse-maps"));
    }

    @Test
    void report() {
        Graph g = Graphs.capture(t -> t.mul(2).add(1).sum(), Tensors.randn(100));
        Optimizer.Optimized o = Optimizer.of(Optimizer.allPasses()).optimize(g);
        assertEquals(List.of("sum"), ops(o.graph()));
        assertEquals(804, o.report().before().written());
        assertEquals(4, o.report().after().written());
        PassReport maps = o.report().passes().stream().filter(p -> p.pass().equals("fuse-maps")).findFirst()
                .orElseThrow();
        assertEquals(1, maps.changes().size());
        assertTrue(maps.changes().getFirst().contains("PassesTest.java"), maps.toString());
        assertTrue(o.report().toString().contains("fuse-reductions"), o.report().toString());
    }
}
