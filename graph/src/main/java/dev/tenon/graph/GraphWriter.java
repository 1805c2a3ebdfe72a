package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.graph.Graph.Gradient;
import dev.tenon.graph.Graph.Output;
import dev.tenon.graph.Graph.Update;
import dev.tenon.graph.Value.Constant;
import dev.tenon.graph.Value.Input;
import dev.tenon.graph.Value.Parameter;
import dev.tenon.graph.Value.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes a graph node by node: a new one, or another form of an existing one.
///
/// ```java
/// GraphWriter w = GraphWriter.rewrite(graph);
/// for (Node n : graph.nodes()) {
///     if (isDoubleNegation(n)) {
///         w.replace(n.output(), w.map(n.input(0).node().input(0)));
///     } else {
///         w.copy(n);
///     }
/// }
/// Graph better = w.finish(graph);
/// ```
public final class GraphWriter {
    private final String name;
    private final List<Input> inputs = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final List<Output> outputs = new ArrayList<>();
    private final List<Update> updates = new ArrayList<>();
    private final List<Gradient> gradients = new ArrayList<>();
    private final List<Scalars.Source> sources = new ArrayList<>();
    private final Map<Scalars.Source, Integer> sourceNumbers = new IdentityHashMap<>();
    private final Map<Value, Value> map = new IdentityHashMap<>();
    private final Set<Value> known = Collections.newSetFromMap(new IdentityHashMap<>());

    /// An empty graph of the given name.
    public GraphWriter(String name) {
        this.name = name;
    }

    /// A graph with the inputs and sources of another, to which its nodes are to be copied or changed.
    public static GraphWriter rewrite(Graph g) {
        GraphWriter w = new GraphWriter(g.name());
        g.inputs().forEach(w::input);
        g.sources().forEach(w::source);
        return w;
    }

    // --- writing

