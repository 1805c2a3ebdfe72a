package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A model in the ONNX format, read and ready to run on any backend.
///
/// ```java
/// OnnxModel model = OnnxModel.read(Path.of("resnet18.onnx"));
/// Tensor scores = model.forward(image);                               // one tensor in, one out
/// Map<String, OnnxValue> out = model.run(Map.of("x", OnnxValue.of(image)));
/// ```
///
/// Its nodes run through Tenon's ordinary operations, so a model can be differentiated and captured like other code.
/// Floating-point initializers are [#parameters()]: leaf tensors that require gradients, which an optimiser may change
/// in place to fine-tune the model. Without gradients (`try (var _ = Context.noGrad())`) results that no later node
/// needs are freed at once.
public final class OnnxModel {
    private final OnnxGraph graph;
    private final Device device;
    private final Map<String, Integer> opsets;
    private final Map<String, Tensor> parameters;
    private final String producer;
    private final Set<Tensor> own = Collections.newSetFromMap(new IdentityHashMap<>());

    private OnnxModel(OnnxGraph graph, Device device, Map<String, Integer> opsets, Map<String, Tensor> parameters,
            String producer) {
        this.graph = graph;
        this.device = device;
        this.opsets = Collections.unmodifiableMap(opsets);
        this.parameters = Collections.unmodifiableMap(parameters);
        this.producer = producer;
        own.addAll(parameters.values());
    }

    // --- reading

    /// Reads a model to the default device.
    ///
    /// @throws OnnxException if the file is no valid model, or uses operators that are not supported (all are named)
    /// @throws IOException if the file cannot be read
    public static OnnxModel read(Path file) throws IOException {
        return read(file, Device.getDefault());
    }

