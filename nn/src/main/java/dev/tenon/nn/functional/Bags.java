package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Bags of embeddings.
public final class Bags {
    /// How the rows of a bag become one.
    public enum Mode {
        /// Their sum, weighted where there are weights.
        SUM,
        /// Their mean.
        MEAN,
        /// The largest of each column.
        MAX
    }

    private Bags() {}

    /// For each bag of positions, the rows of a table there, combined; zeros for an empty bag.
    ///
    /// @param index positions: a vector cut by the offsets, or `[bags, size]`
    /// @param weight the table, `[rows, width]`
    /// @param offsets where each bag begins, for a vector; otherwise null
    /// @param sampleWeights a factor for each position, for `SUM`; or null
    /// @param includeLast whether the last offset is the end of the last bag instead of the beginning of one
    /// @param paddingIndex a row that does not count; a negative one counts from the end
    /// @return `[bags, width]`
    public static Tensor embeddingBag(Tensor index, Tensor weight, @Nullable Tensor offsets, Mode mode,
            @Nullable Tensor sampleWeights, boolean includeLast, OptionalLong paddingIndex) {
        if (weight.rank() != 2 || (index.rank() == 1) != (offsets != null) || index.rank() > 2
                || sampleWeights != null && (mode != Mode.SUM || !sampleWeights.shape().equals(index.shape()))) {
            throw new TensorException("embedding_bag: index " + index.type() + ", table " + weight.shape()
                    + ": expected a vector with offsets or [bags, size] without, a table [rows, width], and sample"
                    + " weights of the index's shape only for SUM");
        }
        Tensor flat = index.reshape(-1).to(DType.I64);
        long bags;
        Tensor bag;
        if (offsets == null) {
            bags = index.size(0);
            bag = Tensors.arange(0, bags, 1, DType.I64, index.device()).unsqueeze(1).expand(index.shape()).reshape(-1);
        } else {
            Tensor starts = includeLast ? offsets.narrow(0, 0, offsets.elements() - 1) : offsets;
            bags = starts.elements();
            Tensor places = Tensors.arange(0, flat.elements(), 1, DType.I64, index.device());
            bag = starts.to(DType.I64).searchSorted(places, true).sub(1L);
        }
        Tensor factors = sampleWeights == null ? null : sampleWeights.reshape(-1);
        if (paddingIndex.isPresent()) {
            long p = paddingIndex.getAsLong();
            Tensor kept = flat.ne(p < 0 ? p + weight.size(0) : p).nonzero().reshape(-1);
            flat = flat.indexSelect(0, kept);
            bag = bag.indexSelect(0, kept);
            factors = factors == null ? null : factors.indexSelect(0, kept);
        }
        Tensor rows = weight.indexSelect(0, flat);
        rows = factors == null ? rows : rows.mul(factors.unsqueeze(1));
        Tensor none = Tensors.zeros(Shape.of(bags, weight.size(1)), rows.dtype(), rows.device());
        if (mode == Mode.MAX) {
            return none.indexReduce(0, bag, rows, "amax", false);
        }
        Tensor sum = none.indexAdd(0, bag, rows);
        if (mode == Mode.SUM) {
            return sum;
        }
        Tensor counts = bag.bincount(null, bags).clampMin(1).to(rows.dtype());
        return sum.div(counts.unsqueeze(1));
    }
}
