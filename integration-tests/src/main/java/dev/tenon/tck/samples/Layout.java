package dev.tenon.tck.samples;

import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/// How an operand lies in memory: a larger or differently shaped base tensor, and a view of it.
public enum Layout {
    /// Row-major without gaps.
    CONTIGUOUS,
    /// All axes in reverse order in memory.
    TRANSPOSED,
    /// Every second element along the last axis, from the second on.
    STEPPED,
    /// Backwards along all axes.
    FLIPPED,
    /// From the third element on along the first axis, so that memory starts elsewhere, with gaps between rows.
    OFFSET,
    /// Repeated along the first axis with a stride of 0.
    BROADCAST;

    /// The layouts that are not contiguous.
    public static final Layout[] STRIDED = {TRANSPOSED, STEPPED, FLIPPED, OFFSET, BROADCAST};

    /// The shape of the base tensor for a view of the given shape.
    Shape base(Shape shape) {
        int last = shape.rank() - 1;
        if (last < 0) {
            return this == CONTIGUOUS ? shape : Shape.of(3);
        }
        return switch (this) {
            case CONTIGUOUS, FLIPPED -> shape;
            case TRANSPOSED -> {
                long[] d = shape.toArray();
                long[] reversed = new long[d.length];
                Arrays.setAll(reversed, i -> d[d.length - 1 - i]);
                yield Shape.of(reversed);
            }
            case STEPPED -> shape.with(last, 2 * shape.dim(last) + 1);
            case OFFSET -> shape.with(last, shape.dim(last) + 3).with(0, shape.dim(0) + (last == 0 ? 6 : 3));
            case BROADCAST -> shape.with(0, 1);
        };
    }

    /// The view of a base tensor that has the shape.
    Tensor view(Tensor base, Shape shape) {
        int last = shape.rank() - 1;
        if (last < 0) {
            return this == CONTIGUOUS ? base : base.get(2L);
        }
        return switch (this) {
            case CONTIGUOUS -> base;
            case TRANSPOSED -> base.permute(IntStream.rangeClosed(0, last).map(i -> last - i).toArray());
            case STEPPED -> base.get(Index.ellipsis(), Index.range(1L, null, 2));
            case FLIPPED -> base.flip(IntStream.rangeClosed(0, last).toArray());
            case OFFSET -> base.narrow(0, 2, shape.dim(0)).narrow(last, last == 0 ? 0 : 1, shape.dim(last));
            case BROADCAST -> base.expand(shape);
        };
    }
}
