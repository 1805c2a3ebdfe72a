package dev.tenon.api.spi;

import dev.tenon.api.op.TensorType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gradient engine hangs on the result of an op: the way back to its operands.
public interface GradientNode {
    /// The name of the op, for messages and drawings.
    String name();

    /// For each operand, the node that computed it, or null for operands without one.
    List<@Nullable GradientNode> parents();

    /// For each operand, which of its node's results it is.
    default int parentOutput(int operand) {
        return 0;
    }

    /// The types of the results, for drawings; empty where the engine does not know them.
    default List<TensorType> resultTypes() {
        return List.of();
    }

    /// One more tensor or node leads here.
    void retain();

    /// One tensor or node fewer leads here; at the last one what was saved for the backward pass is freed.
    void release();
}
