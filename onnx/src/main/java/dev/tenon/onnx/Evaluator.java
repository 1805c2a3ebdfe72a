package dev.tenon.onnx;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.graph.CaptureException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Runs graphs, node by node, through Tenon's ordinary dispatch.
final class Evaluator {
    private final Device device;
    private final Set<Tensor> own;
    private final Map<OnnxGraph, List<List<String>>> lastUses = new IdentityHashMap<>();
    private int depth;

    /// @param own the tensors that are part of the model
    Evaluator(Device device, Set<Tensor> own) {
        this.device = device;
        this.own = own;
    }

    List<OnnxValue> run(OnnxGraph graph, List<? extends @Nullable OnnxValue> inputs) {
        return run(graph, inputs, null);
    }

    private List<OnnxValue> run(OnnxGraph graph, List<? extends @Nullable OnnxValue> inputs, @Nullable Frame outer) {
        if (++depth > 200) {
            throw new TensorException("graph '" + graph.name() + "': graphs within graphs run more than 200 deep");
        }
        try {
            Frame frame = new Frame(graph, outer);
            frame.values.putAll(graph.initializers());
            for (int i = 0; i < Math.min(inputs.size(), graph.inputs().size()); i++) {
                OnnxValue v = inputs.get(i);
                if (v != null) {
                    frame.values.put(graph.inputs().get(i).name(), v);
                }
            }
            boolean frees = !Context.tracksGradients() && !Context.isRecording();
            Liveness liveness = frees ? new Liveness(lastUses.computeIfAbsent(graph, OnnxGraph::lastUses)) : null;
            for (int i = 0; i < graph.nodes().size(); i++) {
                OnnxNode node = graph.nodes().get(i);
                frame.step(node);
                if (liveness != null) {
                    liveness.after(i, node, frame);
                }
            }
            List<OnnxValue> out = new ArrayList<>();
            for (ValueInfo o : graph.outputs()) {
                OnnxValue v = frame.find(o.name());
                if (v == null) {
                    throw new TensorException("graph '" + graph.name() + "': output '" + o.name()
                            + "' is made by no node");
                }
                out.add(v);
            }
            return out;
        } finally {
            depth--;
        }
    }

    /// Frees what nobody needs any more. A node may return a tensor that it was given, so it counts who holds each.
    private static final class Liveness {
        private final List<List<String>> dying;
        private final Map<Tensor, Integer> holders = new IdentityHashMap<>();

        Liveness(List<List<String>> dying) {
            this.dying = dying;
        }

        void after(int i, OnnxNode node, Frame frame) {
            boolean mayBeOthers = !node.graphs().isEmpty() || node.body() != null;
            for (String o : node.outputs()) {
                if (!mayBeOthers && frame.values.get(o) instanceof OnnxValue.OfTensor t) {
                    boolean given = node.inputs().stream()
                            .anyMatch(n -> frame.find(n) instanceof OnnxValue.OfTensor x && x.tensor() == t.tensor());
                    if (!given || holders.containsKey(t.tensor())) {
                        holders.merge(t.tensor(), 1, Integer::sum);
                    }
                } else if (frame.values.get(o) != null) {
                    keep(frame.values.get(o));
                }
            }
            for (String name : dying.get(i)) {
                if (frame.values.remove(name) instanceof OnnxValue.OfTensor t) {
                    Integer n = holders.get(t.tensor());
                    if (n != null && n == 1) {
                        holders.remove(t.tensor());
                        t.tensor().close();
                    } else if (n != null) {
                        holders.put(t.tensor(), n - 1);
                    }
                }
            }
        }

        /// What lies in a sequence, or comes out of another graph, is never freed here.
        private void keep(@Nullable OnnxValue v) {
            switch (v) {
                case OnnxValue.OfTensor t -> holders.remove(t.tensor());
                case OnnxValue.Sequence s -> s.values().forEach(this::keep);
                case OnnxValue.Optional o -> keep(o.value());
                case null, default -> { }
            }
        }
    }

    /// The values of a graph that is being run.
    final class Frame {
        private final Map<String, OnnxValue> values = new HashMap<>();
        private final OnnxGraph graph;
        private final @Nullable Frame outer;

        private Frame(OnnxGraph graph, @Nullable Frame outer) {
            this.graph = graph;
            this.outer = outer;
        }

        Device device() {
            return device;
        }

        boolean isModels(Tensor t) {
            return own.contains(t);
        }

        @Nullable OnnxValue find(String name) {
            OnnxValue v = values.get(name);
            return v != null || outer == null ? v : outer.find(name);
        }

        List<OnnxValue> run(OnnxGraph graph, List<? extends @Nullable OnnxValue> inputs) {
            return Evaluator.this.run(graph, inputs, this);
        }

        /// Computes a value of this graph once more, from given values of others.
        OnnxValue again(List<String> names, List<OnnxValue> given, String wanted) {
            Frame frame = new Frame(graph, outer);
            values.forEach((name, v) -> frame.values.put(name, v instanceof OnnxValue.OfTensor t
                    ? new OnnxValue.OfTensor(t.type(), t.tensor().detach(), t.constant()) : v));
            for (int i = 0; i < names.size(); i++) {
                frame.values.put(names.get(i), given.get(i));
            }
            Set<String> needed = new HashSet<>(List.of(wanted));
            List<OnnxNode> nodes = new ArrayList<>();
            for (OnnxNode n : graph.nodes().reversed()) {
                if (n.outputs().stream().anyMatch(o -> needed.contains(o) && !names.contains(o))) {
                    needed.addAll(OnnxGraph.uses(n));
                    nodes.addFirst(n);
                }
            }
            nodes.forEach(frame::step);
            OnnxValue v = frame.values.get(wanted);
            if (v == null) {
                throw new IllegalArgumentException("'" + wanted + "' is no value of the graph '" + graph.name() + "'");
            }
            return v;
        }

