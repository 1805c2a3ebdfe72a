package dev.tenon.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The nodes of a model, of a function or of the body of a loop, in an order in which they can be run.
///
/// @param name the graph's name
/// @param inputs what it takes
/// @param outputs what it gives
/// @param initializers values that are part of the model; inputs of the same name have them as their default
/// @param nodes each after those whose results it takes
record OnnxGraph(String name, List<ValueInfo> inputs, List<ValueInfo> outputs, Map<String, OnnxValue> initializers,
        List<OnnxNode> nodes) {

    OnnxGraph {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        nodes = List.copyOf(nodes);
    }

    /// The names that the graph takes from the graphs around it.
    Set<String> freeNames() {
        Set<String> known = new HashSet<>(initializers.keySet());
        inputs.forEach(i -> known.add(i.name()));
        Set<String> free = new LinkedHashSet<>();
        for (OnnxNode n : nodes) {
            uses(n).stream().filter(u -> !known.contains(u)).forEach(free::add);
            known.addAll(n.outputs());
        }
        outputs.stream().map(ValueInfo::name).filter(o -> !known.contains(o)).forEach(free::add);
        return free;
    }

    /// The names that a node takes, also those that the graphs in its attributes take from around it.
    static Set<String> uses(OnnxNode n) {
        Set<String> names = new LinkedHashSet<>(n.inputs());
        n.graphs().forEach(g -> names.addAll(g.freeNames()));
        names.remove("");
        return names;
    }

    /// For each node, the names that nobody needs after it.
    List<List<String>> lastUses() {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String o : nodes.get(i).outputs()) {
                last.put(o, i);
            }
            for (String u : uses(nodes.get(i))) {
                last.put(u, i);
            }
        }
        outputs.forEach(o -> last.remove(o.name()));
        initializers.keySet().forEach(last::remove);
        inputs.forEach(i -> last.remove(i.name()));
        List<List<String>> dying = new ArrayList<>();
        nodes.forEach(_ -> dying.add(new ArrayList<>()));
        last.forEach((name, i) -> dying.get(i).add(name));
        return dying;
    }

    /// The graph with every value that is part of it replaced, also those in attributes and the graphs there.
    OnnxGraph map(UnaryOperator<OnnxValue> change) {
        return map(change, new IdentityHashMap<>());
    }

    /// A function that is called twice stays one graph.
    private OnnxGraph map(UnaryOperator<OnnxValue> change, Map<OnnxGraph, OnnxGraph> done) {
        OnnxGraph known = done.get(this);
        if (known != null) {
            return known;
        }
        Map<String, OnnxValue> values = new LinkedHashMap<>();
        initializers.forEach((k, v) -> values.put(k, change.apply(v)));
        List<OnnxNode> changed = new ArrayList<>();
        for (OnnxNode n : nodes) {
            Map<String, Object> attributes = new LinkedHashMap<>();
            n.attributes().values().forEach((k, v) -> attributes.put(k, mapped(v, change, done)));
            OnnxGraph body = n.body();
            changed.add(new OnnxNode(n.name(), n.domain(), n.operator(), n.opset(), n.inputs(), n.outputs(),
                    new Attributes(attributes), n.entry(), body == null ? null : body.map(change, done)));
        }
        OnnxGraph result = new OnnxGraph(name, inputs, outputs, values, changed);
        done.put(this, result);
        return result;
    }

    private static Object mapped(Object v, UnaryOperator<OnnxValue> change, Map<OnnxGraph, OnnxGraph> done) {
        return switch (v) {
            case OnnxValue value -> change.apply(value);
            case OnnxGraph g -> g.map(change, done);
            case List<?> l -> l.stream().map(e -> mapped(e, change, done)).toList();
            default -> v;
        };
    }
}
