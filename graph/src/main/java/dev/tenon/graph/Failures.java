package dev.tenon.graph;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import dev.tenon.api.TensorException;

/// Errors of runs, with the node and the line that recorded it.
final class Failures {
    private Failures() {}

    /// The error of a node, of the same kind where the kind is one of ours.
    static RuntimeException at(Node n, RuntimeException e) {
        String message = n.op().name() + " " + n.inputs().stream().map(Value::type).toList() + " recorded at "
                + n.origin() + ": " + e.getMessage();
        return switch (e) {
            case GraphException g -> g;
            case OutOfMemoryException o -> o;
            case BackendException _, TensorException _, IllegalStateException _, IllegalArgumentException _,
                    ArithmeticException _, IndexOutOfBoundsException _, UnsupportedOperationException _ ->
                new GraphException(message, e);
            default -> e;
        };
    }
}
