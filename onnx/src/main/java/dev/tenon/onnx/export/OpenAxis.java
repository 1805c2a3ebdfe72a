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
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Makes a model that was written for one extent of an axis one for every extent, by comparing it with the same model
/// for another extent. Both have the same nodes; integers that differ, such as those of a shape, are taken as
/// `a * extent + b` and are computed from the extent that the input has when the model runs.
final class OpenAxis {
    private final String name;
    private final String graph;
    private long here;
    private long there;

    /// @param name the name of the extent
    /// @param graph the name of the graph, for errors
    OpenAxis(String name, String graph) {
        this.name = name;
        this.graph = graph;
    }

    /// Checks that no weight depends on the extent.
    void compareWeights(Map<String, Tensor> weights, Map<String, Tensor> others) {
        if (!weights.keySet().equals(others.keySet())) {
            throw differs("the weights " + weights.keySet() + " and " + others.keySet());
        }
        weights.forEach((key, t) -> {
            Tensor o = others.get(key);
            boolean same = t.storageKey() == o.storageKey() && t.storageOffset() == o.storageOffset();
            if (!t.type().equals(o.type()) || !same && !Arrays.equals(t.toDoubleArray(), o.toDoubleArray())) {
                throw differs("the constant " + key + ", whose values or shape depend on the extent");
            }
        });
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
        boolean any = false;
        for (int i = 0; i < g.getInitializerCount(); i++) {
            TensorProto t = g.getInitializer(i);
            TensorProto o = other.getInitializer(i);
            if (t.equals(o)) {
                constants.add(t);
                continue;
            }
            any = true;
            long[] factors = factors(t, o, users(g, t.getName()));
            long[] values = values(t);
            long[] rests = new long[values.length];
            for (int k = 0; k < values.length; k++) {
                rests[k] = values[k] - factors[k] * here;
            }
            String factor = fresh(t.getName() + "_factor", taken);
            constants.add(longs(factor, t.getDimsList(), factors));
            if (Arrays.stream(rests).allMatch(r -> r == 0)) {
                computed.add(node("Mul", List.of(extent, factor), t.getName()));
                continue;
            }
            String product = fresh(t.getName() + "_product", taken);
            String rest = fresh(t.getName() + "_rest", taken);
            constants.add(longs(rest, t.getDimsList(), rests));
            computed.add(node("Mul", List.of(extent, factor), product));
            computed.add(node("Add", List.of(product, rest), t.getName()));
        }
        if (any) {
            computed.addAll(g.getNodeList());
            g.clearNode().addAllNode(computed);
            g.clearInitializer().addAllInitializer(constants);
        }
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

    /// For each element, by how much it grows with the extent.
    private long[] factors(TensorProto t, TensorProto o, String users) {
        boolean integers = t.getDataType() == TensorProto.DataType.INT64.getNumber()
                && o.getDataType() == t.getDataType() && t.getDimsList().equals(o.getDimsList());
        long[] a = integers ? values(t) : new long[0];
        long[] b = integers ? values(o) : new long[0];
        for (int i = 0; i < a.length; i++) {
            integers &= (b[i] - a[i]) % (there - here) == 0;
            a[i] = (b[i] - a[i]) / (there - here);
        }
        if (!integers) {
            throw differs("the constant " + t.getName() + ", whose numbers do not grow evenly with the extent, of "
                    + users);
        }
        return a;
    }

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
