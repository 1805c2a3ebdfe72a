package dev.tenon.api.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gradient engine hangs on the result of an op: the way back to its operands.
public interface GradientNode {
    /// The name of the op, for messages and drawings.
    String name();

    /// For each operand, the node that computed it, or null for operands without one.
    List<@Nullable GradientNode> parents();

    /// One more tensor or node leads here.
    void retain();

    /// One tensor or node fewer leads here; at the last one what was saved for the backward pass is freed.
    void release();
}
