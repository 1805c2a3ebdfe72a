package dev.tenon.graph;

import dev.tenon.api.op.CustomOp;
import java.util.List;

/// An op with bodies: graphs that it runs never, once or several times. Bodies are closed: they have inputs and
/// constants but no parameters, and change nothing.
public interface ControlOp extends CustomOp {
    /// The bodies.
    List<Graph> bodies();

    /// The same op with other bodies that have inputs and outputs of the same types.
    ControlOp withBodies(List<Graph> others);

    /// Whether a run of the op may draw random numbers or others that change from run to run.
    default boolean draws() {
        return bodies().stream().anyMatch(Graph::draws);
    }
}
