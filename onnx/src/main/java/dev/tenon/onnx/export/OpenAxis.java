package dev.tenon.onnx.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.GraphProtoOrBuilder;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.tenon.api.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;

/// Makes a model that was written for one extent of an axis one for every extent, by comparing it with the same model
/// for another extent. Both have the same nodes; integers that differ, such as those of a shape, are taken as
/// `a * extent + b` and are computed from the extent that the input has when the model runs.
final class OpenAxis {
    /// A weight that is one number everywhere.
    ///
    /// @param one the name of the weight with one element that stays
    /// @param here its shape in the one model
    /// @param there its shape in the other
    private record Spread(String one, long[] here, long[] there) {}

    private final String name;
    private final String graph;
    private final Map<String, Spread> spread = new LinkedHashMap<>();
    private long here;
    private long there;

    /// @param name the name of the extent
    /// @param graph the name of the graph, for errors
    OpenAxis(String name, String graph) {
        this.name = name;
        this.graph = graph;
    }

    /// Checks that no weight depends on the extent, but for tensors of one number, such as a state of zeros: of these
    /// one element stays, to be spread when the model runs.
    void compareWeights(Map<String, Tensor> weights, Map<String, Tensor> others) {
        if (!weights.keySet().equals(others.keySet())) {
            throw differs("the weights " + weights.keySet() + " and " + others.keySet());
        }
        for (String key : List.copyOf(weights.keySet())) {
            Tensor t = weights.get(key);
            Tensor o = others.get(key);
            boolean same = t.storageKey() == o.storageKey() && t.storageOffset() == o.storageOffset();
            if (t.type().equals(o.type()) && (same || Arrays.equals(t.toDoubleArray(), o.toDoubleArray()))) {
                continue;
            }
            boolean uniform = t.dtype() == o.dtype() && t.rank() == o.rank()
                    && DoubleStream.concat(Arrays.stream(t.toDoubleArray()), Arrays.stream(o.toDoubleArray()))
                            .distinct().count() == 1;
            if (!uniform) {
                throw differs("the constant " + key + ", whose values or shape depend on the extent");
            }
            String one = fresh(key + "_element", new HashSet<>(weights.keySet()));
            spread.put(key, new Spread(one, t.shape().toArray(), o.shape().toArray()));
            weights.remove(key);
            weights.put(one, t.reshape(t.elements()).narrow(0, 0, 1));
        }
    }

    private IllegalArgumentException differs(String what) {
        return new IllegalArgumentException("graph " + graph + ": open axis \"" + name + "\": the two graphs differ in "
                + what + ". They must be captures of the same function that differ in the extent alone; take extents"
                + " greater than 1 that no other axis has");
    }

    /// Opens the axis in `g`.
    void open(GraphProto.Builder g, GraphProtoOrBuilder other) {
        String input = "";
        int axis = -1;
        for (int i = 0; axis < 0 && i < g.getInputCount(); i++) {
            List<Dimension> dims = dims(g.getInput(i));
            List<Dimension> others = dims(other.getInput(i));
            for (int a = 0; axis < 0 && a < dims.size(); a++) {
                if (dims.get(a).getDimValue() != others.get(a).getDimValue()) {
                    input = g.getInput(i).getName();
                    axis = a;
                    here = dims.get(a).getDimValue();
                    there = others.get(a).getDimValue();
                }
            }
        }
        compare(g, other);
        List<NodeProto> computed = new ArrayList<>();
        List<TensorProto> constants = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        g.getNodeList().forEach(n -> taken.addAll(n.getOutputList()));
        g.getInitializerList().forEach(t -> taken.add(t.getName()));
        g.getInputList().forEach(v -> taken.add(v.getName()));
        String shape = fresh(name + "_shape", taken);
        String place = fresh(name + "_axis", taken);
        String extent = fresh(name + "_extent", taken);
        constants.add(longs(place, List.of(), axis));
        computed.add(node("Shape", List.of(input), shape));
        computed.add(node("Gather", List.of(shape, place), extent));
        int before = computed.size();
        for (int i = 0; i < g.getInitializerCount(); i++) {
            TensorProto t = g.getInitializer(i);
            TensorProto o = other.getInitializer(i);
            if (t.equals(o)) {
                constants.add(t);
                continue;
            }
            String users = users(g, t.getName());
            boolean integers = t.getDataType() == TensorProto.DataType.INT64.getNumber()
                    && o.getDataType() == t.getDataType() && t.getDimsList().equals(o.getDimsList());
            if (!integers) {
                throw uneven(t.getName(), users);
            }
            computed.addAll(numbers(t.getName(), users, t.getDimsList(), values(t), values(o), extent, taken,
                    constants));
        }
        spread.forEach((key, s) -> {
            String target = fresh(key + "_shape", taken);
            computed.addAll(numbers(target, users(g, key), List.of((long) s.here.length), s.here, s.there, extent,
                    taken, constants));
            computed.add(node("Expand", List.of(s.one, target), key));
        });
        if (computed.size() > before) {
            computed.addAll(g.getNodeList());
            g.clearNode().addAllNode(computed);
            g.clearInitializer().addAllInitializer(constants);
        }
    }

