package dev.tenon.api.op;

import dev.tenon.api.Tensor;
import java.util.List;

/// An op from outside this library whose meaning is code: `evaluate` may compute with tensors or read and write host
/// memory. A backend may know it by its class and prepare a kernel for it; where none does, `evaluate` runs.
public non-sealed interface CustomOp extends Op {

    /// The outputs for the given inputs.
    List<Tensor> evaluate(List<Tensor> in);
}
