package dev.tenon.api;

import org.jspecify.annotations.Nullable;

/// One part of an index as NumPy knows it, for [IndexingOps#get(Index...)] and [IndexingOps#set(Tensor, Index...)].
public sealed interface Index {

    /// One position; the axis disappears. Negative positions count from the end.
    record At(long position) implements Index {}

    /// A range with Python's rules for negative, missing and overlong bounds; the step may be negative.
    record Range(@Nullable Long start, @Nullable Long stop, long step) implements Index {}

    /// All the axes that the other parts leave over.
    record Ellipsis() implements Index {}

    /// A new axis of extent 1.
    record NewAxis() implements Index {}

    /// Positions (`I64` or `I32`), broadcast with those of other such parts; or a mask (`BOOL`) over as many axes as it
    /// has, which picks the positions where it is true.
    record Positions(Tensor tensor) implements Index {}

    /// One position.
    static Index at(long position) {
        return new At(position);
    }

    /// A whole axis.
    static Index all() {
        return new Range(null, null, 1);
    }

    /// Positions from `start` to before `stop`.
    static Index range(long start, long stop) {
        return new Range(start, stop, 1);
    }

    /// Every `step`-th position; null bounds reach to the ends.
    static Index range(@Nullable Long start, @Nullable Long stop, long step) {
        return new Range(start, stop, step);
    }

    /// Positions from `start` to the end.
    static Index from(long start) {
        return new Range(start, null, 1);
    }

    /// Positions from the first to before `stop`.
    static Index to(long stop) {
        return new Range(null, stop, 1);
    }

    /// All the axes that the other parts leave over.
    static Index ellipsis() {
        return new Ellipsis();
    }

    /// A new axis of extent 1.
    static Index newAxis() {
        return new NewAxis();
    }

    /// The positions, or where a mask is true.
    static Index of(Tensor positionsOrMask) {
        return new Positions(positionsOrMask);
    }

    /// The positions given.
    static Index of(long... positions) {
        return new Positions(Tensors.of(positions));
    }
}