    /// Nodes that compute integers from the extent.
    private List<NodeProto> numbers(String result, String users, List<Long> dims, long[] mine, long[] its,
            String extent, Set<String> taken, List<TensorProto> constants) {
        long[] factors = new long[mine.length];
        long[] rests = new long[mine.length];
        for (int k = 0; k < mine.length; k++) {
            factors[k] = (its[k] - mine[k]) / (there - here);
            rests[k] = mine[k] - factors[k] * here;
            if (factors[k] * there + rests[k] != its[k]) {
                throw uneven(result, users);
            }
        }
        String factor = fresh(result + "_factor", taken);
        constants.add(longs(factor, dims, factors));
        if (Arrays.stream(rests).allMatch(r -> r == 0)) {
            return List.of(node("Mul", List.of(extent, factor), result));
        }
        String product = fresh(result + "_product", taken);
        String rest = fresh(result + "_rest", taken);
        constants.add(longs(rest, dims, rests));
        return List.of(node("Mul", List.of(extent, factor), product), node("Add", List.of(product, rest), result));
    }

    private IllegalArgumentException uneven(String constant, String users) {
        return differs("the constant " + constant + ", whose numbers do not grow evenly with the extent, of " + users);
    }

    // --- comparing

    private static List<Dimension> dims(ValueInfoProto v) {
        return v.getType().getTensorType().getShape().getDimList();
    }

    /// Checks that both have the same nodes, and opens the extents of what goes in and out.
    private void compare(GraphProto.Builder g, GraphProtoOrBuilder other) {
        boolean sameNumbers = g.getNodeCount() == other.getNodeCount()
                && g.getInitializerCount() == other.getInitializerCount()
                && g.getInputCount() == other.getInputCount() && g.getOutputCount() == other.getOutputCount();
        if (!sameNumbers) {
            throw differs("their nodes: " + g.getNodeCount() + " and " + other.getNodeCount());
        }
        for (int i = 0; i < g.getNodeCount(); i++) {
            g.setNode(i, compared(g.getNode(i), other.getNode(i)));
        }
        for (int i = 0; i < g.getInitializerCount(); i++) {
            if (!g.getInitializer(i).getName().equals(other.getInitializer(i).getName())) {
                throw differs("their constants " + g.getInitializer(i).getName() + " and "
                        + other.getInitializer(i).getName());
            }
        }
        for (int i = 0; i < g.getInputCount(); i++) {
            g.setInput(i, opened(g.getInput(i), other.getInput(i)));
        }
        for (int i = 0; i < g.getOutputCount(); i++) {
            g.setOutput(i, opened(g.getOutput(i), other.getOutput(i)));
        }
    }

    private NodeProto compared(NodeProto n, NodeProto o) {
        String what = n.getOpType() + " " + n.getName() + (n.getDocString().isEmpty() ? "" : ", recorded at "
                + n.getDocString());
        if (!n.getOpType().equals(o.getOpType()) || !n.getInputList().equals(o.getInputList())
                || !n.getOutputList().equals(o.getOutputList())
                || n.getAttributeCount() != o.getAttributeCount()) {
            throw differs("node " + what + ", which is " + o.getOpType() + " " + o.getName() + " in the other");
        }
        NodeProto.Builder b = n.toBuilder();
        for (int i = 0; i < n.getAttributeCount(); i++) {
            AttributeProto a = n.getAttribute(i);
            if (a.hasG()) {
                GraphProto.Builder body = a.getG().toBuilder();
                compare(body, o.getAttribute(i).getG());
                b.setAttribute(i, a.toBuilder().setG(body));
            } else if (!a.equals(o.getAttribute(i))) {
                throw differs("attribute " + a.getName() + " of " + what);
            }
        }
        return b.build();
    }

    private ValueInfoProto opened(ValueInfoProto v, ValueInfoProto o) {
        ValueInfoProto.Builder b = v.toBuilder();
        var shape = b.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
        for (int a = 0; a < shape.getDimCount(); a++) {
            long mine = shape.getDim(a).getDimValue();
            long its = dims(o).get(a).getDimValue();
            if (mine == here && its == there) {
                shape.setDim(a, Dimension.newBuilder().setDimParam(name));
            } else if (mine != its) {
                shape.setDim(a, Dimension.newBuilder());
            }
        }
        return b.build();
    }

    // --- numbers

    private static String users(GraphProtoOrBuilder g, String name) {
        return g.getNodeList().stream().filter(n -> n.getInputList().contains(name)).findFirst()
                .map(n -> n.getOpType() + " " + n.getName() + ", recorded at " + n.getDocString())
                .orElse("a body of a condition or loop");
    }

    private static long[] values(TensorProto t) {
        ByteBuffer b = t.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long[] v = new long[b.remaining() / 8];
        b.asLongBuffer().get(v);
        return v;
    }

    private static TensorProto longs(String name, List<Long> dims, long... values) {
        ByteBuffer b = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        b.asLongBuffer().put(values);
        return TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.INT64.getNumber())
                .addAllDims(dims).setRawData(ByteString.copyFrom(b)).build();
    }

    private static String fresh(String wanted, Set<String> taken) {
        String s = wanted;
        for (int i = 1; !taken.add(s); i++) {
            s = wanted + "_" + i;
        }
        return s;
    }

    private static NodeProto node(String op, List<String> inputs, String output) {
        return NodeProto.newBuilder().setOpType(op).setName("node_" + output).addAllInput(inputs).addOutput(output)
                .build();
    }
}
