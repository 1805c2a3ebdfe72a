package dev.tenon.autograd;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.GradState;

/// Stands for a leaf, of which there is one for each, and adds up its gradient.
final class LeafNode extends Node {
    private static final Node[] NO_PARENTS = new Node[0];
    private static final TensorType[] NO_TYPES = new TensorType[0];

    final GradState state;

    private LeafNode(GradState state, TensorType type, Device device) {
        super(0, NO_PARENTS, new int[0], NO_TYPES, new TensorType[] {type}, device, device);
        this.state = state;
    }

    static LeafNode of(Tensor t) {
        GradState s = t.gradState();
        LeafNode n = (LeafNode) s.accumulator();
        if (n == null) {
            synchronized (s) {
                n = (LeafNode) s.accumulator();
                if (n == null) {
                    n = new LeafNode(s, t.type(), t.device());
                    s.setAccumulator(n);
                }
            }
        }
        return n;
    }

    @Override
    public String name() {
        return "leaf";
    }

    @Override
    void backward(Backward b) {
        throw new IllegalStateException("a leaf leads no further");
    }

    /// Leaves live as long as anyone knows them.
    @Override
    public void retain() {}

    @Override
    public void release() {}

    /// Adds to the leaf's gradient, and takes over `g`.
    static void accumulate(GradState state, Tensor g, boolean createGraph) {
        synchronized (state) {
            Tensor before = state.grad();
            if (before == null || before.isClosed()) {
                boolean own = g.isContiguous() && !g.isView() && !g.isShared();
                state.setGrad(own ? g : g.clone());
                if (!own) {
                    g.close();
                }
                return;
            }
            if (!createGraph && !before.isShared() && !before.requiresGrad()) {
                before.add_(g);
            } else {
                state.setGrad(before.add(g));
            }
            g.close();
        }
    }

}
