package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;

/// Losses of classifiers.
final class Losses {
    private Losses() {}

    static void register(Operators r) {
        r.same("NegativeLogLikelihoodLoss", 12, c -> negativeLogLikelihood(c, c.x(0)));
        r.add("SoftmaxCrossEntropyLoss", 12, c -> {
            Tensor logs = c.x(0).logSoftmax(1);
            return List.of(c.like(0, negativeLogLikelihood(c, logs)), c.like(0, logs));
        });
    }

    /// @param logs logarithms of probabilities, `[n, classes, ...]`
    private static Tensor negativeLogLikelihood(Call c, Tensor logs) {
        Tensor target = c.x(1).to(DType.I64);
        Shape wanted = logs.shape().without(1);
        if (!target.shape().equals(wanted)) {
            throw new IllegalArgumentException("target " + target.shape() + " for input " + logs.shape()
                    + ": expected " + wanted);
        }
        Tensor counted = c.hasAttr("ignore_index") ? target.ne(c.attr("ignore_index", 0)) : null;
        Tensor safe = counted == null ? target : target.where(counted, Tensors.zerosLike(target));
        Tensor picked = logs.gather(1, safe.unsqueeze(1)).squeeze(1).neg();
        Tensor weight = c.has(2) ? c.x(2).indexSelect(0, safe.reshape(-1)).reshape(target.shape()) : null;
        if (counted != null) {
            Tensor w = weight == null ? Tensors.onesLike(picked) : weight;
            weight = w.where(counted, Tensors.zerosLike(w));
        }
        Tensor loss = weight == null ? picked : picked.mul(weight);
        return switch (c.attr("reduction", "mean")) {
            case "none" -> loss;
            case "sum" -> loss.sum();
            case "mean" -> weight == null ? loss.mean() : loss.sum().div(weight.sum());
            default -> throw new IllegalArgumentException("reduction \"" + c.attr("reduction", "")
                    + "\": expected none, sum or mean");
        };
    }
}
