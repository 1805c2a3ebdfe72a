package dev.tenon.nn.layer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.Distances;
import java.util.List;

/// The cosine of the angle between vectors along an axis.
public final class CosineSimilarity extends Module {
    private final int axis;
    private final double epsilon;

    /// Along axis 1, lengths counting as at least 1e-8.
    public CosineSimilarity() {
        this(1, 1e-8);
    }

    /// @param axis the axis along which the vectors lie
    /// @param epsilon what lengths count as at least
    public CosineSimilarity(int axis, double epsilon) {
        this.axis = axis;
        this.epsilon = epsilon;
    }

    /// Runs the hooks and [#forward(Tensor, Tensor)].
    public Tensor call(Tensor x1, Tensor x2) {
        return callHooked(List.of(x1, x2), in -> List.of(forward(in.get(0), in.get(1)))).getFirst();
    }

    /// The cosines; both broadcast.
    public Tensor forward(Tensor x1, Tensor x2) {
        return Distances.cosineSimilarity(x1, x2, axis, epsilon);
    }

    @Override
    protected String settings() {
        return "axis=" + axis + ", eps=" + epsilon;
    }
}
