package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.LeakReport;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Plans: memory, aliases, threads, failures and times.
class PlanTest {
    /// Reverses a vector on the host.
    private record Reverse() implements CustomOp {
        @Override
        public String name() {
            return "reverse";
        }

        @Override
        public List<TensorType> infer(List<TensorType> in) {
            return List.of(TensorType.of(in.getFirst().dtype(), in.getFirst().shape()));
        }

        @Override
        public List<Tensor> evaluate(List<Tensor> in) {
            float[] v = in.getFirst().toFloatArray();
            float[] r = new float[v.length];
            for (int i = 0; i < v.length; i++) {
                r[v.length - 1 - i] = v[i];
            }
            return List.of(Tensors.of(r));
        }
    }

    private static Tensor deep(Tensor x) {
        Tensor t = x;
        for (int i = 0; i < 30; i++) {
            t = t.mul(1.01).add(x).tanh();
        }
        return t;
    }

    @Test
    void intermediateValuesShareMemory() {
        Tensor x = Tensors.randn(1000);
        Graph g = Graphs.capture(PlanTest::deep, x);
        MemoryReport m = g.memory();
        assertEquals(90, m.steps());
        assertEquals(89 * 4000, m.sumOfBytes(), "all but the output");
        assertEquals(4000, m.plannedBytes(), "each value over the one before");
        CaptureTest.assertSame(deep(x), g.run(x).getFirst());
    }

