package dev.tenon.graph;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Scalars;
import dev.tenon.graph.Value.Constant;
import dev.tenon.graph.Value.Input;
import dev.tenon.graph.Value.Parameter;
import dev.tenon.graph.draw.Picture;
import dev.tenon.graph.pass.Optimizer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A captured program: nodes in an order in which they can run, what they are given, and what comes out. Immutable;
/// made by [Graphs#capture], a [GraphBuilder] or a [GraphWriter].
///
/// Nodes compute values from values and change nothing. What a program changes in place is said at the end: a run
/// assigns the values of [#updates()] to parameters, and those of [#gradients()] to [Tensor#grad()].
public final class Graph {
    /// A value that a run returns, under a name.
    public record Output(String name, Value value) {}

    /// A value that a run assigns to a parameter when all nodes have run.
    public record Update(Parameter parameter, Value value) {}

    /// A value that a run leaves in the [Tensor#grad()] of a leaf.
    public record Gradient(Tensor leaf, Value value) {}

    private final String name;
    private final List<Input> inputs;
    private final List<Parameter> parameters;
    private final List<Constant> constants;
    private final List<Node> nodes;
    private final List<Output> outputs;
    private final List<Update> updates;
    private final List<Gradient> gradients;
    private final List<Scalars.Source> sources;
    private final Object lock = new Object();
    private final Object updating = new Object();
    private @Nullable Plan plan;

    Graph(GraphWriter w, List<Parameter> parameters, List<Constant> constants, List<Node> nodes) {
        this.name = w.name();
        this.inputs = List.copyOf(w.inputs());
        this.parameters = List.copyOf(parameters);
        this.constants = List.copyOf(constants);
        this.nodes = List.copyOf(nodes);
        this.outputs = List.copyOf(w.outputs());
        this.updates = List.copyOf(w.updates());
        this.gradients = List.copyOf(w.gradients());
        this.sources = List.copyOf(w.sources());
    }

    /// The name, for texts.
    public String name() {
        return name;
    }

    /// What a run is given, in this order.
    public List<Input> inputs() {
        return inputs;
    }

    /// The tensors that the graph refers to.
    public List<Parameter> parameters() {
        return parameters;
    }

    /// The tensors that are part of the graph.
    public List<Constant> constants() {
        return constants;
    }

    /// The nodes, each after those whose results it uses.
    public List<Node> nodes() {
        return nodes;
    }

    /// What a run returns, in this order.
    public List<Output> outputs() {
        return outputs;
    }

    /// What a run assigns to parameters at its end.
    public List<Update> updates() {
        return updates;
    }

    /// The gradients that a run leaves in leaves.
    public List<Gradient> gradients() {
        return gradients;
    }

    /// Where numbers come from that change from run to run, in the order in which a run draws from them.
    public List<Scalars.Source> sources() {
        return sources;
    }

    /// Whether a run draws numbers that change from run to run, itself or in a body.
    public boolean draws() {
        return !sources.isEmpty() || nodes.stream().anyMatch(n -> n.op() instanceof ControlOp c && c.draws());
    }

    /// For each value the nodes that use it, one entry for each operand; values without users are not in the map.
    public Map<Value, List<Node>> users() {
        Map<Value, List<Node>> users = new IdentityHashMap<>();
        for (Node n : nodes) {
            for (Value v : n.inputs()) {
                users.computeIfAbsent(v, _ -> new ArrayList<>()).add(n);
            }
        }
        return users;
    }

    /// The values that must exist at the end of a run: outputs, updates and gradients.
    public List<Value> results() {
        List<Value> out = new ArrayList<>();
        outputs.forEach(o -> out.add(o.value()));
        updates.forEach(u -> out.add(u.value()));
        gradients.forEach(g -> out.add(g.value()));
        return out;
    }

    /// This graph after the standard passes: it computes the same, faster. See [Optimizer] for which there are, for a
    /// choice among them, and for a report of what they did.
    public Graph optimized() {
        return Optimizer.standard().apply(this);
    }

    /// The graph in the language of Graphviz. [dev.tenon.graph.draw.Picture] draws it as SVG and PNG.
    public String toDot() {
        return Picture.of(this).toDot();
    }

    // --- runs

    /// Runs the graph: computes the outputs, updates parameters and sets gradients. May be called from several threads;
    /// runs of a graph with updates follow one another.
    ///
    /// @param feeds one tensor for each input
    /// @return one tensor for each output, in the caller's scope, without history
    /// @throws IllegalArgumentException if a tensor does not fit its input
    /// @throws GraphException if an op fails
    public List<Tensor> run(List<Tensor> feeds) {
        if (feeds.size() != inputs.size()) {
            throw new IllegalArgumentException("graph " + name + ": takes " + inputs.size() + " tensors, " + inputs
                    + ", got " + feeds.size());
        }
        for (int i = 0; i < feeds.size(); i++) {
            Input v = inputs.get(i);
            Tensor t = feeds.get(i);
            if (!GraphWriter.fits(v.type(), t.type()) || v.device() != t.device()) {
                throw new IllegalArgumentException("graph " + name + ": input " + v.name() + " takes " + v.type()
                        + " on " + v.device() + ", got " + t.type() + " on " + t.device());
            }
        }
        return Runs.run(this, feeds);
    }

    /// What runs that update parameters hold.
    Object updating() {
        return updating;
    }

    /// How the graph runs: made at the first run or call.
    Plan plan() {
        synchronized (lock) {
            Plan p = plan;
            if (p == null) {
                p = new Plan(this);
                plan = p;
            }
            return p;
        }
    }

    /// The memory that a run takes for intermediate values: what the plan needs, and what they would take if each had
    /// memory of its own.
    public MemoryReport memory() {
        Plan p = plan();
        return new MemoryReport(p.memory.plannedBytes(), p.memory.sumOfBytes(), p.steps.size());
    }

    /// Gives back the memory that runs keep for the next one. A later run takes it again.
    public void releaseMemory() {
        synchronized (lock) {
            if (plan != null) {
                plan.releaseMemory();
            }
        }
    }

    /// Runs the graph on one tensor for each input; see [#run(List)].
    public List<Tensor> run(Tensor... feeds) {
        return run(List.of(feeds));
    }

    /// Runs the graph; see [#run(List)].
    ///
    /// @param feeds for each input, by its name, a tensor
    /// @return the outputs by name
    /// @throws IllegalArgumentException if an input is missing or unknown, or a tensor does not fit
    public Map<String, Tensor> run(Map<String, Tensor> feeds) {
        List<Tensor> list = new ArrayList<>();
        for (Input v : inputs) {
            Tensor t = feeds.get(v.name());
            if (t == null) {
                throw new IllegalArgumentException("graph " + name + ": no tensor for input " + v.name() + "; it has "
                        + inputs + ", got " + feeds.keySet());
            }
            list.add(t);
        }
        if (feeds.size() > inputs.size()) {
            throw new IllegalArgumentException("graph " + name + ": inputs are " + inputs + ", got " + feeds.keySet());
        }
        List<Tensor> out = run(list);
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (int i = 0; i < out.size(); i++) {
            byName.put(outputs.get(i).name(), out.get(i));
        }
        return byName;
    }

    @Override
    public String toString() {
        return GraphText.of(this);
    }
}
