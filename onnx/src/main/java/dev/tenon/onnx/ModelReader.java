package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.tenon.api.Device;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Makes graphs that can be run of the messages of a file, and checks everything that can be checked without running.
final class ModelReader {
    /// Graphs within graphs, and functions that call functions.
    private static final int DEEPEST = 64;
    /// Nodes, those of a function counted for each of its calls: a small file must not unfold into a huge model.
    private static final int MOST_NODES = 300_000;

    private final Map<String, FunctionProto> functions = new HashMap<>();
    private final Map<String, OnnxGraph> plainFunctions = new HashMap<>();
    private final TensorCodec tensors;
    private final Device device;
    /// The initializers that training may change, by name.
    private final Map<String, OnnxValue.OfTensor> parameters = new LinkedHashMap<>();
    /// For each operator that there is none of, the nodes that want it.
    private final Map<String, List<String>> unknown = new TreeMap<>();
    private final Map<String, Integer> opsets = new TreeMap<>();
    private int nodes;

    /// Where a graph stands.
    ///
    /// @param opsets the versions of the operators by domain
    /// @param outer the names that the graphs around it have
    /// @param bound the attributes of the call, if it is a function
    private record Place(Map<String, Integer> opsets, Set<String> outer, AttributeReader.@Nullable Bound bound,
            int depth) {
        Place inside(Set<String> names) {
            Set<String> all = new HashSet<>(outer);
            all.addAll(names);
            return new Place(opsets, all, bound, depth + 1);
        }
    }

    ModelReader(ExternalData external, Device device) {
        this.tensors = new TensorCodec(external, device);
        this.device = device;
    }

    Map<String, OnnxValue.OfTensor> parameters() {
        return parameters;
    }

    Map<String, Integer> opsets() {
        return opsets;
    }

    OnnxGraph read(ModelProto model) throws OnnxException {
        if (!model.hasGraph()) {
            throw new OnnxException("has no graph: this is no ONNX model");
        }
        opsets.putAll(opsets(model.getOpsetImportList()));
        for (FunctionProto f : model.getFunctionsList()) {
            if (functions.put(key(f.getDomain(), f.getName()), f) != null) {
                throw new OnnxException("function " + f.getDomain() + "." + f.getName() + " is there twice");
            }
        }
        OnnxGraph graph = graph(model.getGraph(), new Place(opsets, Set.of(), null, 0));
        if (!unknown.isEmpty()) {
            StringBuilder s = new StringBuilder("uses operators that are not supported: ");
            unknown.forEach((op, users) -> s.append(s.charAt(s.length() - 1) == ' ' ? "" : "; ").append(op).append(" (")
                    .append(String.join(", ", users.subList(0, Math.min(5, users.size()))))
                    .append(users.size() > 5 ? ", and " + (users.size() - 5) + " more" : "").append(')'));
            throw new OnnxException(s.toString());
        }
        return graph;
    }

    private static String domain(String domain) {
        return domain.equals("ai.onnx") ? "" : domain;
    }

    private static String key(String domain, String name) {
        return domain(domain) + ":" + name;
    }

    private static Map<String, Integer> opsets(List<OperatorSetIdProto> imports) throws OnnxException {
        Map<String, Integer> all = new TreeMap<>();
        for (OperatorSetIdProto o : imports) {
            String domain = domain(o.getDomain());
            if (o.getVersion() < 1 || domain.isEmpty() && o.getVersion() > Operators.NEWEST) {
                throw new OnnxException("was written for version " + o.getVersion() + " of the operators"
                        + (domain.isEmpty() ? "" : " of " + domain) + "; supported are 1 to " + Operators.NEWEST
                        + ": export it for an older one");
            }
            all.merge(domain, (int) Math.min(o.getVersion(), 1 << 20), Math::max);
        }
        // Files of the first version of the format name none.
        all.putIfAbsent("", 1);
        return all;
    }

    // --- graphs

