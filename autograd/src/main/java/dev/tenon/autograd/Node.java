package dev.tenon.autograd;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradState;
import dev.tenon.api.spi.GradientNode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One step of a recorded computation: where its operands came from and what its gradient rule saved.
///
/// Tensors and later nodes hold counted references. When the last one goes, what was saved is freed and the node lets
/// go of its parents, without recursion: graphs may be very deep. Nodes point to their operands only, so a graph that
/// is merely forgotten is garbage like any other object.
abstract class Node implements GradientNode {
    private static final AtomicLong SEQUENCE = new AtomicLong();
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(Node.class, "references", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// A node is younger than all nodes it leads to, so this orders a graph.
    final long sequence;

    /// For each operand the node that computed it, or null where no gradient is needed.
    final @Nullable Node[] parents;

    /// For each operand, which of its node's outputs it is.
    final int[] slots;

    final TensorType[] inTypes;
    final TensorType[] outTypes;
    final @Nullable GradState[] outStates;
    private final int[] outVersions;
    final Device inDevice;
    final Device outDevice;

    /// Where the op was recorded, if anomalies are being looked for.
    @Nullable Throwable site;

    private @Nullable Tensor @Nullable [] saved;
    private int @Nullable [] versions;
    private boolean consumed;
    private volatile int references;

    /// A node for a leaf or for results whose operands are all known.
    Node(long sequence, @Nullable Node[] parents, int[] slots, TensorType[] inTypes, TensorType[] outTypes,
            Device inDevice, Device outDevice) {
        this.sequence = sequence;
        this.parents = parents;
        this.slots = slots;
        this.inTypes = inTypes;
        this.outTypes = outTypes;
        this.outStates = new GradState[outTypes.length];
        this.outVersions = new int[outTypes.length];
        this.inDevice = inDevice;
        this.outDevice = outDevice;
        for (Node p : parents) {
            if (p != null) {
                p.retain();
            }
        }
    }

    static long nextSequence() {
        return SEQUENCE.incrementAndGet();
    }

    static long lastSequence() {
        return SEQUENCE.get();
    }

    /// The node whose output a tensor is, or that stands for it as a leaf; null where it needs no gradient.
    static @Nullable Node of(Tensor t) {
        if (!t.requiresGrad()) {
            return null;
        }
        Node n = (Node) t.gradState().node();
        return n != null ? n : LeafNode.of(t);
    }

    static int slotOf(Tensor t) {
        return t.isLeaf() ? 0 : t.gradState().output();
    }

    static @Nullable Node[] parentsOf(List<Tensor> in) {
        @Nullable Node[] parents = new Node[in.size()];
        for (int i = 0; i < parents.length; i++) {
            parents[i] = of(in.get(i));
        }
        return parents;
    }

    static int[] slotsOf(List<Tensor> in) {
        int[] slots = new int[in.size()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = slotOf(in.get(i));
        }
        return slots;
    }

    static TensorType[] typesOf(List<Tensor> tensors) {
        TensorType[] types = new TensorType[tensors.size()];
        for (int i = 0; i < types.length; i++) {
            types[i] = tensors.get(i).type();
        }
        return types;
    }

    /// A handle on a tensor's memory in no scope that has the history of `node`'s output `slot`.
    static Tensor withHistory(Tensor t, @Nullable Node node, int slot) {
        Tensor a = t.alias();
        if (node != null) {
            a.gradState().setNode(node, slot);
        }
        return a;
    }

    /// A handle on a tensor's memory in no scope, with its history where `history` asks for it.
    static Tensor share(Tensor t, boolean history) {
        return history ? withHistory(t, of(t), slotOf(t)) : t.alias();
    }

    /// Gives an output this node as its history.
    final void adopt(Tensor output, int j) {
        GradState s = output.gradState();
        s.setNode(this, j);
        outStates[j] = s;
        outVersions[j] = output.version();
    }

    /// Throws for a view whose memory was changed through another tensor since it was made: its history tells of the
    /// values before.
    static void checkCurrent(String op, Tensor t) {
        if (t.isView() && t.requiresGrad() && t.gradState().node() instanceof Node n && !(n instanceof LeafNode)
                && n.outStates[t.gradState().output()] == t.gradState()
                && n.outVersions[t.gradState().output()] != t.version()) {
            throw new TensorException(op + ": " + t.type() + ", made by " + n.name()
                    + ", is a view of memory that has been changed in place since: its gradient would be that of the"
                    + " values before; make the view again");
        }
    }

    /// Computes the gradients of the operands that need one and sets them in `b`.
    abstract void backward(Backward b);

    /// Whether gradients that are missing are handed to [#backward] as such.
    int outputs() {
        return outTypes.length;
    }

    // --- what was saved

    /// Saves a handle on a tensor at a place: operand i at i, output j at the number of operands plus j.
    final void save(int place, int places, Tensor t) {
        @Nullable Tensor[] s = saved;
        int[] v = versions;
        if (s == null || v == null) {
            s = new Tensor[places];
            v = new int[places];
            saved = s;
            versions = v;
        }
        if (s[place] == null) {
            s[place] = t.alias();
            v[place] = t.version();
        }
    }

    /// What was saved at a place.
    ///
    /// @throws TensorException if it was freed by an earlier pass, or changed in place since it was saved
    final Tensor saved(int place) {
        @Nullable Tensor[] s = saved;
        int[] v = versions;
        if (s == null || v == null) {
            throw alreadyFreed();
        }
        Tensor t = s[place];
        if (t == null) {
            throw new IllegalStateException(name() + ": the gradient rule reads what it did not save");
        }
        if (t.version() != v[place]) {
            String what = place < parents.length ? "operand " + place
                    : place < parents.length + outTypes.length ? "result" : "saved tensor";
            throw new TensorException(name() + ": its " + what + " " + t.type() + " was needed for the gradient but has"
                    + " been changed in place since (version " + t.version() + ", saved at version " + v[place]
                    + "): use the operation that makes a new tensor, or clone() before the change");
        }
        return t;
    }

    private TensorException alreadyFreed() {
        return new TensorException(name() + ": backward a second time through a graph whose saved tensors were freed by"
                + " the first: pass retainGraph = true to the first backward, or compute the result anew");
    }

    /// Checks that no earlier pass has freed what this node saved.
    final void checkNotConsumed() {
        if (consumed) {
            throw alreadyFreed();
        }
    }

    /// Frees what was saved, after a pass that does not keep the graph.
    final void consume() {
        if (saved != null) {
            consumed = true;
            freeSaved();
        }
    }

    void freeSaved() {
        @Nullable Tensor[] s;
        synchronized (this) {
            s = saved;
            saved = null;
            versions = null;
        }
        if (s != null) {
            for (Tensor t : s) {
                if (t != null) {
                    t.close();
                }
            }
        }
    }

    // --- references

    @Override
    public List<@Nullable GradientNode> parents() {
        return Collections.unmodifiableList(Arrays.asList(parents));
    }

    @Override
    public int parentOutput(int operand) {
        return slots[operand];
    }

    @Override
    public List<TensorType> resultTypes() {
        return List.of(outTypes);
    }

    @Override
    public void retain() {
        REFERENCES.getAndAdd(this, 1);
    }

    @Override
    public void release() {
        if (dropReference()) {
            free(this);
        }
    }

    private boolean dropReference() {
        return (int) REFERENCES.getAndAdd(this, -1) == 1;
    }

    private static void free(Node first) {
        Node[] stack = new Node[8];
        int size = 0;
        Node next = first;
        while (true) {
            next.freeSaved();
            for (Node p : next.parents) {
                if (p != null && p.dropReference()) {
                    if (size == stack.length) {
                        stack = Arrays.copyOf(stack, size * 2);
                    }
                    stack[size++] = p;
                }
            }
            if (size == 0) {
                return;
            }
            next = stack[--size];
        }
    }

    private static boolean isMachinery(String className) {
        return className.startsWith("dev.tenon.api.") || className.equals(Engine.class.getName())
                || className.equals(Function.class.getName());
    }

    /// Where the op was recorded, for messages.
    final String siteText() {
        Throwable t = site;
        if (t == null) {
            return "";
        }
        StringBuilder s = new StringBuilder("; computed at");
        int shown = 0;
        for (StackTraceElement f : t.getStackTrace()) {
            if (!isMachinery(f.getClassName()) && shown++ < 6) {
                s.append("\n    ").append(f);
            }
        }
        return s.toString();
    }
}
