package dev.tenon.api.spi;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import java.util.List;

/// Decides how the ops of a thread run, such as in which dtypes: the seam for mixed precision. It stands before
/// everything else, so that what it changes is recorded and differentiated like any other computation.
@FunctionalInterface
public interface OpPolicy {
    /// Runs the op, or another in its place, by the dispatcher. No policy is asked for the ops that are run here.
    ///
    /// @return the outputs
    List<Tensor> apply(Op op, List<Tensor> in);
}
