package dev.tenon.graph;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Recorder;
import dev.tenon.graph.Graph.Update;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns a graph into steps: kernels for the ops that the device has, decompositions of the others, views as places in
/// memory. It follows the graph as eager code would run it, so the steps compute the same bits.
final class Lowering implements Recorder {
    private final Graph graph;
    private final List<Step> steps = new ArrayList<>();
    private final Map<Object, Buffer> buffers = new IdentityHashMap<>();
    private final Map<Value, Tensor> values = new IdentityHashMap<>();
    private final List<Slot> outputs = new ArrayList<>();
    private final List<Slot> gradients = new ArrayList<>();
    private final Map<Buffer, Slot> moved = new IdentityHashMap<>();
    private @Nullable Node node;

    private Lowering(Graph graph) {
        this.graph = graph;
    }

    static Lowering of(Graph g) {
        Lowering l = new Lowering(g);
        try (Context.Mode _ = Context.recording(l); Context.Mode _ = Context.noGrad();
                Context.Mode _ = Context.policy(null); Scope _ = Scope.open()) {
            l.lower();
        }
        return l;
    }

    List<Step> steps() {
        return steps;
    }

    /// Where the outputs are after the last step.
    List<Slot> outputs() {
        return outputs;
    }

    /// Where the gradients are after the last step.
    List<Slot> gradients() {
        return gradients;
    }

    private void lower() {
        for (int i = 0; i < graph.inputs().size(); i++) {
            Value.Input v = graph.inputs().get(i);
            Tensor t = Tensor.symbolic(v.type(), v.device());
            buffers.put(t.storageKey(), Buffer.input(i, v.device(), bytes(v.type())));
            values.put(v, t);
        }
        for (Node n : graph.nodes()) {
            node = n;
            try {
                List<Tensor> out = lower(n);
                for (int j = 0; j < out.size(); j++) {
                    values.put(n.output(j), out.get(j));
                }
            } catch (RuntimeException e) {
                throw Failures.at(n, e);
            }
        }
        node = null;
        results();
    }

    private List<Tensor> lower(Node n) {
        if (n.inputs().isEmpty()) {
            return n.op() instanceof MapOp m ? List.of(Dispatcher.create(m, n.device()))
                    : record(n.op(), List.of(), List.of(), n.device());
        }
        return Dispatcher.apply(n.op(), Views.viewable(n.op(), n.inputs().stream().map(this::tensor).toList()));
    }

    private Tensor tensor(Value v) {
        Tensor t = switch (v) {
            case Value.Input _, Value.Result _ -> values.get(v);
            case Value.Parameter p -> p.tensor();
            case Value.Constant c -> c.tensor();
        };
        if (t == null) {
            throw new IllegalStateException("graph " + graph.name() + ": " + v + " is used before it is computed");
        }
        return t;
    }

    // --- results

    private void results() {
        for (Graph.Output o : graph.outputs()) {
            Tensor t = tensor(o.value());
            Slot s = slot(t);
            boolean shared = s.buffer().kind == Buffer.Kind.FIXED
                    && (isUpdated(s.buffer()) || o.value() instanceof Value.Constant);
            outputs.add(escape(shared ? slot(t.clone()) : s));
        }
        for (Graph.Gradient g : graph.gradients()) {
            // A leaf takes over its gradient: it must not lie in memory that is someone else's.
            Tensor t = tensor(g.value());
            Slot s = slot(t);
            boolean own = s.buffer().kind == Buffer.Kind.ARENA && t.isContiguous();
            gradients.add(escape(own ? s : slot(t.clone())));
        }
        List<Tensor> changes = new ArrayList<>();
        for (Update u : graph.updates()) {
            Tensor t = tensor(u.value());
            changes.add(isUpdated(slot(t).buffer()) ? t.clone() : t);
        }
        for (int i = 0; i < changes.size(); i++) {
            Tensor p = graph.updates().get(i).parameter().tensor();
            if (!inPlace(slot(changes.get(i)), slot(p))) {
                Dispatcher.applyInto(CopyOp.SAME, List.of(changes.get(i)), List.of(p));
            }
        }
    }

    private static Slot escape(Slot s) {
        if (s.buffer().kind == Buffer.Kind.ARENA) {
            s.buffer().kind = Buffer.Kind.OUTPUT;
        }
        return s;
    }

    private boolean isUpdated(Buffer b) {
        return b.fixed != null && graph.updates().stream()
                .anyMatch(u -> u.parameter().tensor().sharesMemoryWith(b.fixed));
    }

