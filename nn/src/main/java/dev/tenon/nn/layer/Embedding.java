package dev.tenon.nn.layer;

import dev.tenon.api.Context;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.init.Init;
import java.util.OptionalLong;

/// A table of vectors, one for each of a number of symbols: `[...]` of class numbers to `[..., width]`. Starts standard
/// normal.
public final class Embedding extends Module {
    private final Parameter weight;
    private final OptionalLong paddingIndex;

    /// A table of `count` vectors.
    public Embedding(long count, long width) {
        this(count, width, OptionalLong.empty());
    }

    /// A table of `count` vectors, one of which stands for padding: it starts at zero and gets no gradient.
    public Embedding(long count, long width, long paddingIndex) {
        this(count, width, OptionalLong.of(paddingIndex));
    }

    private Embedding(long count, long width, OptionalLong padding) {
        if (padding.isPresent() && (padding.getAsLong() < -count || padding.getAsLong() >= count)) {
            throw new TensorException("embedding: padding index " + padding.getAsLong() + " of " + count
                    + " vectors: expected " + -count + " to " + (count - 1));
        }
        this.paddingIndex = padding.isPresent() && padding.getAsLong() < 0
                ? OptionalLong.of(padding.getAsLong() + count) : padding;
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
    public final Parameter weight() {
        return weight;
    }

    @Override
    public Tensor forward(Tensor index) {
        return Linears.embedding(index, weight.get(), paddingIndex);
    }

    @Override
    protected String settings() {
        return weight.shape().dim(0) + ", " + weight.shape().dim(1)
                + (paddingIndex.isPresent() ? ", paddingIdx=" + paddingIndex.getAsLong() : "");
    }
}