    private OnnxGraph graph(GraphProto proto, Place place) throws OnnxException {
        String title = "graph '" + proto.getName() + "'";
        if (place.depth > DEEPEST) {
            throw new OnnxException(title + ": graphs are nested more than " + DEEPEST + " deep");
        }
        List<ValueInfo> inputs = infos(proto.getInputList(), title + ", input");
        List<ValueInfo> outputs = infos(proto.getOutputList(), title + ", output");
        Map<String, OnnxValue> values = new LinkedHashMap<>();
        for (TensorProto t : proto.getInitializerList()) {
            put(values, t.getName(), initializer(t, place), title);
        }
        for (SparseTensorProto t : proto.getSparseInitializerList()) {
            String name = t.getValues().getName();
            put(values, name, tensors.read(t, "sparse initializer '" + name + "'", true), title);
        }
        return build(proto.getName(), inputs, outputs, values, proto.getNodeList(), place);
    }

    private static void put(Map<String, OnnxValue> values, String name, OnnxValue value, String title)
            throws OnnxException {
        if (name.isEmpty() || values.put(name, value) != null) {
            throw new OnnxException(title + ": the initializer '" + name + "' "
                    + (name.isEmpty() ? "has no name" : "is there twice"));
        }
    }

    private OnnxValue initializer(TensorProto proto, Place place) throws OnnxException {
        String name = proto.getName();
        OnnxValue v = tensors.read(proto, "initializer '" + name + "'", true);
        boolean trainable = v instanceof OnnxValue.OfTensor && switch (v.type()) {
            case FLOAT, DOUBLE, FLOAT16, BFLOAT16 -> true;
            default -> false;
        };
        if (!trainable) {
            return v;
        }
        OnnxValue.OfTensor parameter = new OnnxValue.OfTensor(v.type(), v.tensor(), false);
        String unique = name;
        for (int i = 2; parameters.containsKey(unique); i++) {
            unique = name + "/" + i;
        }
        parameters.put(unique, parameter);
        return parameter;
    }

    private static List<ValueInfo> infos(List<ValueInfoProto> protos, String what) throws OnnxException {
        List<ValueInfo> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (ValueInfoProto p : protos) {
            if (p.getName().isEmpty() || !names.add(p.getName()) && what.endsWith("input")) {
                throw new OnnxException(what + " '" + p.getName() + "' "
                        + (p.getName().isEmpty() ? "has no name" : "is there twice"));
            }
            all.add(new ValueInfo(p.getName(), TypeReader.read(p.getType(), what + " '" + p.getName() + "'", 0)));
        }
        return all;
    }

    private OnnxGraph build(String name, List<ValueInfo> inputs, List<ValueInfo> outputs,
            Map<String, OnnxValue> values, List<NodeProto> protos, Place place) throws OnnxException {
        Set<String> names = new HashSet<>(values.keySet());
        inputs.forEach(i -> names.add(i.name()));
        for (NodeProto p : protos) {
            for (String o : p.getOutputList()) {
                if (!o.isEmpty() && !names.add(o)) {
                    throw new OnnxException("graph '" + name + "': the value '" + o + "' is made twice, the second"
                            + " time by " + p.getOpType() + " '" + p.getName() + "'");
                }
            }
        }
        Place inner = place.inside(names);
        List<OnnxNode> made = new ArrayList<>();
        for (NodeProto p : protos) {
            if (isConstant(p)) {
                String output = p.getOutputCount() == 1 ? p.getOutput(0) : "";
                if (output.isEmpty()) {
                    throw new OnnxException("Constant '" + p.getName() + "': expected one output");
                }
                values.put(output, constant(p, inner));
            } else {
                made.add(node(p, inner));
            }
        }
        List<OnnxNode> sorted = NodeOrder.sorted(name, made);
        for (OnnxNode n : sorted) {
            for (String i : n.inputs()) {
                if (!i.isEmpty() && !inner.outer.contains(i)) {
                    throw new OnnxException("graph '" + name + "': " + n.title() + " takes '" + i
                            + "', which is no input, no initializer and no result of a node");
                }
            }
        }
        for (ValueInfo o : outputs) {
            if (!inner.outer.contains(o.name())) {
                throw new OnnxException("graph '" + name + "': the output '" + o.name() + "' is made by no node");
            }
        }
        return new OnnxGraph(name, inputs, outputs, values, sorted);
    }