    @Test
    void outputsAreTheCallersOwn() {
        Tensor x = Tensors.randn(10);
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor y = in.getFirst().exp();
            return List.of(y, y.narrow(0, 2, 3), in.getFirst().narrow(0, 0, 2));
        }, List.of(x));
        List<Tensor> first = g.run(x);
        double[] before = first.get(1).toDoubleArray();
        g.run(Tensors.zeros(10));
        assertArrayEquals(before, first.get(1).toDoubleArray());
        assertTrue(first.get(0).sharesMemoryWith(first.get(1)), "a view of an output is one");
        assertTrue(first.get(2).sharesMemoryWith(x), "a view of an input is one, as in eager code");
        assertArrayEquals(x.narrow(0, 0, 2).toFloatArray(), first.get(2).toFloatArray());
    }

    @Test
    void anUpdatedParameterIsReturnedAsItWas() {
        Tensor w = Tensors.of(1f, 2f);
        Graph g = Graphs.capture(t -> {
            Tensor view = w.mul(1);
            w.add_(t);
            return view;
        }, Tensors.ones(2));
        assertArrayEquals(new float[] {1, 2}, g.run(Tensors.ones(2)).getFirst().toFloatArray());
        assertArrayEquals(new float[] {2, 3}, g.run(Tensors.ones(2)).getFirst().toFloatArray());
        Graph now = Graphs.capture(t -> {
            w.add_(t);
            return w;
        }, Tensors.ones(2));
        Tensor out = now.run(Tensors.ones(2)).getFirst();
        assertArrayEquals(new float[] {4, 5}, out.toFloatArray());
        now.run(Tensors.ones(2));
        assertArrayEquals(new float[] {4, 5}, out.toFloatArray());
    }

    @Test
    void updatesAreWrittenInPlace() {
        Tensor w = Tensors.randn(1000);
        Graph g = Graphs.capture(t -> {
            Context.noGrad(() -> w.sub_(t.mul(0.1)));
            return t;
        }, Tensors.ones(1000));
        assertEquals(2, g.memory().steps(), "no copy");
        Graph reads = Graphs.capture(t -> {
            Tensor before = w.t();
            Context.noGrad(() -> w.sub_(t));
            return before.clone();
        }, Tensors.ones(1000));
        double[] was = w.toDoubleArray();
        double[] got = reads.run(Tensors.ones(1000)).getFirst().toDoubleArray();
        assertArrayEquals(java.util.Arrays.stream(was).map(v -> (float) v - 1f).toArray(), got,
                "a view shows the change, as in eager code");
    }

    @Test
    void inputsInAnyLayout() {
        Graph g = Graphs.capture(t -> t.t().reshape(-1), Tensors.ones(2, 3));
        Tensor x = Tensors.arange(6).reshape(3, 2).to(Tensors.ones(1).dtype()).t();
        assertArrayEquals(x.t().reshape(-1).toFloatArray(), g.run(x).getFirst().toFloatArray());
    }

    @Test
    void codeOfTheUsers() {
        Graph g = Graphs.capture(t -> Dispatcher.run(new Reverse(), t.mul(2)).add(1), Tensors.ones(3));
        assertArrayEquals(new float[] {7, 5, 3}, g.run(Tensors.of(1f, 2f, 3f)).getFirst().toFloatArray());
        assertArrayEquals(new float[] {3, 5, 7}, g.run(Tensors.of(3f, 2f, 1f)).getFirst().toFloatArray());
    }

    @Test
    void errorsNameTheOpAndTheLine() {
        Tensor table = Tensors.randn(4, 2);
        Graph g = Graphs.capture(i -> table.indexSelect(0, i).mul(2), Tensors.of(0L, 1L));
        assertEquals(2, g.run(Tensors.of(3L, 0L)).getFirst().size(0));
        for (boolean eager : new boolean[] {false, true}) {
            try (Context.Mode _ = Runs.eagerly(eager)) {
                GraphException e = assertThrows(GraphException.class, () -> g.run(Tensors.of(3L, 9L)));
                assertTrue(e.getMessage().contains("gather"), e.getMessage());
                assertTrue(e.getMessage().contains("PlanTest.java:"), e.getMessage());
            }
        }
        assertEquals(2, g.run(Tensors.of(3L, 0L)).getFirst().size(0), "a failed run does no harm");
    }

    @Test
    void severalThreads() throws Exception {
        Tensor count = Tensors.zeros(1);
        Graph g = Graphs.capture(t -> {
            count.add_(Tensors.ones(1));
            return deep(t);
        }, Tensors.ones(500));
        List<Tensor> inputs = new ArrayList<>();
        List<double[]> expected = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            inputs.add(Tensors.randn(500));
            expected.add(deep(inputs.get(i)).toDoubleArray());
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int k = 0; k < 100; k++) {
                int i = k % 4;
                all.add(pool.submit(() -> assertArrayEquals(expected.get(i),
                        g.run(inputs.get(i)).getFirst().toDoubleArray())));
            }
            for (Future<?> f : all) {
                f.get();
            }
        }
        assertEquals(100, count.item(), "runs with updates follow one another");
    }

    @Test
    void memoryIsGivenBack() {
        Tensor x = Tensors.randn(1000);
        LeakReport leaks = LeakReport.start(x.device());
        try (Scope _ = Scope.open()) {
            Graph g = Graphs.capture(PlanTest::deep, x);
            g.run(x);
            g.run(x);
            g.releaseMemory();
        }
        assertEquals(List.of(), leaks.live());
    }

    @Test
    void times(@TempDir Path folder) throws IOException {
        Graph g = Graphs.capture(t -> t.exp().sum(), Tensors.ones(10));
        Path file = folder.resolve("trace.json");
        try (Trace trace = Trace.open()) {
            g.run(Tensors.ones(10));
            assertEquals(List.of("exp", "sum"), trace.entries().stream().map(Trace.Entry::op).toList());
            assertTrue(trace.entries().getFirst().origin().contains("PlanTest.java"));
            trace.writeChrome(file);
        }
        String json = Files.readString(file);
        assertTrue(json.startsWith("{\"traceEvents\":["), json);
        assertTrue(json.contains("\"name\":\"exp\""), json);
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void flightRecorderEvents(@TempDir Path folder) throws IOException {
        Graph g = Graphs.capture(t -> t.exp().sum(), Tensors.ones(10));
        Path file = folder.resolve("run.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.tenon.GraphOp");
            recording.start();
            g.run(Tensors.ones(10));
            recording.stop();
            recording.dump(file);
        }
        List<String> ops = new ArrayList<>();
        for (RecordedEvent e : RecordingFile.readAllEvents(file)) {
            if (e.getEventType().getName().equals("dev.tenon.GraphOp")) {
                ops.add(e.getString("op"));
            }
        }
        assertEquals(List.of("exp", "sum"), ops);
    }

    @Test
    void aGraphInsideACapturedFunctionBecomesPartOfIt() {
        Tensor w = Tensors.of(2f);
        Graph inner = Graphs.capture(t -> t.mul(w), Tensors.ones(1));
        Graph outer = Graphs.capture(t -> inner.run(t.add(1)).getFirst().exp(), Tensors.ones(1));
        assertEquals(3, outer.nodes().size());
        assertEquals(Math.exp(4), outer.run(Tensors.ones(1)).getFirst().item(), 1e-4);
    }

    @Test
    void gradientsAreNotCutInSilence() {
        Graph g = Graphs.capture(t -> t.exp(), Tensors.ones(2));
        Tensor x = Tensors.ones(2).requiresGrad(true);
        assertThrows(RuntimeException.class, () -> g.run(x));
        assertFalse(Context.noGrad(() -> g.run(x)).getFirst().requiresGrad());
    }

    @Test
    void rewritten() {
        Graph g = Graphs.capture(t -> t.neg().neg().add(1), Tensors.ones(2));
        GraphWriter w = GraphWriter.rewrite(g);
        for (Node n : g.nodes()) {
            if (n.op().name().equals("neg") && n.input(0) instanceof Value.Result r
                    && r.node().op().name().equals("neg")) {
                w.replace(n.output(), w.map(r.node().input(0)));
            } else {
                w.copy(n);
            }
        }
        Graph better = w.finish(g);
        assertEquals(2, better.nodes().size());
        CaptureTest.assertSame(g.run(Tensors.of(3f, 4f)).getFirst(), better.run(Tensors.of(3f, 4f)).getFirst());
    }

    @Test
    void parametersAreAssignedWhenTheirGradientsAreThere() {
        List<Tensor> weights = IntStream.range(0, 8).mapToObj(_ -> Tensors.randn(100, 100)).toList();
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor x = in.getFirst();
            List<Tensor> changes = new ArrayList<>();
            for (Tensor w : weights) {
                x = x.matmul(w).tanh();
                changes.add(x.t().matmul(x));
            }
            for (int i = 0; i < weights.size(); i++) {
                weights.get(i).sub_(changes.get(i).mul(0.1));
            }
            return List.of(x);
        }, List.of(Tensors.randn(4, 100)));
        long each = 100 * 100 * 4;
        assertTrue(g.memory().plannedBytes() < 2 * each, () -> g.memory() + ": not all changes at once");
        List<double[]> before = weights.stream().map(Tensor::toDoubleArray).toList();
        Tensor x = Tensors.randn(4, 100);
        g.run(x);
        List<double[]> planned = weights.stream().map(Tensor::toDoubleArray).toList();
        for (int i = 0; i < weights.size(); i++) {
            weights.get(i).copy_(Tensors.of(before.get(i), Shape.of(100, 100), weights.get(i).device())
                    .to(DType.F32));
        }
        try (Context.Mode _ = Graphs.eagerly()) {
            g.run(x);
        }
        for (int i = 0; i < weights.size(); i++) {
            assertArrayEquals(weights.get(i).toDoubleArray(), planned.get(i), "weight " + i);
        }
    }

    @Test
    void nothingChangesBeforeAnEarlierOpRefusesItsOperands() {
        Tensor w = Tensors.randn(50, 50);
        Tensor table = Tensors.randn(3, 50);
        Graph g = Graphs.capture((List<Tensor> in) -> {
            Tensor change = in.get(0).matmul(in.get(0));
            Tensor picked = table.indexSelect(0, in.get(1)).sum();
            w.sub_(change);
            return List.of(picked);
        }, List.of(Tensors.randn(50, 50), Tensors.of(0L, 1L)));
        double[] before = w.toDoubleArray();
        assertThrows(RuntimeException.class, () -> g.run(Tensors.randn(50, 50), Tensors.of(0L, 7L)));
        assertArrayEquals(before, w.toDoubleArray());
    }
}
