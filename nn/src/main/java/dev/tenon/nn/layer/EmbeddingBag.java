package dev.tenon.nn.layer;

import dev.tenon.api.Context;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.init.Init;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A table of vectors of which each bag of symbols gets the sum, the mean or the largest of each column. Starts
/// standard normal.
public final class EmbeddingBag extends Module {
    private final Bags.Mode mode;
    private final boolean includeLastOffset;
    private final OptionalLong paddingIndex;
    private final Parameter weight;

    /// A table of `count` vectors, of which bags get the mean.
    public EmbeddingBag(long count, long width) {
        this(count, width, Bags.Mode.MEAN);
    }

    /// A table of `count` vectors.
    public EmbeddingBag(long count, long width, Bags.Mode mode) {
        this(count, width, mode, false, OptionalLong.empty());
    }

    /// @param includeLastOffset whether the last offset is the end of the last bag instead of the beginning of one
    /// @param paddingIndex a vector that does not count and starts at zero; a negative one counts from the end
    public EmbeddingBag(long count, long width, Bags.Mode mode, boolean includeLastOffset, OptionalLong paddingIndex) {
        if (paddingIndex.isPresent() && (paddingIndex.getAsLong() < -count || paddingIndex.getAsLong() >= count)) {
            throw new TensorException("embedding_bag: padding index " + paddingIndex.getAsLong() + " of " + count
                    + " vectors: expected " + -count + " to " + (count - 1));
        }
        this.mode = mode;
        this.includeLastOffset = includeLastOffset;
        this.paddingIndex = paddingIndex;
        this.weight = registerParameter("weight", Parameters.create(Shape.of(count, width), this::fill));
    }

    private void fill(Tensor t) {
        Init.normal(t, 0, 1);
        paddingIndex.ifPresent(p -> {
            try (Context.Mode _ = Context.noGrad()) {
                t.select(0, p).zero_();
            }
        });
    }

    /// The table, `[count, width]`.
    public Parameter weight() {
        return weight;
    }

    /// Bags of one size.
    ///
    /// @param index `[bags, size]`
    @Override
    public Tensor forward(Tensor index) {
        return bags(index, null, null);
    }

    /// Bags of different sizes.
    ///
    /// @param index positions, one bag after the other
    /// @param offsets where each bag begins; null for an index `[bags, size]`
    /// @param sampleWeights a factor for each position, for sums; or null
    /// @return `[bags, width]`
    public Tensor call(Tensor index, @Nullable Tensor offsets, @Nullable Tensor sampleWeights) {
        List<Tensor> given = new ArrayList<>(List.of(index));
        if (offsets != null) {
            given.add(offsets);
        }
        if (sampleWeights != null) {
            given.add(sampleWeights);
        }
        return callHooked(given, in -> List.of(bags(in.getFirst(), offsets == null ? null : in.get(1),
                sampleWeights == null ? null : in.getLast()))).getFirst();
    }

    private Tensor bags(Tensor index, @Nullable Tensor offsets, @Nullable Tensor sampleWeights) {
        return Bags.embeddingBag(index, weight.get(), offsets, mode, sampleWeights, includeLastOffset, paddingIndex);
    }

    @Override
    protected String settings() {
        return weight.shape().dim(0) + ", " + weight.shape().dim(1) + ", mode=" + mode
                + (paddingIndex.isPresent() ? ", paddingIdx=" + paddingIndex.getAsLong() : "");
    }
}
