package dev.tenon.graph;

import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import dev.tenon.api.spi.Recorder;
import dev.tenon.graph.Value.Constant;
import dev.tenon.graph.Value.Input;
import dev.tenon.graph.Value.Parameter;
import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Records what a thread computes as a graph.
///
/// Programs change tensors in place and look at the same memory through several views; graphs do neither. So a capture
/// keeps, for each block of memory, the value that it holds by now and the views that look at it. A change through a
/// view becomes a new value of the whole block; other views are taken anew from that when they are next used. What
/// memory from outside the capture holds at the end becomes an update.
final class Capture implements Recorder {
    /// Which part of its memory a tensor is.
    private record Place(long offset, TensorType type) {}

    /// A way to look at a block of memory: all of it, or a view of another way.
    private static final class View {
        final Block block;
        final @Nullable View parent;
        final @Nullable ViewOp op;
        Value value;
        int version;

        View(Block block, @Nullable View parent, @Nullable ViewOp op, Value value) {
            this.block = block;
            this.parent = parent;
            this.op = op;
            this.value = value;
            this.version = block.version;
        }
    }

    private static final class Block {
        final Map<Place, View> views = new HashMap<>();
        final List<View> roots = new ArrayList<>();
        final Value first;
        int version;

        Block(Value first) {
            this.first = first;
        }
    }

    private final GraphWriter writer;
    private final Map<Object, Block> blocks = new IdentityHashMap<>();
    private final Map<Object, Tensor> constants = new IdentityHashMap<>();
    private final Map<Object, Scalars.Source> sources = new HashMap<>();
    private final Map<Generator, Generator.Draw> positions = new LinkedHashMap<>();
    private final Map<Tensor, @Nullable Tensor> leaves = new LinkedHashMap<>();
    private final Set<Object> written = new LinkedHashSet<>();
    private final Map<Object, String> names;

    /// For a body, the tensors from outside that it uses, by where they lie; null for a whole program.
    private final @Nullable Map<View, Tensor> free;

    private int parameterCount;
    private int constantCount;

    /// @param names names for parameters, by the key of their memory
    Capture(String name, Map<Object, String> names) {
        this(name, names, null);
    }

    private Capture(String name, Map<Object, String> names, @Nullable Map<View, Tensor> free) {
        this.writer = new GraphWriter(name);
        this.names = names;
        this.free = free;
    }

    /// A capture of a body: tensors from outside become inputs.
    static Capture ofBody(String name) {
        return new Capture(name, Map.of(), new LinkedHashMap<>());
    }

    /// The tensors from outside that a body uses, in the order of its inputs for them.
    List<Tensor> free() {
        return free == null ? List.of() : List.copyOf(free.values());
    }

    /// Makes a tensor from outside an input of this body, if it is none yet.
    void useFree(Tensor t) {
        view(t);
    }

    /// The leaves that require a gradient and were used, in the order of their first use.
    List<Tensor> leaves() {
        return List.copyOf(leaves.keySet());
    }

    GraphWriter writer() {
        return writer;
    }

    // --- values of tensors

    /// A tensor that stands for a new input.
    Tensor input(String name, TensorType type, Device device) {
        Input v = writer.input(new Input(name, type, device));
        Tensor t = Tensor.symbolic(type, device);
        root(t, v);
        return t;
    }

    private View root(Tensor t, Value v) {
        Block b = blocks.computeIfAbsent(t.storageKey(), _ -> new Block(v));
        View root = new View(b, null, null, v);
        b.views.put(place(t), root);
        b.roots.add(root);
        return root;
    }

    private static Place place(Tensor t) {
        return new Place(t.storageOffset(), t.type());
    }

    /// The value that a tensor has now.
    Value value(Tensor t) {
        return current(view(t));
    }

    private View view(Tensor t) {
        Block b = blocks.get(t.storageKey());
        View v = b == null ? null : b.views.get(place(t));
        if (v != null) {
            if (free != null && t.requiresGrad()) {
                // Of several handles on the same values, the one with a history is what gradients flow to.
                free.computeIfPresent(v, (_, known) -> known.requiresGrad() ? known : t);
            }
            return v;
        }
        Tensor constant = constants.get(t.storageKey());
        if (free != null && constant == null) {
            View input = root(t, writer.input(new Input("free" + free.size(), t.type(), t.device())));
            // A handle without history may have been made inside, where it is closed at the end.
            free.put(input, t.requiresGrad() ? t : t.alias());
            return input;
        }
        if (t.isSymbolic()) {
            throw new CaptureException("a tensor " + t.type() + " used at " + Origin.here() + " belongs to another"
                    + " capture, which has ended: what a captured function keeps from one call to the next must be a"
                    + " tensor from outside that it changes in place");
        }
        if (b != null && b.version > 0) {
            throw overlap(t);
        }
        return root(t, constant != null ? new Constant("c" + constantCount++, t.alias())
                : new Parameter(parameterName(t), t.alias()));
    }

    private String parameterName(Tensor t) {
        String given = names.get(t.storageKey());
        int n = parameterCount++;
        Block b = blocks.get(t.storageKey());
        return given != null && b == null ? given : "p" + n;
    }

    private static CaptureException overlap(Tensor t) {
        return new CaptureException("a tensor " + t.type() + " used at " + Origin.here() + " shares its memory with"
                + " another from outside the capture, and one of them is changed in place: take the view inside");
    }

    private Value current(View v) {
        View parent = v.parent;
        ViewOp op = v.op;
        if (v.version < v.block.version && parent != null && op != null) {
            v.value = write(op, List.of(current(parent)), parent.value.device()).output();
            v.version = v.block.version;
        }
        return v.value;
    }