    /// Adds an input.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public Input input(Input v) {
        for (Input i : inputs) {
            if (i.name().equals(v.name())) {
                throw new IllegalArgumentException("graph " + name + ": two inputs named \"" + v.name() + "\"");
            }
        }
        inputs.add(v);
        known.add(v);
        return v;
    }

    /// Adds a node; the types of its results follow from the op. Operands are values of this graph: inputs, results of
    /// nodes added before, and any parameter or constant.
    ///
    /// @throws TensorException if the operands do not fit the op
    /// @throws IllegalArgumentException if an operand is no value of this graph
    public Node add(Op op, List<? extends Value> operands, Device device, Origin origin) {
        for (Value v : operands) {
            if ((v instanceof Result || v instanceof Input) && !known.contains(v)) {
                throw new IllegalArgumentException("graph " + name + ": " + op.name() + " uses " + v
                        + ", which is no value of this graph yet: map values of another graph with map(Value)");
            }
        }
        op.scalars().sources().forEach(this::source);
        Node n = new Node(op, operands, device, origin, sources.size());
        return add(n);
    }

    /// Adds a node on the device of its first operand.
    public Node add(Op op, List<? extends Value> operands, Origin origin) {
        if (operands.isEmpty()) {
            throw new IllegalArgumentException(op.name() + ": a node without operands needs a device");
        }
        return add(op, operands, operands.getFirst().device(), origin);
    }

    private Node add(Node n) {
        nodes.add(n);
        known.addAll(n.outputs());
        return n;
    }

    /// Adds an output.
    public void output(String outputName, Value v) {
        outputs.add(new Output(outputName, v));
    }

    /// Says that a run assigns a value to a parameter at its end.
    public void update(Parameter p, Value v) {
        if (!p.type().shape().equals(v.type().shape()) || p.type().dtype() != v.type().dtype()) {
            throw new IllegalArgumentException("graph " + name + ": parameter " + p + " " + p.type()
                    + " cannot take a value " + v.type());
        }
        updates.add(new Update(p, v));
    }

    /// Says that a run leaves a value in the gradient of a leaf.
    public void gradient(Tensor leaf, Value v) {
        gradients.add(new Gradient(leaf, v));
    }

    /// Adds a source of numbers, if it is not there yet. Runs draw in the order of addition.
    public void source(Scalars.Source s) {
        if (sourceNumbers.putIfAbsent(s, sources.size()) == null) {
            sources.add(s);
        }
    }

    // --- rewriting

    /// The value of this graph in place of one of the graph that is rewritten: what [#copy] or [#replace] put there.
    /// Inputs, parameters and constants are their own unless replaced.
    public Value map(Value old) {
        Value v = map.get(old);
        if (v != null) {
            return v;
        }
        if (old instanceof Result && !known.contains(old)) {
            throw new IllegalArgumentException("graph " + name + ": " + old + " has no value in the new graph yet");
        }
        return old;
    }

    /// Puts a value of this graph in the place of one of the graph that is rewritten.
    public void replace(Value old, Value now) {
        map.put(old, now);
    }

    /// Adds the like of a node, with operands of this graph.
    public Node copy(Node old) {
        return copy(old, old.op());
    }

    /// Adds the like of a node with another op that gives results of the same number, such as a [ControlOp] with other
    /// bodies. What it draws, it draws in the old one's turn.
    public Node copy(Node old, Op op) {
        List<Value> operands = old.inputs().stream().map(this::map).toList();
        op.scalars().sources().forEach(this::source);
        Node n = add(new Node(op, operands, old.device(), old.origin(), old.sourcesBefore()));
        for (int j = 0; j < n.outputs().size(); j++) {
            map.put(old.output(j), n.output(j));
        }
        return n;
    }

    /// Adds the nodes of another graph that has no updates.
    ///
    /// @param operands values of this graph in the place of the other's inputs; copied where their layout is another
    /// @param origin the line that the nodes come from
    /// @return the values of its outputs
    public List<Value> inline(Graph part, List<? extends Value> operands, Origin origin) {
        Map<Value, Value> inside = new IdentityHashMap<>();
        for (int i = 0; i < operands.size(); i++) {
            Value v = operands.get(i);
            Input in = part.inputs().get(i);
            inside.put(in, v.type().equals(in.type()) ? v : add(CopyOp.SAME, List.of(v), origin).output());
        }
        for (Constant c : part.constants()) {
            inside.put(c, new Constant("c_" + nodes.size() + "_" + c.name(), c.tensor()));
        }
        for (Node n : part.nodes()) {
            Node now = add(n.op(), n.inputs().stream().map(v -> inside.getOrDefault(v, v)).toList(), n.device(),
                    origin);
            for (int j = 0; j < now.outputs().size(); j++) {
                inside.put(n.output(j), now.output(j));
            }
        }
        return part.outputs().stream().map(o -> inside.getOrDefault(o.value(), o.value())).toList();
    }

    /// Finishes a rewritten graph: with the outputs, updates and gradients of the old one, mapped.
    public Graph finish(Graph old) {
        old.outputs().forEach(o -> output(o.name(), map(o.value())));
        old.updates().forEach(u -> update(u.parameter(), map(u.value())));
        old.gradients().forEach(g -> gradient(g.leaf(), map(g.value())));
        return finish();
    }

    /// The graph. Parameters and constants are those that are used, in the order of their first use.
    public Graph finish() {
        Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Parameter> parameters = new ArrayList<>();
        List<Constant> constants = new ArrayList<>();
        List<Value> used = new ArrayList<>();
        nodes.forEach(n -> used.addAll(n.inputs()));
        outputs.forEach(o -> used.add(o.value()));
        updates.forEach(u -> used.addAll(List.of(u.parameter(), u.value())));
        gradients.forEach(g -> used.add(g.value()));
        for (Value v : used) {
            if (seen.add(v)) {
                if (v instanceof Parameter p) {
                    parameters.add(p);
                } else if (v instanceof Constant c) {
                    constants.add(c);
                }
            }
        }
        return new Graph(this, parameters, constants, nodes);
    }

    String name() {
        return name;
    }

    List<Input> inputs() {
        return inputs;
    }

    List<Node> nodes() {
        return nodes;
    }

    List<Output> outputs() {
        return outputs;
    }

    List<Update> updates() {
        return updates;
    }

    List<Gradient> gradients() {
        return gradients;
    }

    List<Scalars.Source> sources() {
        return sources;
    }

    /// The type of a value that a tensor of the given type stands for: its layout may be another.
    static boolean fits(TensorType a, TensorType b) {
        return a.dtype() == b.dtype() && a.shape().equals(b.shape());
    }
}
