package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Defines a graph first, to run it later with whatever is fed to its placeholders:
///
/// ```java
/// Graph graph;
/// try (var b = new GraphBuilder("line")) {
///     Tensor x = b.placeholder("x", DType.F32, Shape.of(8, 2));
///     b.output("y", x.matmul(weight).add(bias));
///     graph = b.build();
/// }
/// Tensor y = graph.run(Map.of("x", data)).get("y");
/// ```
///
/// While a builder is open, tensor operations on its thread are not computed but become part of the graph; everything
/// that may be done in a captured function may be done here.
public final class GraphBuilder implements AutoCloseable {
    private final Capture capture;
    private final Context.Mode mode;
    private final Map<String, Tensor> outputs = new LinkedHashMap<>();
    private boolean closed;

    /// Opens a builder on this thread.
    ///
    /// @param name the name of the graph, for texts
    public GraphBuilder(String name) {
        this(name, Map.of());
    }

    /// Opens a builder on this thread.
    ///
    /// @param names names for the parameters: for tensors that the graph will refer to
    public GraphBuilder(String name, Map<String, Tensor> names) {
        Map<Object, String> byMemory = new LinkedHashMap<>();
        names.forEach((n, t) -> byMemory.putIfAbsent(t.storageKey(), n));
        this.capture = new Capture(name, byMemory);
        this.mode = Context.recording(capture);
    }

    /// An input on the default device.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public Tensor placeholder(String name, DType dtype, Shape shape) {
        return placeholder(name, dtype, shape, Device.getDefault());
    }

    /// An input.
    ///
    /// @throws IllegalArgumentException if the name is taken
    public Tensor placeholder(String name, DType dtype, Shape shape, Device device) {
        checkOpen();
        return capture.input(name, TensorType.of(dtype, shape), device);
    }

    /// Makes a tensor an output.
    ///
    /// @return this
    /// @throws IllegalArgumentException if the name is taken
    public GraphBuilder output(String name, Tensor t) {
        checkOpen();
        if (outputs.putIfAbsent(name, t) != null) {
            throw new IllegalArgumentException("graph: two outputs named \"" + name + "\"");
        }
        return this;
    }

    /// The graph of all that was computed so far. Closes the builder.
    public Graph build() {
        checkOpen();
        try {
            List<Tensor> values = new ArrayList<>(outputs.values());
            return capture.finish(List.copyOf(outputs.keySet()), values, true);
        } finally {
            close();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the graph builder was closed");
        }
        if (Context.recorder() != capture) {
            throw new IllegalStateException("the graph builder is used on another thread than the one that opened it,"
                    + " or inside another capture");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            mode.close();
            capture.end();
        }
    }
}
