package dev.tenon.onnx.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.onnx.OnnxType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Nodes of a graph or of a body, in order. The same node is not written twice: it gives the same value.
final class Block {
    private record Entry(String op, String name, List<String> inputs, List<String> outputs,
            Map<String, Object> attributes, String line) {}

    private record Key(String op, List<String> inputs, Map<String, Object> attributes) {}

    /// Operators whose last results a node need not have.
    private static final Set<String> OPTIONAL_RESULTS = Set.of("MaxPool", "LayerNormalization");

    final Model model;
    private final @Nullable Block parent;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Key, List<Term>> known = new HashMap<>();
    private final Set<String> made = new HashSet<>();
    private final Set<String> used = new HashSet<>();

    Block(Model model, @Nullable Block parent) {
        this.model = model;
        this.parent = parent;
    }

    // --- nodes

    /// Adds a node with one result.
    Term add(String op, DType dtype, Shape shape, List<Term> inputs, Map<String, Object> attributes) {
        return add(op, inputs, attributes, List.of(new Term("", dtype, shape))).getFirst();
    }

    /// Adds a node.
    ///
    /// @param attributes numbers, words, lists of integers, or blocks
    /// @param results what comes out; of their names, an empty one becomes a new one
    /// @throws Unsupported if the opset has no such operator
    List<Term> add(String op, List<Term> inputs, Map<String, Object> attributes, List<Term> results) {
        Object form = attributes.get("reduction");
        if (model.opset < 18 && (op.startsWith("Bitwise") || "max".equals(form) || "min".equals(form))) {
            throw new Unsupported("ONNX has " + op + (form == null ? "" : " with reduction " + form)
                    + " from opset 18 on, this is " + model.opset);
        }
        Key key = new Key(op, inputs.stream().map(Term::name).toList(), new TreeMap<>(attributes));
        for (Block b = this; b != null; b = b.parent) {
            List<Term> same = b.known.get(key);
            if (same != null && same.size() >= results.size()) {
                return same;
            }
        }
        String word = op.toLowerCase(Locale.ROOT);
        List<Term> out = new ArrayList<>();
        for (Term r : results) {
            out.add(new Term(model.fresh(word), r.dtype(), r.shape()));
        }
        List<String> outputs = out.stream().map(Term::name).toList();
        entries.add(new Entry(op, model.fresh("node_" + word), key.inputs, outputs, key.attributes, model.line()));
        made.addAll(outputs);
        known.put(key, out);
        return out;
    }

    /// A function of one value, of the same dtype and shape.
    Term unary(String op, Term x) {
        return add(op, x.dtype(), x.shape(), List.of(x), Map.of());
    }

    /// A function of two values that broadcast, of the dtype of the first.
    Term binary(String op, Term a, Term b) {
        return binary(op, a.dtype(), a, b);
    }

    /// A function of two values that broadcast.
    Term binary(String op, DType dtype, Term a, Term b) {
        return add(op, dtype, Shape.broadcast(op, a.shape(), b.shape()), List.of(a, b), Map.of());
    }

    /// A choice between two values.
    Term where(Term condition, Term a, Term b) {
        Shape s = Shape.broadcast("Where", condition.shape(), Shape.broadcast("Where", a.shape(), b.shape()));
        return add("Where", a.dtype(), s, List.of(condition, a, b), Map.of());
    }

    /// A reduction along axes, which most of these operators take as an operand from opset 18 on.
    Term reduce(String op, Term x, List<? extends Number> axes, boolean keepDims, Shape result) {
        long keep = keepDims ? 1 : 0;
        return model.opset >= 18 || op.equals("ReduceSum")
                ? add(op, x.dtype(), result, List.of(x, model.longs(axes)), Map.of("keepdims", keep))
                : add(op, x.dtype(), result, List.of(x), Map.of("keepdims", keep, "axes", axes));
    }

    /// The value in another dtype.
    Term cast(Term x, DType to) {
        return x.dtype() == to ? x
                : add("Cast", to, x.shape(), List.of(x), Map.of("to", (long) OnnxType.of(to).code()));
    }

    /// Bits shifted, with zeros in their place; the operator takes unsigned integers only.
    Term shift(Term x, Term by, String direction) {
        OnnxType unsigned = x.dtype() == DType.I64 ? OnnxType.UINT64 : OnnxType.UINT32;
        Map<String, Object> to = Map.of("to", (long) unsigned.code());
        Term bits = add("Cast", x.dtype(), x.shape(), List.of(x), to);
        Term count = add("Cast", by.dtype(), by.shape(), List.of(by), to);
        Term moved = add("BitShift", x.dtype(), Shape.broadcast("BitShift", x.shape(), by.shape()),
                List.of(bits, count), Map.of("direction", direction));
        return add("Cast", x.dtype(), moved.shape(), List.of(moved), Map.of("to", (long) OnnxType.of(x.dtype())
                .code()));
    }

    // --- arrangement

    Term reshape(Term x, Shape shape) {
        return x.shape().equals(shape) ? x
                : add("Reshape", x.dtype(), shape, List.of(x, model.longs(shape.toArray())), zeros(shape));
    }

    /// Extents of 0 are meant as such, where there are any.
    private static Map<String, Object> zeros(Shape shape) {
        return Arrays.stream(shape.toArray()).anyMatch(d -> d == 0) ? Map.of("allowzero", 1L) : Map.of();
    }

    Term expand(Term x, Shape shape) {
        // Of 16-bit numbers this one is known to few runtimes.
        if (x.dtype() == DType.BF16 && !x.shape().equals(shape)) {
            return cast(expand(cast(x, DType.F32), shape), DType.BF16);
        }
        return x.shape().equals(shape) ? x
                : add("Expand", x.dtype(), shape, List.of(x, model.longs(shape.toArray())), Map.of());
    }

