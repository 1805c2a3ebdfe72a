package dev.tenon.autograd;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One walk back through a graph. Nodes wait in a heap for their turn, the youngest first: since a node is younger than
/// all it leads to, every gradient that reaches it is there when it comes up. Each gradient is freed as soon as it was
/// used.
///
/// Gradients that the pass holds are handles of its own, in no scope; one that shares its memory with nothing else may
/// be changed in place.
final class Pass {
    final boolean createGraph;
    private final String method;
    private final boolean retainGraph;
    private final @Nullable Capture capture;
    private final Map<Node, @Nullable Tensor[]> pending = new IdentityHashMap<>();
    private final Map<LeafNode, Tensor> hooked = new IdentityHashMap<>();
    private final List<LeafNode> hookedOrder = new ArrayList<>();
    private Node[] heap = new Node[16];
    private int size;

    /// @param method the user's word, for messages
    /// @param capture which gradients are wanted; null for those of all leaves, in the leaves
    Pass(String method, boolean retainGraph, boolean createGraph, @Nullable Capture capture) {
        this.method = method;
        this.retainGraph = retainGraph;
        this.createGraph = createGraph;
        this.capture = capture;
    }

    static void run(List<Tensor> roots, List<? extends @Nullable Tensor> gradients, Pass pass) {
        // Dtypes were decided on the way forward.
        try (Context.Mode _ = Context.unscoped(); Context.Mode _ = Context.policy(null);
                Context.Mode _ = Context.gradients(pass.createGraph)) {
            pass.run(roots, gradients);
        }
    }

    private void run(List<Tensor> roots, List<? extends @Nullable Tensor> gradients) {
        @Nullable Node[] starts = Node.parentsOf(roots);
        for (Node n : starts) {
            if (n != null) {
                n.retain();
            }
        }
        try {
            for (int i = 0; i < starts.length; i++) {
                Node n = starts[i];
                if (n != null) {
                    add(n, Node.slotOf(roots.get(i)), seed(roots.get(i), gradients.get(i)));
                }
            }
            while (size > 0) {
                Node n = pop();
                @Nullable Tensor[] grads = pending.remove(n);
                if (grads == null) {
                    throw new IllegalStateException(n.name() + " is due without a gradient");
                }
                try {
                    process(n, grads);
                } finally {
                    close(grads);
                }
            }
            for (LeafNode leaf : hookedOrder) {
                Tensor g = hooked.remove(leaf);
                if (g != null) {
                    deliver(leaf, applyHooks(leaf.state, g, "leaf"));
                }
            }
        } finally {
            pending.values().forEach(Pass::close);
            hooked.values().forEach(Tensor::close);
            for (Node n : starts) {
                if (n != null) {
                    n.release();
                }
            }
        }
    }

    private static void close(@Nullable Tensor[] grads) {
        for (Tensor g : grads) {
            if (g != null) {
                g.close();
            }
        }
    }

    private Tensor seed(Tensor root, @Nullable Tensor gradient) {
        if (gradient == null) {
            if (root.elements() != 1) {
                throw new TensorException(method + ": " + root.type() + " has " + root.elements()
                        + " elements: only for a scalar is the gradient one where none is given; reduce it first (sum,"
                        + " mean), or pass a gradient of its shape");
            }
            return Tensors.onesLike(root);
        }
        if (!gradient.shape().equals(root.shape()) || gradient.dtype() != root.dtype()
                || gradient.device() != root.device()) {
            throw new TensorException(method + ": the gradient " + gradient.type() + " on " + gradient.device()
                    + " was given for " + root.type() + " on " + root.device()
                    + ": shape, dtype and device must be equal");
        }
        return Node.share(gradient, createGraph);
    }

    /// Whether a gradient that flows to the node is of use.
    boolean wants(Node n) {
        return capture == null || capture.isWanted(n);
    }

    /// Takes over a gradient of one of a node's outputs.
    private void add(Node n, int slot, Tensor g) {
        if (!wants(n)) {
            g.close();
        } else if (n instanceof LeafNode leaf) {
            if (leaf.state.hooks().isEmpty() || capture != null && capture.isOutside(leaf)) {
                deliver(leaf, g);
            } else {
                Tensor before = hooked.get(leaf);
                if (before == null) {
                    hookedOrder.add(leaf);
                }
                hooked.put(leaf, before == null ? g : sum(before, g));
            }
        } else {
            @Nullable Tensor[] slots = pending.get(n);
            if (slots == null) {
                slots = new Tensor[n.outputs()];
                pending.put(n, slots);
                push(n);
            }
            Tensor before = slots[slot];
            slots[slot] = before == null ? g : sum(before, g);
        }
    }

    /// The sum of two gradients that belong to the pass.
    private Tensor sum(Tensor a, Tensor b) {
        if (!createGraph && isOwn(a)) {
            a.add_(b);
            b.close();
            return a;
        }
        if (!createGraph && isOwn(b)) {
            b.add_(a);
            a.close();
            return b;
        }
        Tensor s = a.add(b);
        a.close();
        b.close();
        return s;
    }

