package dev.tenon.onnx.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.UnsafeByteOperations;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.AtomicFiles;
import dev.tenon.graph.Graph;
import dev.tenon.onnx.OnnxType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes a captured graph as a model in the ONNX format.
///
/// ```java
/// Graph graph = Graphs.capture(model.eval(), image);
/// OnnxExport.of(graph).inputNames("image").outputNames("scores").write(Path.of("model.onnx"));
/// ```
///
/// Shapes are those of the capture, but for an axis that [#openAxis] leaves open. Parameters become initializers under
/// their names. Arithmetic is Tenon's: 16-bit numbers are computed with in 32 bits. Ops that ONNX has an operator for
/// become that operator; other composites become what they are made of.
///
/// Methods that set something return another export; this one stays as it is.
public final class OnnxExport {
    /// The version of the operators unless another is asked for. It is of 2022 and widely supported.
    public static final int DEFAULT_OPSET = 18;

    /// Messages may have up to 2 GiB; nodes and names need some of it.
    private static final long LARGEST_INSIDE = Integer.MAX_VALUE - (64L << 20);
    /// Where a weight begins in a file of its own, so that it can be mapped into memory.
    private static final long ALIGNMENT = 4096;

    private static final class Settings {
        int opset = DEFAULT_OPSET;
        String producer = "tenon";
        String version = "";
        String name;
        List<String> inputs;
        List<String> outputs;
        long externalFrom = Long.MAX_VALUE;
        boolean resultsOnly;
        String openAxis = "";
        @Nullable Graph otherExtent;

        Settings(Graph g) {
            name = g.name();
            inputs = g.inputs().stream().map(i -> i.name()).toList();
            outputs = g.outputs().stream().map(Graph.Output::name).toList();
        }

        Settings(Settings s) {
            opset = s.opset;
            producer = s.producer;
            version = s.version;
            name = s.name;
            inputs = s.inputs;
            outputs = s.outputs;
            externalFrom = s.externalFrom;
            resultsOnly = s.resultsOnly;
            openAxis = s.openAxis;
            otherExtent = s.otherExtent;
        }
    }

    private final Graph graph;
    private final Settings settings;

    private OnnxExport(Graph graph, Settings settings) {
        this.graph = graph;
        this.settings = settings;
    }

    /// An export of a graph with opset [#DEFAULT_OPSET], the graph's own names, and the weights inside the file.
    public static OnnxExport of(Graph graph) {
        return new OnnxExport(graph, new Settings(graph));
    }

    private OnnxExport with(Consumer<Settings> change) {
        Settings s = new Settings(settings);
        change.accept(s);
        return new OnnxExport(graph, s);
    }

    // --- settings

    /// With operators of another version, 17 to 22. From 18 on there are operators on the bits of integers and `Mish`,
    /// from 20 on `Gelu`.
    ///
    /// @throws IllegalArgumentException for another version
    public OnnxExport opset(int version) {
        if (version < 17 || version > 22) {
            throw new IllegalArgumentException("opset " + version + ": expected 17 to 22");
        }
        return with(s -> s.opset = version);
    }

    /// With what the file says about the program that wrote it.
    public OnnxExport producer(String name, String version) {
        return with(s -> {
            s.producer = name;
            s.version = version;
        });
    }

    /// With another name of the graph.
    public OnnxExport graphName(String name) {
        return with(s -> s.name = name);
    }

    /// With other names of the inputs.
    ///
    /// @throws IllegalArgumentException if there is not one for each, or one is empty or given twice
    public OnnxExport inputNames(String... names) {
        check("input", names, graph.inputs().size());
        return with(s -> s.inputs = List.of(names));
    }

    /// With other names of the outputs.
    ///
    /// @throws IllegalArgumentException if there is not one for each, or one is empty or given twice
    public OnnxExport outputNames(String... names) {
        check("output", names, graph.outputs().size());
        return with(s -> s.outputs = List.of(names));
    }

    private void check(String what, String[] names, int wanted) {
        List<String> list = List.of(names);
        if (list.size() != wanted || list.stream().distinct().count() != wanted || list.contains("")) {
            throw new IllegalArgumentException("graph " + graph.name() + ": " + what + " names " + list + ": expected "
                    + wanted + " different ones");
        }
    }

