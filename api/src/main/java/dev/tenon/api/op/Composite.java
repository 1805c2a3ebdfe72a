package dev.tenon.api.op;

import dev.tenon.api.Tensor;
import java.util.List;

/// An op that is defined by what it decomposes into. A backend may have a kernel of its own for it; where none has, the
/// decomposition runs. The decomposition is exact: it is the definition and the oracle of every such kernel.
public non-sealed interface Composite extends Op {

    /// The outputs, computed from the inputs with other ops. Must not read values back to the host.
    List<Tensor> decompose(List<Tensor> in);
}
