package dev.tenon.api.spi;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.Op;
import java.util.List;

/// Takes ops instead of their being run, while a graph is captured on the current thread.
public interface Recorder {
    /// Called for every op, those without inputs and views included.
    ///
    /// @param into the tensors that the op writes into, empty if it makes new ones
    /// @return the outputs
    List<Tensor> record(Op op, List<Tensor> in, List<Tensor> into);
}
