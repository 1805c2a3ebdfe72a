package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.List;

/// Sees, and may replace, what a module computed.
@FunctionalInterface
public interface ForwardHook {
    /// Called after the module's forward.
    ///
    /// @return the outputs that the caller gets: `outputs`, or others in their place
    List<Tensor> after(Module module, List<Tensor> inputs, List<Tensor> outputs);
}