    /// Reads a model to a device. Large tensors may lie in other files of the same folder or below it.
    ///
    /// @throws OnnxException if the file is no valid model, or uses operators that are not supported (all are named)
    /// @throws IOException if the file cannot be read
    public static OnnxModel read(Path file, Device device) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, folder, device);
        } catch (OnnxException e) {
            throw new OnnxException(file + ": " + e.getMessage(), e);
        }
    }

    /// Reads a model that is no file and has no other files beside it.
    ///
    /// @throws OnnxException if the bytes are no valid model, or use operators that are not supported (all are named)
    public static OnnxModel read(byte[] bytes, Device device) throws OnnxException {
        try {
            return read(new ByteArrayInputStream(bytes), null, device);
        } catch (OnnxException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
    }

    private static OnnxModel read(InputStream in, @Nullable Path folder, Device device) throws IOException {
        ModelProto proto;
        try {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setRecursionLimit(400);
            coded.setSizeLimit(Integer.MAX_VALUE);
            proto = ModelProto.parseFrom(coded);
        } catch (InvalidProtocolBufferException e) {
            throw new OnnxException("is no ONNX model: " + e.getMessage()
                    + " (models larger than 2 GiB keep their weights as external data)", e);
        }
        // What is read belongs to the model, not to a scope that happens to be open, or to a graph being captured.
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.recording(null);
                Context.Mode _ = Context.noGrad()) {
            ModelReader reader = new ModelReader(new ExternalData(folder), device);
            OnnxGraph graph = reader.read(proto);
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            Set<Tensor> fixed = Buffers.of(graph);
            reader.parameters().forEach((name, v) -> {
                parameters.put(name, v.tensor());
                v.tensor().requiresGrad(!fixed.contains(v.tensor()));
            });
            String producer = (proto.getProducerName() + " " + proto.getProducerVersion()).strip();
            return new OnnxModel(graph, device, reader.opsets(), parameters, producer);
        } catch (StackOverflowError e) {
            throw new OnnxException("its graphs are nested too deep", e);
        }
    }

    /// The same model on another device; the parameters are copies.
    public OnnxModel toDevice(Device to) {
        if (to == device) {
            return this;
        }
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.noGrad()) {
            Map<Tensor, Tensor> moved = new IdentityHashMap<>();
            Map<String, Tensor> there = new LinkedHashMap<>();
            parameters.forEach((name, p) -> {
                Tensor copy = p.detach().to(to).requiresGrad(p.requiresGrad());
                moved.put(p, copy);
                there.put(name, copy);
            });
            OnnxGraph other = graph.map(v -> v instanceof OnnxValue.OfTensor t && moved.containsKey(t.tensor())
                    ? new OnnxValue.OfTensor(t.type(), moved.get(t.tensor()), t.constant()) : v.to(to));
            return new OnnxModel(other, to, opsets, there, producer);
        }
    }

    // --- what it is

    /// What the model takes, in order; initializers that may be replaced are not listed.
    public List<ValueInfo> inputs() {
        return graph.inputs().stream().filter(i -> !graph.initializers().containsKey(i.name())).toList();
    }

    /// What the model gives, in order.
    public List<ValueInfo> outputs() {
        return graph.outputs();
    }

    /// The versions of the operators that the model was written for, by domain; ONNX's own domain is the empty string.
    public Map<String, Integer> opsets() {
        return opsets;
    }

    /// The floating-point initializers by name. Those that hold running statistics or settings require no gradient.
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    /// Where the model runs.
    public Device device() {
        return device;
    }

    /// The name of the graph.
    public String name() {
        return graph.name();
    }

    /// The program that wrote the file, as it says itself; perhaps empty.
    public String producer() {
        return producer;
    }

    OnnxGraph graph() {
        return graph;
    }

    /// How often the model applies each operator, by name, those in the bodies of loops and branches included.
    public SortedMap<String, Integer> operatorCounts() {
        SortedMap<String, Integer> counts = new TreeMap<>();
        count(graph, counts);
        return counts;
    }

    private static void count(OnnxGraph g, Map<String, Integer> counts) {
        for (OnnxNode n : g.nodes()) {
            counts.merge((n.domain().isEmpty() ? "" : n.domain() + ".") + n.operator(), 1, Integer::sum);
            n.graphs().forEach(inner -> count(inner, counts));
        }
    }

    /// A listing: inputs, outputs, versions of the operators, parameters with their sizes, and the nodes.
    public String describe() {
        return Listing.of(this);
    }

    // --- running

    /// Runs the model.
    ///
    /// @param inputs a value for each of [#inputs()], by name; initializers that are inputs may be replaced
    /// @return a value for each of [#outputs()], in that order
    /// @throws IllegalArgumentException if an input is missing, unknown or of another type, or a node cannot be run
    public Map<String, OnnxValue> run(Map<String, ? extends OnnxValue> inputs) {
        for (String name : inputs.keySet()) {
            if (graph.inputs().stream().noneMatch(i -> i.name().equals(name))) {
                throw new IllegalArgumentException("the model has no input '" + name + "'; it takes " + this.inputs());
            }
        }
        List<@Nullable OnnxValue> values = new ArrayList<>();
        for (ValueInfo i : graph.inputs()) {
            OnnxValue v = inputs.get(i.name());
            if (v == null && !graph.initializers().containsKey(i.name())) {
                throw new IllegalArgumentException("the input '" + i.name() + "' is missing; the model takes "
                        + this.inputs());
            }
            values.add(v == null ? null : InputCheck.check(i, v).to(device));
        }
        List<OnnxValue> out = evaluate(values);
        Map<String, OnnxValue> named = new LinkedHashMap<>();
        for (int i = 0; i < out.size(); i++) {
            named.put(graph.outputs().get(i).name(), out.get(i));
        }
        return named;
    }

    private List<OnnxValue> evaluate(List<@Nullable OnnxValue> values) {
        Evaluator evaluator = new Evaluator(device, own);
        if (Context.tracksGradients() || Context.isRecording()) {
            return evaluator.run(graph, values);
        }
        try (Scope scope = Scope.open()) {
            List<OnnxValue> out = evaluator.run(graph, values);
            out.forEach(v -> keep(scope, v));
            return out;
        }
    }

    private static void keep(Scope scope, @Nullable OnnxValue v) {
        switch (v) {
            case OnnxValue.OfTensor t -> scope.keep(t.tensor());
            case OnnxValue.Sequence s -> s.values().forEach(e -> keep(scope, e));
            case OnnxValue.Optional o -> keep(scope, o.value());
            case OnnxValue.OfMap m -> m.values().values().forEach(e -> {
                if (e instanceof OnnxValue inner) {
                    keep(scope, inner);
                }
            });
            case null, default -> { }
        }
    }

    /// Runs the model on tensors.
    ///
    /// @param inputs one for each of [#inputs()], in that order
    /// @return the first output
    /// @throws IllegalArgumentException if the number or types of the inputs do not fit, or a node cannot be run
    public Tensor forward(Tensor... inputs) {
        return forwardAll(inputs).getFirst();
    }

    /// Runs the model on tensors.
    ///
    /// @param inputs one for each of [#inputs()], in that order
    /// @return the outputs
    /// @throws IllegalArgumentException if the number or types of the inputs do not fit, or a node cannot be run
    public List<Tensor> forwardAll(Tensor... inputs) {
        List<ValueInfo> wanted = inputs();
        if (inputs.length != wanted.size()) {
            throw new IllegalArgumentException("the model takes " + wanted.size() + " inputs, " + wanted + "; got "
                    + inputs.length);
        }
        Map<String, OnnxValue> named = new LinkedHashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            named.put(wanted.get(i).name(), OnnxValue.of(inputs[i]));
        }
        return run(named).values().stream().map(OnnxValue::tensor).toList();
    }

    @Override
    public String toString() {
        return "OnnxModel " + graph.name() + graph.inputs().stream()
                .filter(i -> !graph.initializers().containsKey(i.name())).map(ValueInfo::toString)
                .collect(Collectors.joining(", ", "(", ")")) + " -> " + graph.outputs();
    }
}
