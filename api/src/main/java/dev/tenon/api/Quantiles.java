package dev.tenon.api;

import org.jspecify.annotations.Nullable;

/// Quantiles of a sample: elements of the sorted sample, or something between two neighbours.
final class Quantiles {
    private Quantiles() {}

    static Tensor of(Tensor x, Tensor q, @Nullable Integer axis, boolean keepDims, String interpolation,
            boolean ignoreNaN) {
        Reductions.requireFloating("quantile", x);
        if (q.rank() > 1 || q.dtype() != x.dtype()) {
            throw new TensorException("quantile: probabilities " + q.type() + " for input " + x.type()
                    + ": expected a scalar or vector of the input's dtype");
        }
        if (!Context.isRecording()) {
            for (double p : q.toDoubleArray()) {
                if (!(p >= 0 && p <= 1)) {
                    throw new TensorException("quantile: probability " + p + ": expected 0 to 1");
                }
            }
        }
        Tensor flat = axis == null || x.rank() == 0 ? x.reshape(-1) : x.movedim(axis, -1);
        if (flat.size(-1) == 0) {
            throw new TensorException("quantile: no elements along the axis of " + x.shape());
        }
        Tensor sorted = flat.sort(-1, false).values();
        Tensor numbers = sorted.isNaN().logicalNot().sum(-1, true).to(x.dtype());
        Tensor n = ignoreNaN ? numbers : Tensors.fullLike(numbers, flat.size(-1));
        Tensor rank = Context.noGrad(() -> n.sub(1L).clampMin(0).mul(q.reshape(-1)));
        if (!ignoreNaN) {
            // NaN sorts last: taking the last element makes the quantile NaN.
            rank = Tensors.number(flat.size(-1) - 1, rank).where(numbers.lt(flat.size(-1)), rank);
        }
        Tensor result = between(sorted, rank, interpolation);
        Tensor byProbability = result.movedim(-1, 0);
        Shape reduced = axis == null || x.rank() == 0 ? Shape.SCALAR : x.shape().without(axis);
        if (keepDims) {
            reduced = axis == null
                    ? Shape.of(x.shape().stream().map(_ -> 1).toArray())
                    : x.rank() == 0 ? Shape.SCALAR : x.shape().with(axis, 1);
        }
        return byProbability.reshape(q.rank() == 0 ? reduced : Shape.of(q.elements()).concat(reduced));
    }

    private static Tensor between(Tensor sorted, Tensor rank, String interpolation) {
        Tensor below = rank.floor();
        Tensor above = rank.ceil();
        return switch (interpolation) {
            case "lower" -> at(sorted, below);
            case "higher" -> at(sorted, above);
            case "nearest" -> at(sorted, rank.round());
            case "midpoint" -> at(sorted, below).lerp(at(sorted, above), 0.5);
            case "linear" -> {
                Tensor low = at(sorted, below);
                yield low.add(at(sorted, above).sub(low).mul(rank.sub(below)));
            }
            default -> throw new TensorException("quantile: interpolation \"" + interpolation
                    + "\": expected linear, lower, higher, midpoint or nearest");
        };
    }

    private static Tensor at(Tensor sorted, Tensor rank) {
        return sorted.gather(-1, rank.to(DType.I64));
    }
}
