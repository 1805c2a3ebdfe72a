package dev.tenon.onnx;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One application of an operator: what it takes, its attributes, and where it happens.
final class Call {
    private final OnnxNode node;
    private final List<@Nullable OnnxValue> in;
    private final Evaluator.Frame frame;

    Call(OnnxNode node, List<@Nullable OnnxValue> in, Evaluator.Frame frame) {
        this.node = node;
        this.in = in;
        this.frame = frame;
    }

    OnnxNode node() {
        return node;
    }

    Attributes attributes() {
        return node.attributes();
    }

    /// Whether the model was written for version `opset` of the operators or a newer one.
    boolean since(int opset) {
        return node.opset() >= opset;
    }

    /// Where results go that are made from nothing.
    Device device() {
        return frame.device();
    }

    // --- inputs

    int inputs() {
        return in.size();
    }

    boolean has(int i) {
        return i < in.size() && in.get(i) != null;
    }

    @Nullable OnnxValue optionalValue(int i) {
        return i < in.size() ? in.get(i) : null;
    }

    OnnxValue value(int i) {
        OnnxValue v = optionalValue(i);
        if (v == null) {
            throw new IllegalArgumentException("input " + i + " is missing");
        }
        return v;
    }

    Tensor x(int i) {
        return value(i).tensor();
    }

    @Nullable Tensor optional(int i) {
        return has(i) ? x(i) : null;
    }

    OnnxType type(int i) {
        return value(i).type();
    }

    /// All inputs as tensors.
    List<Tensor> all() {
        return in.stream().map(v -> {
            if (v == null) {
                throw new IllegalArgumentException("an input is missing");
            }
            return v.tensor();
        }).toList();
    }

    /// The elements of an input that decides about shapes or settings, on the host.
    long[] longs(int i) {
        return read(i, Tensor::toLongArray);
    }

    double[] doubles(int i) {
        return read(i, Tensor::toDoubleArray);
    }

    /// Values of the model itself can be read even while a graph is captured: they are the same at each run.
    private <T> T read(int i, java.util.function.Function<Tensor, T> body) {
        boolean fixed = value(i) instanceof OnnxValue.OfTensor t && (t.constant() || frame.isModels(t.tensor()));
        if (!fixed || !Context.isRecording()) {
            return body.apply(x(i).detach());
        }
        try (Context.Mode _ = Context.recording(null)) {
            return body.apply(x(i).detach());
        }
    }

    /// The only element of an input that is a setting.
    long integer(int i) {
        return single(longs(i).length, i) ? longs(i)[0] : 0;
    }

    double number(int i) {
        return single(doubles(i).length, i) ? doubles(i)[0] : 0;
    }

    private static boolean single(int n, int i) {
        if (n != 1) {
            throw new IllegalArgumentException("input " + i + " has " + n + " elements, expected one");
        }
        return true;
    }

    // --- attributes

    boolean hasAttr(String name) {
        return node.attributes().has(name);
    }

    long attr(String name, long otherwise) {
        return node.attributes().integer(name, otherwise);
    }

    int axis(String name, long otherwise, int rank) {
        return axis(attr(name, otherwise), rank);
    }

    /// An axis of a value of the given rank, counted from the first.
    static int axis(long axis, int rank) {
        if (axis < -rank || axis >= rank && !(rank == 0 && axis == 0)) {
            throw new IllegalArgumentException("axis " + axis + " of a tensor of " + rank + " axes: expected "
                    + -rank + " to " + (rank - 1));
        }
        return (int) (axis < 0 ? axis + rank : axis);
    }

    boolean flag(String name, boolean otherwise) {
        return node.attributes().integer(name, otherwise ? 1 : 0) != 0;
    }

    double attr(String name, double otherwise) {
        return node.attributes().number(name, otherwise);
    }

    String attr(String name, String otherwise) {
        return node.attributes().string(name, otherwise);
    }

    long @Nullable [] integers(String name) {
        return node.attributes().integers(name).orElse(null);
    }

    long[] integers(String name, long[] otherwise) {
        return node.attributes().integers(name).orElse(otherwise);
    }

    double @Nullable [] numbers(String name) {
        return node.attributes().numbers(name).orElse(null);
    }

    @Nullable List<String> strings(String name) {
        return node.attributes().strings(name).orElse(null);
    }

    /// The element type that an attribute names by its code.
    OnnxType typeAttr(String name, OnnxType otherwise) {
        return hasAttr(name) ? type(attr(name, 0)) : otherwise;
    }

    static OnnxType type(long code) {
        return OnnxType.ofCode((int) code).orElseThrow(() -> new IllegalArgumentException(
                "element type " + code + " is unknown; known are " + OnnxType.known()));
    }

    // --- outputs

    /// How many outputs the node names.
    int outputs() {
        return node.outputs().size();
    }

    /// Whether somebody may take output `i`.
    boolean wants(int i) {
        return i < node.outputs().size() && !node.outputs().get(i).isEmpty();
    }

    /// A result of the element type of an input.
    OnnxValue like(int i, Tensor result) {
        OnnxType type = type(i);
        return OnnxValue.of(type, type.hold(result));
    }

    /// A vector of integers on this call's device.
    Tensor vector(long... values) {
        return Tensors.of(values, Shape.of(values.length), device());
    }

    Tensor full(Shape shape, double value, DType dtype) {
        return Tensors.full(shape, value, dtype, device());
    }

    // --- graphs

    /// Runs a graph of this node's attributes.
    List<OnnxValue> run(OnnxGraph graph, List<? extends OnnxValue> inputs) {
        return frame.run(graph, inputs);
    }

    /// The value of a name in the graph in which this node stands, or around it.
    @Nullable OnnxValue named(String name) {
        return frame.find(name);
    }

    Evaluator.Frame frame() {
        return frame;
    }
}
