package dev.tenon.nn;

import dev.tenon.api.Tensor;
import java.util.List;

/// Sees, and may replace, what a module is called with.
@FunctionalInterface
public interface ForwardPreHook {
    /// Called before the module's forward.
    ///
    /// @return the inputs that forward is given: `inputs`, or others in their place
    List<Tensor> before(Module module, List<Tensor> inputs);
}