    Term transpose(Term x, List<Integer> axes) {
        if (axes.equals(IntStream.range(0, axes.size()).boxed().toList())) {
            return x;
        }
        Shape s = Shape.of(axes.stream().mapToLong(a -> x.shape().dim(a)).toArray());
        return add("Transpose", x.dtype(), s, List.of(x), Map.of("perm", axes.stream().map(Integer::longValue)
                .toList()));
    }

    /// With one axis moved to another place.
    Term move(Term x, int from, int to) {
        List<Integer> axes = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
        axes.remove(from);
        axes.add(to, from);
        return transpose(x, axes);
    }

    /// `length` positions along an axis.
    Term slice(Term x, int axis, long start, long length, long step) {
        if (start == 0 && step == 1 && length == x.shape().dim(axis)) {
            return x;
        }
        long end = start + length * step;
        // Going backwards, the end before the first position has no number of its own: -1 would be the last one.
        Term ends = model.longs(step < 0 && end < 0 ? Long.MIN_VALUE : end);
        return add("Slice", x.dtype(), x.shape().with(axis, length),
                List.of(x, model.longs(start), ends, model.longs(axis), model.longs(step)), Map.of());
    }

    Term concat(int axis, List<Term> parts) {
        long total = parts.stream().mapToLong(p -> p.shape().dim(axis)).sum();
        return add("Concat", parts.getFirst().dtype(), parts.getFirst().shape().with(axis, total), parts,
                Map.of("axis", (long) axis));
    }

    /// The numbers from 0 to `extent` - 1.
    Term range(long extent) {
        return add("Range", DType.I64, Shape.of(extent), List.of(model.integer(DType.I64, 0),
                model.integer(DType.I64, extent), model.integer(DType.I64, 1)), Map.of());
    }

    // --- the finished block

    /// The terms under names that this block gives, each another one: what comes from elsewhere, or was there before,
    /// is passed on by a node.
    List<Term> own(List<Term> results) {
        List<Term> out = new ArrayList<>();
        Set<String> given = new HashSet<>();
        for (Term t : results) {
            Term o = t;
            if (!made.contains(t.name()) || !given.add(t.name())) {
                o = new Term(model.fresh("identity"), t.dtype(), t.shape());
                made.add(o.name());
                entries.add(new Entry("Identity", model.fresh("node_identity"), List.of(t.name()), List.of(o.name()),
                        Map.of(), ""));
                given.add(o.name());
            }
            out.add(o);
        }
        return out;
    }

    /// The message, without weights.
    GraphProto.Builder toProto(String name, List<Term> inputs, List<Term> outputs) {
        GraphProto.Builder g = GraphProto.newBuilder().setName(name);
        inputs.forEach(i -> g.addInput(info(i)));
        outputs.forEach(o -> g.addOutput(info(o)));
        prune(outputs);
        entries.forEach(e -> g.addNode(node(e)));
        return g;
    }

    /// Drops nodes that nothing needs: what was written before it turned out to be part of a larger operator.
    private void prune(List<Term> outputs) {
        outputs.forEach(o -> used.add(o.name()));
        for (int i = entries.size() - 1; i >= 0; i--) {
            Entry e = entries.get(i);
            if (e.outputs.stream().noneMatch(used::contains)) {
                entries.remove(i);
                continue;
            }
            used.addAll(e.inputs);
            for (Object a : e.attributes.values()) {
                if (a instanceof GraphProto.Builder body) {
                    uses(body, used);
                }
            }
        }
    }

    private static void uses(GraphProtoOrBuilder g, Set<String> names) {
        for (NodeProto n : g.getNodeList()) {
            names.addAll(n.getInputList());
            n.getAttributeList().stream().filter(AttributeProto::hasG).forEach(a -> uses(a.getG(), names));
        }
        g.getOutputList().forEach(o -> names.add(o.getName()));
    }

    /// Whether a node of the finished block, or of a body in it, takes the value of this name.
    boolean uses(String name) {
        return used.contains(name);
    }

    private String named(String name) {
        return model.renamed.getOrDefault(name, name);
    }

    private ValueInfoProto info(Term t) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long d : t.shape().toArray()) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(d));
        }
        return ValueInfoProto.newBuilder().setName(named(t.name())).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(OnnxType.of(t.dtype()).code()).setShape(shape))).build();
    }

    private NodeProto node(Entry e) {
        NodeProto.Builder n = NodeProto.newBuilder().setOpType(e.op).setName(e.name).setDocString(e.line);
        e.inputs.forEach(i -> n.addInput(named(i)));
        int results = e.outputs.size();
        while (OPTIONAL_RESULTS.contains(e.op) && !used.contains(e.outputs.get(results - 1))) {
            results--;
        }
        e.outputs.subList(0, results).forEach(o -> n.addOutput(named(o)));
        e.attributes.forEach((k, v) -> n.addAttribute(attribute(k, v)));
        return n.build();
    }

    private static AttributeProto attribute(String name, Object value) {
        AttributeProto.Builder a = AttributeProto.newBuilder().setName(name);
        return switch (value) {
            case Long i -> a.setType(AttributeProto.AttributeType.INT).setI(i).build();
            case Double f -> a.setType(AttributeProto.AttributeType.FLOAT).setF(f.floatValue()).build();
            case String s -> a.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(s)).build();
            case List<?> l -> {
                l.forEach(v -> a.addInts(((Number) v).longValue()));
                yield a.setType(AttributeProto.AttributeType.INTS).build();
            }
            case GraphProto.Builder g -> a.setType(AttributeProto.AttributeType.GRAPH).setG(g).build();
            default -> throw new IllegalArgumentException(name + " " + value);
        };
    }
}
