package dev.tenon.api.spi;

import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What a tensor knows of gradients. Belongs to the gradient engine; a tensor outside any graph has none.
public final class GradState {
    private boolean leafRequiresGrad;
    private boolean retainsGrad;
    private @Nullable Tensor grad;
    private @Nullable GradientNode node;
    private @Nullable GradientNode accumulator;
    private int output;
    private @Nullable List<UnaryOperator<Tensor>> hooks;

    /// The state of a tensor without history.
    public GradState() {}

    /// Whether gradients are to be computed for the tensor: a leaf that was marked, or a result of such.
    public boolean requiresGrad() {
        return leafRequiresGrad || node != null;
    }

    /// Whether the tensor is a leaf: it was not computed by a recorded op.
    public boolean isLeaf() {
        return node == null;
    }

    /// Marks a leaf.
    public void setLeafRequiresGrad(boolean on) {
        leafRequiresGrad = on;
    }

    /// Whether the gradient of a tensor that is no leaf is kept in [#grad()].
    public boolean retainsGrad() {
        return retainsGrad;
    }

    /// Keeps the gradient of a tensor that is no leaf.
    public void retainGrad() {
        retainsGrad = true;
    }

    /// The accumulated gradient.
    public @Nullable Tensor grad() {
        return grad;
    }

    /// Replaces the accumulated gradient; the one before is not closed.
    public void setGrad(@Nullable Tensor g) {
        grad = g;
    }

    /// The node that computed the tensor.
    public @Nullable GradientNode node() {
        return node;
    }

    /// Which of the node's outputs the tensor is.
    public int output() {
        return output;
    }

    /// Sets the node that computed the tensor and takes a reference on it.
    public void setNode(GradientNode n, int outputIndex) {
        n.retain();
        GradientNode before = node;
        node = n;
        output = outputIndex;
        if (before != null) {
            before.release();
        }
    }

    /// Lets go of the node.
    public void clearNode() {
        GradientNode n = node;
        if (n != null) {
            node = null;
            n.release();
        }
    }

    /// The node that stands for this leaf in graphs, once an engine has made one.
    public @Nullable GradientNode accumulator() {
        return accumulator;
    }

    /// Sets the node that stands for this leaf in graphs.
    public void setAccumulator(GradientNode n) {
        accumulator = n;
    }

    /// Functions that see, and may replace, the gradient of the tensor.
    public List<UnaryOperator<Tensor>> hooks() {
        return hooks == null ? List.of() : hooks;
    }

    /// Adds a function that sees, and may replace, the gradient of the tensor.
    ///
    /// @return removes it again
    public Runnable addHook(UnaryOperator<Tensor> hook) {
        List<UnaryOperator<Tensor>> list = hooks;
        if (list == null) {
            list = new ArrayList<>();
            hooks = list;
        }
        list.add(hook);
        List<UnaryOperator<Tensor>> target = list;
        return () -> target.remove(hook);
    }
}
