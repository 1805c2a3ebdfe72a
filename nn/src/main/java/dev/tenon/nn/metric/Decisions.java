package dev.tenon.nn.metric;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.nn.functional.ClassLosses;

/// What a classifier decides for, and what would have been right, as vectors of class numbers.
///
/// @param decided `I64` [n]
/// @param right `I64` [n]; 0 where nothing counts
/// @param counts bool [n]: false where the target is [ClassLosses#IGNORE]
/// @param classes how many classes there are
record Decisions(Tensor decided, Tensor right, Tensor counts, long classes) {
    /// Of scores `[n, classes, ...]` the largest; with a target of class numbers `[n, ...]` or of probabilities of the
    /// scores' shape.
    static Decisions among(String metric, Tensor output, Tensor target) {
        Tensor right = classNumbers(metric, output, target);
        Tensor counts = right.ne(ClassLosses.IGNORE);
        return new Decisions(output.argmax(1, false).reshape(-1), right.mul(counts.to(DType.I64)), counts,
                output.size(1));
    }

    /// Class 1 where a score is above a threshold, else class 0; the target has the scores' shape, an axis of length 1
    /// aside.
    static Decisions binary(String metric, Tensor output, Tensor target, double threshold) {
        if (output.elements() != target.elements()) {
            throw misfit(metric, output, target, "as many targets, 0 or 1, as scores");
        }
        Tensor flat = target.reshape(-1);
        Tensor counts = flat.ne(ClassLosses.IGNORE);
        return new Decisions(output.reshape(-1).gt(threshold).to(DType.I64),
                flat.gt(0.5).to(DType.I64), counts, 2);
    }

    /// Whether a target goes with scores one to one, so that each score says yes or no.
    static boolean isBinary(Tensor output, Tensor target) {
        return output.elements() == target.elements() && !(output.rank() > 1 && output.size(1) > 1
                && target.dtype().isFloating() && target.shape().equals(output.shape()));
    }

    /// The class numbers of a target as an `I64` vector.
    static Tensor classNumbers(String metric, Tensor output, Tensor target) {
        if (output.rank() < 2) {
            throw misfit(metric, output, target, "scores [n, classes, ...]");
        }
        if (target.dtype().isFloating() && target.shape().equals(output.shape())) {
            return target.argmax(1, false).reshape(-1);
        }
        if (!target.dtype().isIntegral() || !target.shape().equals(output.shape().without(1))) {
            throw misfit(metric, output, target, "class numbers (integers) of shape " + output.shape().without(1)
                    + " or probabilities of shape " + output.shape());
        }
        return target.reshape(-1).to(DType.I64);
    }

    static IllegalArgumentException misfit(String metric, Tensor output, Tensor target, String expected) {
        return new IllegalArgumentException("metric " + metric + ": output " + output.type() + ", target "
                + target.type() + ": expected " + expected);
    }
}