    /// With weights of at least so many bytes in a second file, beside the model: `model.onnx.data`. Needed for models
    /// of 2 GiB and more.
    public OnnxExport externalData(long leastBytes) {
        if (leastBytes < 0) {
            throw new IllegalArgumentException("external data from " + leastBytes + " bytes: expected 0 or more");
        }
        return with(s -> s.externalFrom = leastBytes);
    }

    /// Only what leads to the outputs: the updates of parameters and the gradients of a training step, which an ONNX
    /// model cannot have, are left out.
    public OnnxExport outputsOnly() {
        return with(s -> s.resultsOnly = true);
    }

    /// With the extent of the batch, or of another axis, left open. What of the model depends on it is found by
    /// comparing the graph with one of the same function for another extent:
    ///
    /// ```java
    /// Graph two = Graphs.capture(model, Tensors.randn(2, 3, 32, 32));
    /// Graph three = Graphs.capture(model, Tensors.randn(3, 3, 32, 32));
    /// OnnxExport.of(two).openAxis("batch", three).write(Path.of("model.onnx"));
    /// ```
    ///
    /// Take extents that nothing else in the model has. Writing fails where the graphs differ in more than extents.
    ///
    /// @param name what the file calls the extent
    /// @param other the graph for another extent
    /// @throws IllegalArgumentException if the name is empty, or the inputs or outputs differ in number or dtype, or in
    ///     no extent
    public OnnxExport openAxis(String name, Graph other) {
        boolean alike = other.inputs().size() == graph.inputs().size()
                && other.outputs().size() == graph.outputs().size();
        boolean differ = false;
        for (int i = 0; alike && i < graph.inputs().size(); i++) {
            var a = graph.inputs().get(i).type();
            var b = other.inputs().get(i).type();
            alike = a.dtype() == b.dtype() && a.rank() == b.rank();
            differ |= !a.shape().equals(b.shape());
        }
        if (name.isEmpty() || !alike || !differ) {
            throw new IllegalArgumentException("graph " + graph.name() + ": open axis \"" + name + "\": expected a"
                    + " name, and the same function captured for another extent of an axis of its inputs; these are "
                    + graph.inputs() + " and " + other.inputs());
        }
        return with(s -> {
            s.openAxis = name;
            s.otherExtent = other;
        });
    }

    // --- writing

    /// The model in memory, weights included.
    ///
    /// @throws IllegalArgumentException if ops of the graph cannot be written, all of which are named with the lines
    ///     that recorded them, or the model is larger than 2 GiB
    public byte[] toBytes() {
        Written w = write();
        inside(w, w.model.weights, "memory");
        return w.proto().toByteArray();
    }

    /// Writes the model to a file, and weights to a second one where that is asked for. Files of these names are
    /// replaced once the new ones are complete.
    ///
    /// @throws IllegalArgumentException if ops of the graph cannot be written, all of which are named with the lines
    ///     that recorded them, or the model is larger than 2 GiB
    /// @throws IOException if the files cannot be written
    public void write(Path file) throws IOException {
        Written w = write();
        Map<String, Tensor> inside = new LinkedHashMap<>(w.model.weights);
        List<Map.Entry<String, Tensor>> outside = w.model.weights.entrySet().stream()
                .filter(e -> bytes(e.getValue()) >= Math.max(1, settings.externalFrom)).toList();
        outside.forEach(e -> inside.remove(e.getKey()));
        inside(w, inside, file.toString());
        if (!outside.isEmpty()) {
            Path data = file.resolveSibling(file.getFileName() + ".data");
            AtomicFiles.write(data, channel -> external(channel, outside, w, data.getFileName().toString()));
        }
        ModelProto proto = w.proto();
        AtomicFiles.write(file, channel -> {
            var out = Channels.newOutputStream(channel);
            proto.writeTo(out);
            out.flush();
        });
    }

    private record Written(Model model, GraphProto.Builder graph, ModelProto.Builder message) {
        ModelProto proto() {
            return message.setGraph(graph).build();
        }
    }