    /// Lets the step that computes the new value of a parameter write it over the old one, where nobody reads the old
    /// one after that.
    private boolean inPlace(Slot from, Slot to) {
        if (from.buffer().kind != Buffer.Kind.ARENA || from.offset() != 0 || !from.type().equals(to.type())) {
            return false;
        }
        int writer = -1;
        int place = -1;
        for (int i = 0; i < steps.size(); i++) {
            Step s = steps.get(i);
            for (int j = 0; j < s.out().size(); j++) {
                if (s.out().get(j).buffer() == from.buffer()) {
                    if (writer >= 0 || s.kernel() == null) {
                        return false;
                    }
                    writer = i;
                    place = j;
                }
            }
        }
        if (writer < 0 || !steps.get(writer).out().get(place).equals(from)) {
            return false;
        }
        for (int i = writer; i < steps.size(); i++) {
            Step s = steps.get(i);
            for (Slot in : s.in()) {
                boolean over = i == writer && s.isElementwise() && in.equals(to);
                if (in.buffer() == to.buffer() && !over) {
                    return false;
                }
            }
            if (i > writer && s.out().stream().anyMatch(o -> o.buffer() == to.buffer())) {
                return false;
            }
        }
        for (int i = writer; i < steps.size(); i++) {
            Step s = steps.get(i);
            steps.set(i, new Step(s.node(), s.op(), s.kernel(), redirected(s.in(), from.buffer(), to),
                    redirected(s.out(), from.buffer(), to), s.workspace()));
        }
        redirect(outputs, from.buffer(), to);
        redirect(gradients, from.buffer(), to);
        moved.put(from.buffer(), to);
        return true;
    }

    private static List<Slot> redirected(List<Slot> slots, Buffer from, Slot to) {
        List<Slot> out = new ArrayList<>(slots);
        redirect(out, from, to);
        return List.copyOf(out);
    }

    private static void redirect(List<Slot> slots, Buffer from, Slot to) {
        slots.replaceAll(s -> s.buffer() == from ? new Slot(to.buffer(), to.offset() + s.offset(), s.type()) : s);
    }

    // --- recording

    private static long bytes(TensorType t) {
        return t.elements() * t.dtype().bytes();
    }

    private Slot slot(Tensor t) {
        Buffer b = buffers.computeIfAbsent(t.storageKey(), _ -> {
            if (t.isSymbolic()) {
                throw new IllegalStateException("a tensor " + t.type() + " belongs to another capture");
            }
            return Buffer.fixed(t.alias());
        });
        Slot to = moved.get(b);
        return to == null ? new Slot(b, t.storageOffset(), t.type())
                : new Slot(to.buffer(), to.offset() + t.storageOffset(), t.type());
    }

    private List<Slot> slots(List<Tensor> tensors) {
        return tensors.stream().map(this::slot).toList();
    }

    private static List<TensorType> types(List<Tensor> tensors) {
        return tensors.stream().map(Tensor::type).toList();
    }

    @Override
    public List<Tensor> record(Op op, List<Tensor> in, List<Tensor> into, Device device) {
        if (!into.isEmpty()) {
            recordInto(op, in, into, device);
            return into;
        }
        if (op instanceof ViewOp) {
            return Dispatcher.symbolic(op, in, device);
        }
        Optional<Kernel> kernel = Dispatcher.kernel(op, types(in), List.of(), device);
        boolean moves = op instanceof CopyOp c && c.device().isPresent() && c.device().get() != device;
        if (kernel.isEmpty() && !moves && !(op instanceof CustomOp)) {
            return Dispatcher.withoutKernel(op, in, device);
        }
        List<Tensor> out = Dispatcher.symbolic(op, in, device);
        for (Tensor t : out) {
            buffers.put(t.storageKey(), Buffer.arena(t.device(), bytes(t.type())));
        }
        launch(op, kernel, in, out, device);
        return out;
    }

    private void launch(Op op, Optional<Kernel> kernel, List<Tensor> in, List<Tensor> out, Device device) {
        long scratch = kernel.map(Kernel::workspaceBytes).orElse(0L);
        steps.add(new Step(node, op, kernel.orElse(null), slots(in), slots(out),
                scratch == 0 ? null : Buffer.arena(device, scratch)));
    }

    private void recordInto(Op op, List<Tensor> in, List<Tensor> into, Device device) {
        Optional<Kernel> kernel = Dispatcher.kernel(op, types(in), types(into), device);
        if (kernel.isPresent() && !overlaps(op, in, into)) {
            launch(op, kernel, in, into, device);
            return;
        }
        if (op.equals(CopyOp.SAME) && kernel.isEmpty()) {
            throw new IllegalStateException("the device " + device + " cannot copy " + in.getFirst().type() + " to "
                    + into.getFirst().type());
        }
        List<Tensor> results = in.isEmpty() && op instanceof MapOp m ? List.of(Dispatcher.create(m, device))
                : Dispatcher.apply(op, in);
        for (int j = 0; j < into.size(); j++) {
            Dispatcher.applyInto(CopyOp.SAME, List.of(results.get(j)), List.of(into.get(j)));
        }
    }

    /// Whether an output shares memory with an input in another layout, so that writing would disturb reading.
    private boolean overlaps(Op op, List<Tensor> in, List<Tensor> into) {
        boolean elementwise = op instanceof MapOp || op instanceof CopyOp;
        for (Tensor o : into) {
            for (Tensor i : in) {
                if (o.sharesMemoryWith(i) && !(elementwise && slot(o).equals(slot(i)))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void constant(Tensor made) {
        buffers.put(made.storageKey(), Buffer.fixed(made.alias()));
    }

    @Override
    public boolean isConstant(Tensor t) {
        return false;
    }

    @Override
    public Scalars perRun(Object key, Scalars.Source source, int size) {
        throw new TensorException("a decomposition draws random numbers, which only a captured function may");
    }

    @Override
    public TensorException readRefused(Tensor read) {
        return new TensorException("a decomposition reads values of " + read.type() + " on the host: make the op a"
                + " CustomOp");
    }
}
