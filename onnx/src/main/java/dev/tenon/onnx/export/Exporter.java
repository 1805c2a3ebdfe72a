package dev.tenon.onnx.export;

import dev.tenon.api.Context;
import dev.tenon.api.Tensor;
import dev.tenon.api.linalg.Determinant;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.graph.ControlOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.GraphBuilder;
import dev.tenon.graph.Node;
import dev.tenon.graph.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes the nodes of a graph into a block.
final class Exporter {
    private final Block block;
    private final String prefix;
    private final Map<Value, Term> terms = new IdentityHashMap<>();

    /// @param prefix goes before the names of the graph's constants
    Exporter(Block block, String prefix) {
        this.block = block;
        this.prefix = prefix;
    }

    /// Writes what the outputs of a graph need.
    ///
    /// @param inputs what the graph's inputs are
    /// @return its outputs
    List<Term> write(Graph g, List<Term> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            terms.put(g.inputs().get(i), inputs.get(i));
        }
        Set<Node> needed = needed(g);
        for (Node n : g.nodes()) {
            if (needed.contains(n)) {
                write(n);
            }
        }
        return g.outputs().stream().map(o -> term(o.value())).toList();
    }

    private static Set<Node> needed(Graph g) {
        Set<Value> values = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<Node> nodes = Collections.newSetFromMap(new IdentityHashMap<>());
        g.outputs().forEach(o -> values.add(o.value()));
        for (Node n : g.nodes().reversed()) {
            if (n.outputs().stream().anyMatch(values::contains)) {
                nodes.add(n);
                values.addAll(n.inputs());
            }
        }
        return nodes;
    }

    Term term(Value v) {
        Term t = terms.get(v);
        if (t != null) {
            return t;
        }
        return switch (v) {
            case Value.Parameter p -> block.model.weight(p.tensor().storageKey(), p.tensor(), p.name());
            case Value.Constant c -> block.model.weight(c.tensor().storageKey(), c.tensor(), prefix + c.name());
            case Value.Input i -> throw new IllegalStateException("input " + i + " has no name in the file");
            case Value.Result r -> throw new IllegalStateException(r + " was not written yet");
        };
    }

    private void write(Node n) {
        String line = block.model.line();
        // The nodes of a composite's decomposition come from the line of the composite.
        if (line.isEmpty()) {
            block.model.line(n.origin().toString());
        }
        List<Term> out;
        try {
            out = results(n);
        } catch (Unsupported e) {
            block.model.problem(n.op().name(), e.getMessage());
            out = n.outputs().stream().map(r -> new Term("", r.type().dtype(), r.type().shape())).toList();
        } finally {
            block.model.line(line);
        }
        for (int j = 0; j < out.size(); j++) {
            terms.put(n.output(j), out.get(j));
        }
    }

    private List<Term> results(Node n) {
        if (n.outputs().stream().allMatch(r -> r.type().elements() == 0)) {
            return n.outputs().stream().map(r -> block.model.empty(r.type().dtype(), r.type().shape())).toList();
        }
        List<Term> in = n.inputs().stream().map(this::term).toList();
        Op op = n.op();
        return switch (op) {
            case ViewOp v -> List.of(new Views(block).write(v, in.getFirst(), n.output().type().shape()));
            case MapOp m -> map(n, m, in);
            case ReduceOp r -> List.of(new Reductions(block).write(r, in));
            case MatMulOp m -> new Products(block, this).write(n, m, in);
            case GatherOp g -> List.of(new Indexing(block, this).gather(n, g, in));
            case ScatterOp s -> List.of(new Indexing(block, this).scatter(s, in));
            case ScanOp s -> new Sequences(block).scan(s, in.getFirst());
            case SortOp s -> new Sequences(block).sort(s, in.getFirst());
            case CopyOp c -> List.of(block.cast(in.getFirst(), c.dtype().orElse(in.getFirst().dtype())));
            case Composite c -> {
                List<Term> out = new Composites(block).write(c, in, n.outputs().stream().map(Value::type).toList());
                yield out.isEmpty() ? decomposed(n, c, in) : out;
            }
            case ControlOp c -> new Control(block).write(c, n, in);
            case Determinant _ -> List.of(block.add("Det", in.getFirst().dtype(), n.output().type().shape(), in,
                    Map.of()));
            default -> throw new Unsupported("ONNX has no operator for it");
        };
    }

    private List<Term> map(Node n, MapOp m, List<Term> in) {
        Term known = new Products(block, this).gemm(n, m, in);
        if (known == null) {
            known = new BatchNorms(block, this).write(n);
        }
        if (known != null) {
            return List.of(known);
        }
        Expressions e = new Expressions(block, in, n.output(0).type().shape(), m.body(), m.scalars());
        List<Term> out = new ArrayList<>();
        for (int i = 0; i < m.body().dtypes().size(); i++) {
            out.add(e.stored(i));
        }
        return out;
    }

    /// Writes what a composite is made of.
    private List<Term> decomposed(Node n, Composite c, List<Term> in) {
        Graph parts;
        try (Context.Mode _ = Context.noGrad(); GraphBuilder b = new GraphBuilder(c.name())) {
            List<Tensor> operands = new ArrayList<>();
            for (int i = 0; i < in.size(); i++) {
                TensorType t = n.input(i).type();
                operands.add(b.placeholder("x" + i, t.dtype(), t.shape(), n.device()));
            }
            List<Tensor> out = c.decompose(operands);
            for (int j = 0; j < out.size(); j++) {
                b.output("y" + j, out.get(j));
            }
            parts = b.build();
        }
        return new Exporter(block, c.name() + ".").write(parts, in);
    }
}
