package dev.tenon.api.spi;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import java.util.List;

/// Takes ops instead of their being run, while a graph is captured on the current thread. Gradients are linked as
/// always, so a backward pass inside a capture is recorded like anything else.
public interface Recorder {
    /// Called for every op, those without inputs and views included.
    ///
    /// @param into the tensors that the op writes into, empty if it makes new ones
    /// @param device where the op runs
    /// @return the outputs, in general those of [dev.tenon.api.Dispatcher#symbolic]; `into` if it is not empty
    List<Tensor> record(Op op, List<Tensor> in, List<Tensor> into, Device device);

    /// Called for every tensor that is made of values from the host while recording: a constant of the graph.
    void constant(Tensor made);

    /// Numbers that are asked for again at each run of what is recorded.
    ///
    /// @param key the same for numbers that are to be the same within one run
    /// @param source computes the numbers, in the order in which eager code would
    /// @param size how many numbers there are
    Scalars perRun(Object key, Scalars.Source source, int size);

    /// Whether a tensor holds values that were given inside the capture and have not been changed, so that code may
    /// read them.
    boolean isConstant(Tensor t);

    /// What to throw where code inside the capture reads values of a tensor on the host.
    TensorException readRefused(Tensor read);
}
