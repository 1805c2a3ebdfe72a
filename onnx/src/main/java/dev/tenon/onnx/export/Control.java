package dev.tenon.onnx.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.graph.ControlOp;
import dev.tenon.graph.Graph;
import dev.tenon.graph.If;
import dev.tenon.graph.Node;
import dev.tenon.graph.Scan;
import dev.tenon.graph.Value;
import dev.tenon.graph.While;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Conditions and loops. Their bodies take what stays the same from the graph around them.
final class Control {
    private final Block block;

    Control(Block block) {
        this.block = block;
    }

    List<Term> write(ControlOp op, Node n, List<Term> in) {
        List<Term> results = n.outputs().stream().map(Control::like).toList();
        return switch (op) {
            case If i -> condition(i, in, results);
            case Scan s when !s.counted() -> scan(s, in, results);
            case While w when !w.keepsStates() -> loop(w, in, results);
            default -> throw new Unsupported("it belongs to the gradient of a loop, which ONNX cannot express: export"
                    + " the loop alone, captured without gradients (Context.noGrad())");
        };
    }

    private static Term like(Value v) {
        return new Term("", v.type().dtype(), v.type().shape());
    }

    private Term input(Block body, Value v) {
        return new Term(body.model.fresh("x"), v.type().dtype(), v.type().shape());
    }

    /// Whether a tensor of one element is not zero, as a tensor without axes.
    private static Term truth(Block where, Term t) {
        return where.reshape(where.cast(t, DType.BOOL), Shape.SCALAR);
    }

    private List<Term> condition(If op, List<Term> in, List<Term> results) {
        List<Term> free = in.subList(1, in.size());
        return block.add("If", List.of(truth(block, in.getFirst())), Map.of("then_branch", branch(op.then(), free),
                "else_branch", branch(op.otherwise(), free)), results);
    }

    private GraphProto.Builder branch(Graph g, List<Term> free) {
        Block body = new Block(block.model, block);
        List<Term> out = body.own(new Exporter(body, g.name() + ".").write(g, free));
        return body.toProto(g.name(), List.of(), out);
    }

    private List<Term> scan(Scan op, List<Term> in, List<Term> results) {
        Graph g = op.body();
        int given = op.carries() + op.sequences();
        Block body = new Block(block.model, block);
        List<Term> inputs = new ArrayList<>();
        g.inputs().subList(0, given).forEach(v -> inputs.add(input(body, v)));
        List<Term> feeds = new ArrayList<>(inputs);
        feeds.addAll(in.subList(given, in.size()));
        List<Term> out = new ArrayList<>(new Exporter(body, g.name() + ".").write(g, feeds));
        if (op.keepsCarries()) {
            out.addAll(inputs.subList(0, op.carries()));
        }
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("num_scan_inputs", (long) op.sequences());
        if (op.reverse()) {
            attributes.put("scan_input_directions", Collections.nCopies(op.sequences(), 1L));
            attributes.put("scan_output_directions", Collections.nCopies(out.size() - op.carries(), 1L));
        }
        attributes.put("body", body.toProto(g.name(), inputs, body.own(out)));
        return block.add("Scan", in.subList(0, given), attributes, results);
    }

    /// The state, and how often the body ran.
    private List<Term> loop(While op, List<Term> in, List<Term> results) {
        int n = op.states();
        List<Term> free = in.subList(n, in.size());
        Term going = truth(block, new Exporter(block, op.condition().name() + ".").write(op.condition(), in)
                .getFirst());
        Block body = new Block(block.model, block);
        List<Term> inputs = new ArrayList<>();
        inputs.add(new Term(body.model.fresh("trip"), DType.I64, Shape.SCALAR));
        inputs.add(new Term(body.model.fresh("going"), DType.BOOL, Shape.SCALAR));
        op.body().inputs().subList(0, n).forEach(v -> inputs.add(input(body, v)));
        Term trips = new Term(body.model.fresh("trips"), DType.I64, Shape.SCALAR);
        List<Term> feeds = new ArrayList<>(inputs.subList(2, 2 + n));
        feeds.addAll(free);
        List<Term> state = new ArrayList<>(new Exporter(body, op.body().name() + ".").write(op.body(), feeds));
        List<Term> next = new ArrayList<>(state);
        next.addAll(free);
        List<Term> out = new ArrayList<>();
        out.add(truth(body, new Exporter(body, op.condition().name() + ".").write(op.condition(), next).getFirst()));
        out.addAll(state);
        out.add(body.binary("Add", trips, body.model.integer(DType.I64, 1)));
        inputs.add(trips);
        // Without a limit the first operand is left out.
        Term most = op.maxTrips() == 0 ? new Term("", DType.I64, Shape.SCALAR)
                : block.model.integer(DType.I64, op.maxTrips());
        List<Term> operands = new ArrayList<>(List.of(most, going));
        operands.addAll(in.subList(0, n));
        operands.add(block.model.integer(DType.I64, 0));
        GraphProto.Builder proto = body.toProto(op.body().name(), inputs, body.own(out));
        return block.add("Loop", operands, Map.of("body", proto), results);
    }
}