    private static boolean isOwn(Tensor t) {
        return t.isContiguous() && !t.isView() && !t.isShared();
    }

    /// The gradient of a leaf goes where it is wanted.
    private void deliver(LeafNode leaf, Tensor g) {
        if (capture == null) {
            LeafNode.accumulate(leaf.state, g, createGraph);
        } else {
            capture.put(leaf, 0, g, this);
        }
    }

    Tensor accumulated(@Nullable Tensor before, Tensor g) {
        return before == null ? g : sum(before, g);
    }

    private Tensor applyHooks(GradState state, Tensor gradient, String name) {
        Tensor g = gradient;
        for (UnaryOperator<Tensor> hook : List.copyOf(state.hooks())) {
            // The hook may keep what it is given, so that is a handle of its own, left to the garbage collector.
            @Nullable Tensor r = hook.apply(Node.share(g, createGraph));
            if (r == null) {
                throw new TensorException(method + ": a hook on " + name
                        + " returned null; return the gradient itself to leave it as it is");
            }
            if (!r.shape().equals(g.shape()) || r.dtype() != g.dtype() || r.device() != g.device()) {
                throw new TensorException(method + ": a hook on " + name + " replaced the gradient " + g.type() + " by "
                        + r.type() + ": shape, dtype and device must stay");
            }
            Tensor next = Node.share(r, createGraph);
            g.close();
            g = next;
        }
        return g;
    }

    private void process(Node n, @Nullable Tensor[] grads) {
        boolean outside = capture != null && capture.isOutside(n);
        for (int j = 0; j < grads.length; j++) {
            Tensor g = grads[j];
            GradState s = n.outStates[j];
            if (g != null && !outside && s != null && Engine.isOutput(s, n, j)) {
                if (!s.hooks().isEmpty()) {
                    g = applyHooks(s, g, n.name());
                    grads[j] = g;
                }
                if (s.retainsGrad() && s.node() != null && capture == null) {
                    LeafNode.accumulate(s, Node.share(g, createGraph), createGraph);
                }
            }
            if (g != null && capture != null && capture.isTarget(n, j)) {
                capture.put(n, j, Node.share(g, createGraph), this);
            }
        }
        if (capture == null || capture.leadsOn(n)) {
            n.checkNotConsumed();
            Backward b = new Backward(n, this, grads);
            @Nullable Tensor[] results = rule(n, b);
            for (int i = 0; i < results.length; i++) {
                Tensor g = results[i];
                Node p = n.parents[i];
                if (g != null) {
                    if (p == null) {
                        g.close();
                    } else {
                        add(p, n.slots[i], g);
                    }
                }
            }
            if (!retainGraph) {
                n.consume();
            }
        }
    }

    /// The gradients of the operands, as handles of the pass; everything else that the rule made is freed.
    private @Nullable Tensor[] rule(Node n, Backward b) {
        @Nullable Tensor[] results = b.results();
        @Nullable Tensor[] own = new Tensor[results.length];
        try (Scope _ = Scope.open()) {
            n.backward(b);
            for (int i = 0; i < results.length; i++) {
                Tensor g = results[i];
                if (g != null) {
                    check(n, i, g);
                    own[i] = Node.share(g, createGraph);
                }
            }
        } catch (TensorException e) {
            close(own);
            if (Context.detectsAnomalies()) {
                throw new TensorException("backward of " + n.name() + " " + Arrays.toString(n.inTypes) + ": "
                        + e.getMessage() + n.siteText(), e);
            }
            throw e;
        } catch (RuntimeException | Error e) {
            close(own);
            throw e;
        } finally {
            b.close();
        }
        return own;
    }

    private static void check(Node n, int i, Tensor g) {
        TensorType t = n.inTypes[i];
        if (g.dtype() != t.dtype() || !g.shape().equals(t.shape())) {
            throw new TensorException("backward of " + n.name() + ": the gradient of operand " + i + " is " + g.type()
                    + ", the operand " + t + ": shape and dtype must be equal");
        }
    }

    // --- the heap, youngest first

    private void push(Node n) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        int i = size++;
        while (i > 0) {
            int up = (i - 1) >>> 1;
            if (heap[up].sequence >= n.sequence) {
                break;
            }
            heap[i] = heap[up];
            i = up;
        }
        heap[i] = n;
    }

    private Node pop() {
        Node top = heap[0];
        Node last = heap[--size];
        int i = 0;
        while (true) {
            int down = 2 * i + 1;
            if (down >= size) {
                break;
            }
            if (down + 1 < size && heap[down + 1].sequence > heap[down].sequence) {
                down++;
            }
            if (heap[down].sequence <= last.sequence) {
                break;
            }
            heap[i] = heap[down];
            i = down;
        }
        heap[i] = last;
        return top;
    }
}
