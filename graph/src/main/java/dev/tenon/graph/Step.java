package dev.tenon.graph;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.spi.Kernel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One thing that a run of a plan does.
///
/// @param node the node that it belongs to; null for copies of results at the end
/// @param op the op, for which the kernel was prepared
/// @param kernel null for an op that is no kernel's business: a body, a copy between devices, code of the user's
/// @param workspace scratch memory of the kernel
record Step(@Nullable Node node, Op op, @Nullable Kernel kernel, List<Slot> in, List<Slot> out,
        @Nullable Buffer workspace) {
    /// Whether results may be written over operands of the same layout.
    boolean isElementwise() {
        return kernel != null && (op instanceof MapOp || op instanceof CopyOp);
    }

    /// The buffers of its operands, results and scratch memory.
    List<Buffer> buffers() {
        List<Buffer> all = new ArrayList<>();
        in.forEach(s -> all.add(s.buffer()));
        out.forEach(s -> all.add(s.buffer()));
        if (workspace != null) {
            all.add(workspace);
        }
        return all;
    }
}