    private Written write() {
        Graph other = settings.otherExtent;
        if (other == null) {
            return write(graph, true);
        }
        Written w = write(graph, false);
        Written o = write(other, false);
        OpenAxis axis = new OpenAxis(settings.openAxis, graph.name());
        axis.compareWeights(w.model.weights, o.model.weights);
        axis.open(w.graph, o.graph);
        return w;
    }

    private Written write(Graph g, boolean sharesConstants) {
        Settings s = settings;
        if (!s.resultsOnly && (!g.updates().isEmpty() || !g.gradients().isEmpty())) {
            throw new IllegalArgumentException("graph " + g.name() + ": changes " + g.updates().size()
                    + " parameters and sets " + g.gradients().size() + " gradients, which an ONNX model cannot:"
                    + " capture the model in eval mode without gradients, or leave them out with outputsOnly()");
        }
        Model model = new Model(s.opset, sharesConstants);
        List<Term> inputs = new ArrayList<>();
        for (int i = 0; i < s.inputs.size(); i++) {
            var type = g.inputs().get(i).type();
            inputs.add(new Term(model.reserve(s.inputs.get(i)), type.dtype(), type.shape()));
        }
        for (String name : s.outputs) {
            if (!model.reserve(name).equals(name)) {
                throw new IllegalArgumentException("graph " + g.name() + ": an input and an output are both named"
                        + " \"" + name + "\"; rename one with inputNames or outputNames");
            }
        }
        Block block = new Block(model, null);
        List<Term> outputs = new Exporter(block, "").write(g, inputs);
        if (!model.problems.isEmpty()) {
            throw new IllegalArgumentException("graph " + g.name() + " cannot be written as an ONNX model:\n  "
                    + String.join("\n  ", model.problems.stream().distinct().toList()));
        }
        outputs = block.own(outputs);
        for (int j = 0; j < outputs.size(); j++) {
            model.renamed.put(outputs.get(j).name(), s.outputs.get(j));
        }
        GraphProto.Builder proto = block.toProto(s.name, inputs, outputs);
        model.constants.stream().filter(c -> block.uses(c.getName())).forEach(proto::addInitializer);
        model.weights.keySet().removeIf(name -> !block.uses(name));
        ModelProto.Builder m = ModelProto.newBuilder().setIrVersion(s.opset < 19 ? 8 : s.opset < 21 ? 9 : 10)
                .setProducerName(s.producer).setProducerVersion(s.version)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(s.opset));
        return new Written(model, proto, m);
    }

    private static long bytes(Tensor t) {
        return t.elements() * t.dtype().bytes();
    }

    private static TensorProto.Builder header(String name, Tensor t) {
        TensorProto.Builder p = TensorProto.newBuilder().setName(name)
                .setDataType(OnnxType.of(t.dtype()).code());
        Arrays.stream(t.shape().toArray()).forEach(p::addDims);
        return p;
    }

    private void inside(Written w, Map<String, Tensor> weights, String where) {
        long total = weights.values().stream().mapToLong(OnnxExport::bytes).sum();
        if (total > LARGEST_INSIDE) {
            throw new IllegalArgumentException(where + ": the weights of graph " + graph.name() + " take " + total
                    + " bytes, a message has at most 2 GiB: write a file with externalData(1024)");
        }
        weights.forEach((name, t) -> {
            byte[] raw = new byte[(int) bytes(t)];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment host = arena.allocate(Math.max(1, raw.length), 64);
                t.copyTo(host);
                MemorySegment.copy(host, 0, MemorySegment.ofArray(raw), 0, raw.length);
            }
            w.graph.addInitializer(header(name, t).setRawData(UnsafeByteOperations.unsafeWrap(raw)));
        });
    }

    private static void external(FileChannel channel, List<Map.Entry<String, Tensor>> weights, Written w,
            String location) throws IOException {
        long at = 0;
        for (var e : weights) {
            at = (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            long bytes = bytes(e.getValue());
            try (Arena arena = Arena.ofConfined()) {
                e.getValue().copyTo(channel.map(FileChannel.MapMode.READ_WRITE, at, bytes, arena));
            }
            w.graph.addInitializer(header(e.getKey(), e.getValue())
                    .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                    .addExternalData(entry("location", location))
                    .addExternalData(entry("offset", Long.toString(at)))
                    .addExternalData(entry("length", Long.toString(bytes))));
            at += bytes;
        }
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