    /// Lets a tensor have another value.
    private void assign(Tensor t, Value now) {
        View v = view(t);
        if (free != null && free.containsKey(v.block.roots.getFirst())) {
            throw new CaptureException("a tensor " + t.type() + " from outside is changed in place at " + Origin.here()
                    + " inside a body of a condition or loop: return the new value from the body, in a loop as part of"
                    + " what it carries on");
        }
        if (v.block.roots.size() > 1) {
            throw overlap(t);
        }
        Value value = now;
        View at = v;
        List<View> changed = new ArrayList<>();
        while (true) {
            changed.add(at);
            View parent = at.parent;
            ViewOp op = at.op;
            if (parent == null || op == null) {
                break;
            }
            at.value = value;
            value = write(new ViewScatter(op), List.of(current(parent), value), value.device()).output();
            at = parent;
        }
        at.value = value;
        v.block.version++;
        changed.forEach(c -> c.version = v.block.version);
        written.add(t.storageKey());
    }

    // --- recording

    @Override
    public List<Tensor> record(Op op, List<Tensor> in, List<Tensor> into, Device device) {
        List<Value> operands = new ArrayList<>(in.size());
        for (Tensor t : in) {
            operands.add(value(t));
            see(t);
        }
        if (!into.isEmpty()) {
            Node n = write(op, operands, device);
            for (int j = 0; j < into.size(); j++) {
                see(into.get(j));
                assign(into.get(j), n.output(j));
            }
            return into;
        }
        List<Tensor> out = Dispatcher.symbolic(op, in, device);
        if (op instanceof ViewOp view) {
            View of = view(in.getFirst());
            Tensor t = out.getFirst();
            if (of.block.views.get(place(t)) == null) {
                Node n = write(op, operands, device);
                of.block.views.put(place(t), new View(of.block, of, view, n.output()));
            }
            return out;
        }
        Node n = write(op, operands, device);
        for (int j = 0; j < out.size(); j++) {
            root(out.get(j), n.output(j));
        }
        return out;
    }

    private Node write(Op op, List<Value> operands, Device device) {
        if (op instanceof ViewOp.Reshape r && r.strides(operands.getFirst().type()).isEmpty()) {
            // The value is laid out in another way than the tensor was, since it was changed through a view.
            Node copy = writer.add(CopyOp.SAME, operands, device, Origin.here());
            return writer.add(op, copy.outputs(), device, copy.origin());
        }
        return writer.add(op, operands, device, Origin.here());
    }

    private void see(Tensor t) {
        if (!t.isSymbolic() && t.isLeaf() && t.requiresGrad() && !leaves.containsKey(t)) {
            leaves.put(t, t.grad());
        }
    }

    @Override
    public void constant(Tensor made) {
        constants.put(made.storageKey(), made.alias());
    }

    @Override
    public boolean isConstant(Tensor t) {
        Block b = blocks.get(t.storageKey());
        return constants.containsKey(t.storageKey()) && (b == null || b.version == 0);
    }

    @Override
    public Scalars perRun(Object key, Scalars.Source source, int size) {
        if (key instanceof Generator.Draw d) {
            positions.putIfAbsent(d.generator(), d);
        }
        Scalars.Source known = sources.computeIfAbsent(key, _ -> source);
        writer.source(known);
        return Scalars.of(known, size);
    }

    @Override
    public TensorException readRefused(Tensor read) {
        String method = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE).walk(frames -> {
            String last = "item";
            for (StackFrame f : (Iterable<StackFrame>) frames::iterator) {
                if (!Origin.isCore(f)) {
                    break;
                }
                if (!f.getMethodName().contains("$")) {
                    last = f.getMethodName();
                }
            }
            return last;
        });
        return new CaptureException(method + " at " + Origin.here() + " reads values of a tensor " + read.type()
                + " inside a capture, where they are not known yet: return the tensor and read it after the run; to"
                + " choose by a value use Graphs.cond or where, to repeat by one Graphs.whileLoop, and run code whose"
                + " shapes depend on values outside the capture");
    }

    // --- the end

    /// Undoes what a capture leaves behind: symbolic gradients in leaves, generators that moved on.
    void end() {
        leaves.forEach((leaf, before) -> {
            Tensor g = leaf.grad();
            if (g != null && g.isSymbolic() && g != before) {
                leaf.gradState().setGrad(before != null && before.isSymbolic() ? before : null);
            }
        });
        positions.forEach((g, d) -> g.restore(d.seed(), d.stream()));
    }

    /// The graph with what the program changed.
    Graph finish(List<String> outputNames, List<Tensor> outputs, boolean keepGradients) {
        for (int i = 0; i < outputs.size(); i++) {
            writer.output(outputNames.get(i), value(outputs.get(i)));
        }
        for (Object key : written) {
            Block b = blocks.get(key);
            if (b != null && b.first instanceof Parameter p) {
                writer.update(p, b.roots.getFirst().value);
            }
        }
        leaves.forEach((leaf, before) -> {
            Tensor g = leaf.grad();
            if (free != null && g != null && g.isSymbolic() && g != before) {
                throw new CaptureException("backward() inside a body of a condition or loop sets the gradient of "
                        + leaf.type() + ", which is outside: use Gradients.grad and return the result");
            }
            if (before != null && g != before && blocks.containsKey(before.storageKey())) {
                throw new CaptureException("the gradient of " + leaf.type() + " that was there before the capture was"
                        + " used and then replaced, so that the next run would not be like this one: call zeroGrad()"
                        + " before the capture");
            }
            if (keepGradients && g != null && g.isSymbolic()) {
                writer.gradient(leaf, value(g));
            }
        });
        return writer.finish();
    }
}