    private boolean isConstant(NodeProto p) {
        return p.getOpType().equals("Constant") && domain(p.getDomain()).isEmpty()
                && !functions.containsKey(key("", "Constant"));
    }

    // --- nodes

    private OnnxNode node(NodeProto p, Place place) throws OnnxException {
        if (++nodes > MOST_NODES) {
            throw new OnnxException("has more than " + MOST_NODES + " nodes, those of functions counted at each call");
        }
        String domain = domain(p.getDomain());
        Integer version = place.opsets.get(domain);
        String title = p.getOpType() + " '" + (p.getName().isEmpty() && p.getOutputCount() > 0
                ? p.getOutput(0) : p.getName()) + "'";
        Attributes attributes = attributes(p, place, title);
        FunctionProto function = functions.get(key(domain, p.getOpType()));
        if (function != null) {
            OnnxGraph body = function(function, p, place);
            int v = version == null ? 1 : version;
            Operators.Entry entry =
                    new Operators.Entry(domain, p.getOpType(), 1, "", Operators.Trait.RAW, _ -> List.of());
            return new OnnxNode(p.getName(), domain, p.getOpType(), v, p.getInputList(), p.getOutputList(), attributes,
                    entry, body);
        }
        Operators.Entry entry = Operators.find(domain, p.getOpType()).orElse(null);
        if (entry == null || version == null) {
            String op = (domain.isEmpty() ? "" : domain + ".") + p.getOpType()
                    + (version == null ? " (the model imports no operators of its domain)" : " of opset " + version);
            unknown.computeIfAbsent(op, _ -> new ArrayList<>()).add(title);
            entry = new Operators.Entry(domain, p.getOpType(), 1, "", Operators.Trait.RAW, _ -> List.of());
        }
        return new OnnxNode(p.getName(), domain, p.getOpType(), version == null ? 1 : version, p.getInputList(),
                p.getOutputList(), attributes, entry, null);
    }

    private Attributes attributes(NodeProto p, Place place, String title) throws OnnxException {
        return new AttributeReader(tensors, g -> graph(g, place), place.bound).read(p.getAttributeList(), title);
    }

    private OnnxValue constant(NodeProto p, Place place) throws OnnxException {
        String title = "Constant '" + p.getOutput(0) + "'";
        Attributes a = attributes(p, place, title);
        if (a.values().size() != 1) {
            throw new OnnxException(title + ": has " + a.values().size() + " attributes, expected one value");
        }
        return Constants.of(a.values().values().iterator().next(), title, device);
    }

    // --- functions

    private OnnxGraph function(FunctionProto f, NodeProto call, Place place) throws OnnxException {
        String key = key(f.getDomain(), f.getName());
        if (place.depth > DEEPEST) {
            throw new OnnxException("function " + f.getDomain() + "." + f.getName()
                    + " is called more than " + DEEPEST + " deep: does it call itself?");
        }
        boolean plain = f.getAttributeCount() == 0 && f.getAttributeProtoCount() == 0;
        OnnxGraph known = plain ? plainFunctions.get(key) : null;
        if (known != null) {
            return known;
        }
        Map<String, Integer> own = opsets(f.getOpsetImportList());
        place.opsets.forEach(own::putIfAbsent);
        AttributeReader.Bound bound = AttributeReader.bind(f, call, place.bound);
        Place inner = new Place(own, Set.of(), bound, place.depth + 1);
        List<ValueInfo> inputs = undeclared(f.getInputList());
        if (new LinkedHashSet<>(f.getInputList()).size() != f.getInputCount()) {
            throw new OnnxException("function " + f.getName() + ": has an input twice");
        }
        OnnxGraph body = build(f.getName(), inputs, undeclared(f.getOutputList()), new LinkedHashMap<>(),
                f.getNodeList(), inner);
        if (plain) {
            plainFunctions.put(key, body);
        }
        return body;
    }

    private static List<ValueInfo> undeclared(List<String> names) {
        return names.stream().map(n -> new ValueInfo(n, new ValueType.Undeclared())).toList();
    }
}
