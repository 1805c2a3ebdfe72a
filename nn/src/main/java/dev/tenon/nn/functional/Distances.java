package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;

/// Lengths, and how far vectors are apart.
public final class Distances {
    private Distances() {}

    /// x divided by its p-norm along an axis, which counts as at least epsilon.
    public static Tensor normalize(Tensor x, double p, int axis, double epsilon) {
        return x.div(x.norm(p, new int[] {axis}, true).clampMin(epsilon));
    }

    /// The cosine of the angle between vectors along an axis; lengths count as at least epsilon. Both broadcast.
    public static Tensor cosineSimilarity(Tensor x, Tensor y, int axis, double epsilon) {
        Shape s = Shape.broadcast("cosine_similarity", x.shape(), y.shape());
        Tensor a = x.expand(s);
        Tensor b = y.expand(s);
        int[] axes = {axis};
        return a.div(a.norm(2, axes, true).clampMin(epsilon)).mul(b.div(b.norm(2, axes, true).clampMin(epsilon)))
                .sum(axis);
    }

    /// The p-norm of x - y + epsilon along the last axis. Both broadcast.
    public static Tensor pairwiseDistance(Tensor x, Tensor y, double p, double epsilon, boolean keepDims) {
        Tensor difference = x.sub(y).add(epsilon);
        return difference.norm(p, new int[] {-1}, keepDims);
    }

    /// The p-distances between all pairs of different rows of a matrix, as a vector: (0, 1), (0, 2), ..., (1, 2), ...
    ///
    /// @throws TensorException if x is no matrix
    public static Tensor pdist(Tensor x, double p) {
        if (x.rank() != 2) {
            throw new TensorException("pdist: takes a matrix, got shape " + x.shape());
        }
        Tensor pairs = Tensors.triangleIndices(x.size(0), x.size(0), 1, false, DType.I64, x.device());
        return x.indexSelect(0, pairs.select(0, 0)).sub(x.indexSelect(0, pairs.select(0, 1)))
                .norm(p, new int[] {1}, false);
    }
}
