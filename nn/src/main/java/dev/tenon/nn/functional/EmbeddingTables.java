package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;

/// What may be done to a table of embeddings before its rows are looked up; the results go to
/// [Linears#embedding(Tensor, Tensor)] or [Bags#embeddingBag] in its place.
public final class EmbeddingTables {
    private EmbeddingTables() {}

    /// The table with those rows that are used brought to a norm of at most `maxNorm` (PyTorch's `max_norm`). The
    /// gradient passes as if the table had held the shorter rows from the beginning.
    ///
    /// @param index the positions that will be looked up, integers of any shape
    /// @param weight the table, `[rows, width]`
    /// @param maxNorm the largest norm
    /// @param p which norm
    /// @throws TensorException if the table is no matrix or the norm is negative
    public static Tensor renormalised(Tensor index, Tensor weight, double maxNorm, double p) {
        if (weight.rank() != 2 || !(maxNorm >= 0)) {
            throw new TensorException("embedding: table " + weight.shape() + ", largest norm " + maxNorm
                    + ": expected a table [rows, width] and a norm of at least 0");
        }
        Tensor rows = weight.detach();
        Tensor norm = rows.norm(p, new int[] {1}, true);
        Tensor tooLong = norm.gt(maxNorm).logicalAnd(uses(index, weight).gt(0L).unsqueeze(1));
        Tensor scale = Tensors.fullLike(norm, maxNorm).div(norm.add(1e-7)).where(tooLong, Tensors.onesLike(norm));
        return rows.mul(scale).add(weight.sub(rows));
    }

    /// The table itself, but the gradient of each row is divided by how often the row is used (PyTorch's
    /// `scale_grad_by_freq`).
    ///
    /// @param index the positions that will be looked up, integers of any shape
    /// @param weight the table, `[rows, width]`
    public static Tensor scaledByFrequency(Tensor index, Tensor weight) {
        Tensor uses = uses(index, weight).clampMin(1).to(weight.dtype()).unsqueeze(1);
        return weight.detach().add(weight.sub(weight.detach()).div(uses));
    }

    private static Tensor uses(Tensor index, Tensor weight) {
        return index.detach().reshape(-1).to(DType.I64).bincount(null, weight.size(0));
    }
}