        private static String failed(OnnxNode node, RuntimeException e) {
            return "ONNX " + node.title() + " (opset " + node.opset() + "): " + e.getMessage();
        }

        private void step(OnnxNode node) {
            List<@Nullable OnnxValue> in = new ArrayList<>();
            for (String name : node.inputs()) {
                OnnxValue v = name.isEmpty() ? null : find(name);
                if (v == null && !name.isEmpty()) {
                    throw new TensorException("ONNX " + node.title() + ": input '" + name + "' has no value");
                }
                in.add(v);
            }
            List<OnnxValue> out;
            try {
                out = constant(node, in) ? constants(node, in) : apply(node, in);
            } catch (CaptureException e) {
                // What compiles a model tells by the type that it is to run without a graph.
                throw (CaptureException) new CaptureException(failed(node, e)).initCause(e);
            } catch (IllegalArgumentException | IndexOutOfBoundsException | ArithmeticException e) {
                throw new TensorException(failed(node, e), e);
            }
            for (int i = 0; i < node.outputs().size(); i++) {
                if (!node.outputs().get(i).isEmpty()) {
                    if (i >= out.size()) {
                        throw new TensorException("ONNX " + node.title() + ": has no output number " + i);
                    }
                    values.put(node.outputs().get(i), out.get(i));
                }
            }
        }

        /// Whether the results are the same at each run.
        private static boolean constant(OnnxNode node, List<@Nullable OnnxValue> in) {
            return switch (node.entry().trait()) {
                case RANDOM -> false;
                case SHAPES -> true;
                case PLAIN, RAW -> node.graphs().isEmpty() && node.body() == null && in.stream().allMatch(
                        v -> v == null || v instanceof OnnxValue.Strings
                                || v instanceof OnnxValue.OfTensor t && t.constant());
            };
        }

        /// Computed now even while a graph is captured, so that shapes may depend on it.
        private List<OnnxValue> constants(OnnxNode node, List<@Nullable OnnxValue> in) {
            List<OnnxValue> out;
            try (Context.Mode _ = Context.recording(null); Context.Mode _ = Context.noGrad()) {
                out = apply(node, in);
            }
            return out.stream().map(v -> v instanceof OnnxValue.OfTensor t
                    ? new OnnxValue.OfTensor(t.type(), t.tensor(), true) : v).toList();
        }

        private List<OnnxValue> apply(OnnxNode node, List<@Nullable OnnxValue> in) {
            OnnxGraph body = node.body();
            if (body != null) {
                // A function sees nothing of what is around its call.
                return Evaluator.this.run(body, in, null);
            }
            boolean strings = node.entry().trait() == Operators.Trait.PLAIN
                    && in.stream().anyMatch(OnnxValue.Strings.class::isInstance);
            return strings ? withStrings(node, in) : node.entry().operator().apply(new Call(node, in, this));
        }

        /// Strings go through operators that move elements as positions in a sorted list of them.
        private List<OnnxValue> withStrings(OnnxNode node, List<@Nullable OnnxValue> in) {
            TreeSet<String> distinct = new TreeSet<>();
            in.forEach(v -> {
                if (v instanceof OnnxValue.Strings s) {
                    distinct.addAll(s.values());
                }
            });
            List<String> sorted = new ArrayList<>(distinct);
            Map<String, Integer> at = new HashMap<>();
            sorted.forEach(s -> at.put(s, at.size()));
            List<@Nullable OnnxValue> positions = new ArrayList<>();
            for (OnnxValue v : in) {
                positions.add(v instanceof OnnxValue.Strings s ? numbered(s, at) : v);
            }
            List<OnnxValue> out = node.entry().operator().apply(new Call(node, positions, this));
            return out.stream().map(v -> spelled(v, sorted)).toList();
        }

        private static OnnxValue spelled(OnnxValue v, List<String> sorted) {
            return switch (v) {
                case OnnxValue.OfTensor t when t.type() == OnnxType.STRING -> strings(t.tensor(), sorted);
                case OnnxValue.Sequence s ->
                    new OnnxValue.Sequence(s.values().stream().map(e -> spelled(e, sorted)).toList());
                default -> v;
            };
        }

        private OnnxValue numbered(OnnxValue.Strings s, Map<String, Integer> at) {
            long[] p = s.values().stream().mapToLong(at::get).toArray();
            return new OnnxValue.OfTensor(OnnxType.STRING, Tensors.of(p, s.shape(), device), true);
        }

        private static OnnxValue strings(Tensor positions, List<String> sorted) {
            List<String> values = new ArrayList<>();
            for (long p : positions.toLongArray()) {
                values.add(p < sorted.size() && p >= 0 ? sorted.get((int) p) : "");
            }
            return new OnnxValue.Strings(Shape.of(positions.shape().toArray()), values);
        }
    }
}
