package dev.tenon.docs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.CaptureException;
import dev.tenon.graph.Compiled;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphBuilder;
import dev.tenon.graph.GraphWriter;
import dev.tenon.graph.Graphs;
import dev.tenon.graph.Graphs.Scanned;
import dev.tenon.graph.Node;
import dev.tenon.graph.Trace;
import dev.tenon.graph.draw.Picture;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The code of docs/graphs.md runs: each block of it stands in a test of this folder.
class GraphsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "graphs.md");
    private static final Path TESTS = Path.of("src", "test", "java", "dev", "tenon", "docs");

    private static String flat(String code) {
        return code.lines().map(String::strip).filter(l -> !l.isEmpty()).reduce("", (a, b) -> a + "\n" + b) + "\n";
    }

    @Test
    void everyBlockOfThePageIsTested() throws IOException {
        StringBuilder tests = new StringBuilder();
        try (Stream<Path> files = Files.list(TESTS)) {
            for (Path f : files.filter(p -> p.toString().endsWith(".java")).toList()) {
                tests.append(flat(Files.readString(f)));
            }
        }
        Matcher m = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
        int blocks = 0;
        for (; m.find(); blocks++) {
            assertTrue(tests.indexOf(flat(m.group(1))) >= 0, "no test has the code\n" + m.group(1));
        }
        assertTrue(blocks >= 8, blocks + " blocks");
    }

    private final Sequential model = new Sequential(new Linear(4, 8), new ReLU(), new Dropout(0.5), new Linear(8, 3));
    private final Tensor images = Tensors.randn(16, 4);
    private final Tensor labels = Tensors.randint(0, 3, Shape.of(16), Device.getDefault(), Generator.getDefault());

    @Test
    void capture() {
        Tensor weight = Tensors.randn(4, 2);
        Tensor x = Tensors.randn(8, 4);
        Graph graph = Graphs.capture(t -> t.matmul(weight).relu(), x);
        System.out.println(graph);
        Tensor y = graph.run(x).getFirst();
        assertArrayEquals(x.matmul(weight).relu().toFloatArray(), y.toFloatArray());
        assertEquals(1, graph.parameters().size());
    }

    @Test
    void refused() {
        CaptureException e = assertThrows(CaptureException.class,
                () -> Graphs.capture(t -> t.sum().item() > 0 ? t : t.neg(), Tensors.ones(2)));
        assertTrue(e.getMessage().contains("GraphsPageTest.java"), e.getMessage());
        Graph g = Graphs.capture(t -> Graphs.cond(t.sum().gt(0), () -> t, () -> t.neg()), Tensors.ones(2));
        assertArrayEquals(new float[] {2, -1}, g.run(Tensors.of(-2f, 1f)).getFirst().toFloatArray());
    }

    @Test
    void compile() {
        Compiled fast = Graphs.compile(model);
        Tensor loss = ClassLosses.crossEntropy(fast.call(images), labels);
        loss.backward();
        System.out.println(fast.fallbacks());
        assertEquals(List.of(), fast.fallbacks());
        assertTrue(model.parameters().stream().allMatch(p -> p.grad() != null));
    }

    @Test
    void step() {
        Adam optimizer = new Adam(model.parameters(), 0.01);
        Graph step = Graphs.captureStep(in -> {
            optimizer.zeroGrad();
            Tensor loss = ClassLosses.crossEntropy(model.call(in.get(0)), in.get(1));
            loss.backward();
            optimizer.step();
            return List.of(loss.detach());
        }, List.of(images, labels));
        for (int i = 0; i < 100; i++) {
            double loss = step.run(images, labels).getFirst().item();
            if (i % 20 == 0) {
                System.out.printf("%d %.4f%n", i, loss);
            }
        }
        model.eval();
        Tensor after = Context.noGrad(() -> ClassLosses.crossEntropy(model.call(images), labels));
        assertTrue(after.item() < 1, "loss " + after.item());
    }

    @Test
    void compiledStep() {
        Adam optimizer = new Adam(model.parameters(), 0.01);
        Compiled step = Graphs.compileStep(in -> {
            optimizer.zeroGrad();
            Tensor loss = ClassLosses.crossEntropy(model.call(in.get(0)), in.get(1));
            loss.backward();
            optimizer.step();
            return List.of(loss.detach());
        }, model);
        step.call(List.of(images, labels));
        step.call(List.of(images.narrow(0, 0, 5), labels.narrow(0, 0, 5)));
        step.call(List.of(images, labels));
        assertEquals(2, step.graphs().size());
        assertEquals(List.of(), step.fallbacks());
    }

    @Test
    void builder() {
        Tensor weight = Tensors.randn(4, 2);
        Tensor bias = Tensors.zeros(2);
        Graph graph;
        try (var b = new GraphBuilder("line", Map.of("weight", weight, "bias", bias))) {
            Tensor x = b.placeholder("x", DType.F32, Shape.of(8, 4));
            b.output("y", x.matmul(weight).add(bias));
            graph = b.build();
        }
        Tensor y = graph.run(Map.of("x", Tensors.randn(8, 4))).get("y");
        assertEquals(Shape.of(8, 2), y == null ? Shape.SCALAR : y.shape());
    }

    @Test
    void controlFlow() {
        Tensor w = Tensors.randn(3, 3);
        Graph sum = Graphs.capture(t -> Graphs.foldl(Tensor::add, t, Tensors.zeros(3)), Tensors.ones(10, 3));
        Graph rnn = Graphs.capture(t -> Graphs.scan((carried, slices) -> {
            Tensor h = carried.get(0).matmul(w).add(slices.get(0)).tanh();
            return new Scanned(List.of(h), List.of(h));
        }, List.of(Tensors.zeros(2, 3)), List.of(t)).outputs().getFirst(), Tensors.ones(10, 2, 3));
        Graph collatz = Graphs.capture(t -> Graphs.whileLoop(
                s -> s.get(0).ne(1),
                s -> List.of(Tensors.where(s.get(0).remainder(2).eq(0), s.get(0).div(2), s.get(0).mul(3).add(1)),
                        s.get(1).add(1)),
                List.of(t, Tensors.zeros())).get(1), Tensors.scalar(1));
        assertArrayEquals(new float[] {10, 10, 10}, sum.run(Tensors.ones(10, 3)).getFirst().toFloatArray());
        assertEquals(Shape.of(10, 2, 3), rnn.run(Tensors.ones(10, 2, 3)).getFirst().shape());
        assertEquals(111, collatz.run(Tensors.scalar(27)).getFirst().item());
    }

    private static boolean isDoubleNegation(Node n) {
        return n.op().name().equals("neg") && n.input(0) instanceof dev.tenon.graph.Value.Result r
                && r.node().op().name().equals("neg");
    }

    private static Node before(Node n) {
        return ((dev.tenon.graph.Value.Result) n.input(0)).node();
    }

    @Test
    void rewriting() {
        Graph graph = Graphs.capture(t -> t.neg().neg().add(1), Tensors.ones(2));
        GraphWriter w = GraphWriter.rewrite(graph);
        for (Node n : graph.nodes()) {
            if (isDoubleNegation(n)) {
                w.replace(n.output(), w.map(before(n).input(0)));
            } else {
                w.copy(n);
            }
        }
        Graph better = w.finish(graph);
        assertArrayEquals(new float[] {4, 5}, better.run(Tensors.of(3f, 4f)).getFirst().toFloatArray());
    }

    @Test
    void passes() {
        Graph graph = Graphs.capture(t -> t.mul(2).add(1).relu().sum(1), Tensors.randn(8, 4));
        Optimizer.Optimized o = Optimizer.standard().optimize(graph);
        System.out.println(o.report());                          // changes, nodes, bytes and time of each pass
        Graph some = Optimizer.standard().select("-fuse-maps").apply(graph);
        assertTrue(o.graph().nodes().size() < graph.nodes().size(), graph::toString);
        assertTrue(some.nodes().size() <= graph.nodes().size(), graph::toString);
    }

    @Test
    void pictures(@TempDir Path folder) throws IOException {
        Tensor weight = Tensors.randn(4, 2).requiresGrad(true);
        Tensor x = Tensors.randn(8, 4);
        Tensor loss = x.matmul(weight).relu().sum();
        Graph graph = Graphs.capture(t -> t.matmul(weight).relu(), x);
        Picture.of(graph).writeSvg(folder.resolve("graph.svg"));  // or writePng(file, 2), or toDot() for Graphviz
        Picture.ofHistory(loss, Map.of("weight", weight)).writeSvg(folder.resolve("history.svg"));
        System.out.println(graph);                               // as text, with the line that recorded each op
        for (String file : List.of("graph.svg", "history.svg")) {
            assertTrue(Files.readString(folder.resolve(file)).contains("</svg>"), file);
        }
    }

    @Test
    void debugging(@TempDir Path folder) throws IOException {
        Tensor x = Tensors.randn(8, 4);
        Graph graph = Graphs.capture(model.eval(), x);
        Path file = folder.resolve("trace.json");
        System.out.println(graph.memory());
        try (var _ = Graphs.eagerly()) {
            graph.run(x);
        }
        try (Trace trace = Trace.open()) {
            graph.run(x);
            trace.entries().forEach(System.out::println);
            trace.writeChrome(file);
        }
        assertTrue(Files.size(file) > 100);
    }
}
