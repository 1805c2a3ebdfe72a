package dev.tenon.docs;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// PyTorch's names of our operators: the camelCase name in snake_case behind the prefix of its group, unless the table
/// has another one.
final class TorchNames {
    private static final String FUNCTIONAL = "torch.nn.functional.";
    private static final Map<String, String> EXCEPTIONS = new HashMap<>();

    static {
        same("Tensor.", "isNaN isnan isInf isinf isFinite isfinite isPosInf isposinf isNegInf isneginf isClose isclose"
                + " allClose allclose rdiv __rtruediv__ rpow __rpow__ mT mT transposeAll T get __getitem__"
                + " set __setitem__ indexPut index_put");
        same("torch.", "isIn isin rsub rsub varMean var_mean stdMean std_mean trapezoid trapezoid"
                + " cumulativeTrapezoid cumulative_trapezoid gradient gradient atleast1d atleast_1d"
                + " atleast2d atleast_2d atleast3d atleast_3d searchSorted searchsorted tensordot tensordot"
                + " cdist cdist scalar tensor of tensor number scalar_tensor fromHost frombuffer"
                + " choleskySolve cholesky_solve choleskyInverse cholesky_inverse logdet logdet renorm renorm");
        same("torch.special.", "erfcx erfcx entr entr ndtr ndtr ndtri ndtri logNdtr log_ndtr xlog1py xlog1py");
        same("torch.linalg.", "vecdot vecdot multiDot multi_dot tensorInv tensorinv tensorSolve tensorsolve");
        same(FUNCTIONAL, "logSigmoid logsigmoid pad pad scaledDotProduct scaled_dot_product_attention"
                + " multiHead multi_head_attention_forward l1 l1_loss mse mse_loss smoothL1 smooth_l1_loss"
                + " huber huber_loss bce binary_cross_entropy bceWithLogits binary_cross_entropy_with_logits"
                + " poissonNll poisson_nll_loss softMargin soft_margin_loss marginRanking margin_ranking_loss"
                + " nll nll_loss hingeEmbedding hinge_embedding_loss multiMargin multi_margin_loss"
                + " multilabelMargin multilabel_margin_loss multilabelSoftMargin multilabel_soft_margin_loss"
                + " tripletMargin triplet_margin_loss cosineEmbedding cosine_embedding_loss"
                + " gaussianNll gaussian_nll_loss Ctc.loss ctc_loss FeatureAlpha.dropout feature_alpha_dropout");
        for (String each : "conv convTranspose maxPool maxUnpool avgPool adaptiveMaxPool adaptiveAvgPool".split(" ")) {
            EXCEPTIONS.put(each, FUNCTIONAL + snake(each) + "1d, 2d, 3d");
        }
        EXCEPTIONS.put("maxPoolWithIndices", FUNCTIONAL + "max_pool1d, 2d, 3d(return_indices=True)");
        EXCEPTIONS.put("featureDropout", FUNCTIONAL + "dropout1d, 2d, 3d");
        EXCEPTIONS.put("batchNormTraining", FUNCTIONAL + "batch_norm(training=True)");
        EXCEPTIONS.put("batchNormInference", FUNCTIONAL + "batch_norm(training=False)");
        EXCEPTIONS.put("klDivBatchMean", FUNCTIONAL + "kl_div(reduction='batchmean')");
        EXCEPTIONS.put("geluTanh", FUNCTIONAL + "gelu(approximate='tanh')");
        EXCEPTIONS.put("truncDivide", "torch.div(rounding_mode='trunc')");
        EXCEPTIONS.put("trigamma", "torch.polygamma(1)");
        EXCEPTIONS.put("renormalised", FUNCTIONAL + "embedding(max_norm=)");
        EXCEPTIONS.put("scaledByFrequency", FUNCTIONAL + "embedding(scale_grad_by_freq=True)");
        EXCEPTIONS.put("uniform", "Tensor.uniform_");
        EXCEPTIONS.put("triangleIndices", "torch.tril_indices, triu_indices");
        EXCEPTIONS.put("Recurrences.step", "torch.rnn_tanh_cell, gru_cell, lstm_cell");
        EXCEPTIONS.put("Recurrences.layer", "torch.nn.RNN, GRU, LSTM (one layer)");
        for (String none : "viewScatter symmetric stirling".split(" ")) {
            EXCEPTIONS.put(none, "");
        }
    }

    private TorchNames() {}

    private static void same(String prefix, String pairs) {
        String[] p = pairs.split(" ");
        for (int i = 0; i < p.length; i += 2) {
            EXCEPTIONS.put(p[i], prefix + p[i + 1]);
        }
    }

    private static String snake(String camel) {
        return camel.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }

    /// @param owner the simple name of the class or interface
    /// @return empty where PyTorch has none
    static String of(String owner, String name) {
        String exception = EXCEPTIONS.getOrDefault(owner + "." + name, EXCEPTIONS.get(name));
        if (exception != null) {
            return exception;
        }
        String prefix = switch (owner) {
            case "Tensors" -> "torch.";
            case "Linalg" -> "torch.linalg.";
            case "ActivationOps" -> name.contains("oftmax") || name.equals("sigmoid") ? "Tensor." : FUNCTIONAL;
            default -> owner.endsWith("Ops") ? "Tensor." : FUNCTIONAL;
        };
        return prefix + snake(name);
    }
}
