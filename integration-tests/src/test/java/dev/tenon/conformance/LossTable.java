package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Ctc;
import dev.tenon.nn.functional.Losses;
import dev.tenon.nn.functional.MarginLosses;
import dev.tenon.nn.functional.Reduction;

/// Losses.
final class LossTable {
    private static final String F = "nn.functional.";

    private LossTable() {}

    private static Reduction reduction(Args a) {
        return switch (a.s("reduction", "mean")) {
            case "none" -> Reduction.NONE;
            case "mean" -> Reduction.MEAN;
            case "sum" -> Reduction.SUM;
            default ->
                throw new TensorException("reduction \"" + a.get("reduction") + "\": expected none, mean or sum");
        };
    }

    /// The parameters that end PyTorch's signatures; `size_average` and `reduce` are long deprecated.
    private static final String END = " size_average reduce reduction";

    static void fill() {
        regression();
        classification();
        margins();
    }

    private static void regression() {
        add(F + "l1_loss", "input target" + END, a -> Losses.l1(a.x(), a.t("target"), reduction(a)));
        add(F + "mse_loss", "input target" + END, a -> Losses.mse(a.x(), a.t("target"), reduction(a)));
        add(F + "smooth_l1_loss", "input target" + END + " beta",
                a -> Losses.smoothL1(a.x(), a.t("target"), reduction(a), a.f("beta", 1)));
        add(F + "huber_loss", "input target reduction delta",
                a -> Losses.huber(a.x(), a.t("target"), reduction(a), a.f("delta", 1)));
        add(F + "gaussian_nll_loss", "input target var full eps reduction", a -> MarginLosses.gaussianNll(
                a.x(), a.t("target"), a.t("var"), a.b("full", false), a.f("eps", 1e-6), reduction(a)));
        add(F + "poisson_nll_loss", "input target log_input full size_average eps reduce reduction", a -> {
            Tensor t = a.t("target");
            Tensor losses = Losses.poissonNll(
                    a.x(), t, Reduction.NONE, a.b("log_input", true), a.f("eps", 1e-8));
            return reduction(a).of(a.b("full", false) ? losses.add(MarginLosses.stirling(t)) : losses);
        });
        add(F + "kl_div", "input target" + END + " log_target", a -> {
            boolean logTarget = a.b("log_target", false);
            return a.s("reduction", "mean").equals("batchmean")
                    ? Losses.klDivBatchMean(a.x(), a.t("target"), logTarget)
                    : Losses.klDiv(a.x(), a.t("target"), reduction(a), logTarget);
        });
    }

    private static void classification() {
        add(F + "cross_entropy", "input target weight size_average ignore_index reduce reduction label_smoothing",
                a -> ClassLosses.crossEntropy(a.x(), a.t("target"), a.opt("weight"), reduction(a),
                        a.i("ignore_index", ClassLosses.IGNORE), a.f("label_smoothing", 0)));
        add(F + "nll_loss", "input target weight size_average ignore_index reduce reduction",
                a -> ClassLosses.nll(a.x(), a.t("target"), a.opt("weight"), reduction(a),
                        a.i("ignore_index", ClassLosses.IGNORE)));
        add(F + "binary_cross_entropy", "input target weight" + END,
                a -> Losses.bce(a.x(), a.t("target"), a.opt("weight"), reduction(a)));
        add(F + "binary_cross_entropy_with_logits", "input target weight" + END + " pos_weight",
                a -> Losses.bceWithLogits(
                        a.x(), a.t("target"), a.opt("weight"), a.opt("pos_weight"), reduction(a)));
        add(F + "multilabel_soft_margin_loss", "input target weight" + END,
                a -> MarginLosses.multilabelSoftMargin(a.x(), a.t("target"), a.opt("weight"), reduction(a)));
        add(F + "soft_margin_loss", "input target" + END,
                a -> Losses.softMargin(a.x(), a.t("target"), reduction(a)));
        add("module.CTCLoss_on_logits", "logits targets input_lengths target_lengths blank reduction zero_infinity",
                a -> Ctc.loss(a.t("logits").logSoftmax(-1), a.t("targets"), a.t("input_lengths"),
                        a.t("target_lengths"), (int) a.i("blank", 0), reduction(a), a.b("zero_infinity", false)));
    }

    private static void margins() {
        add(F + "margin_ranking_loss", "input1 input2 target margin" + END, a -> Losses.marginRanking(
                a.t("input1"), a.t("input2"), a.t("target"), a.f("margin", 0), reduction(a)));
        add(F + "hinge_embedding_loss", "input target margin" + END,
                a -> MarginLosses.hingeEmbedding(a.x(), a.t("target"), a.f("margin", 1), reduction(a)));
        add(F + "multi_margin_loss", "input target p margin weight" + END, a -> MarginLosses.multiMargin(
                a.x(), a.t("target"), (int) a.i("p", 1), a.f("margin", 1), a.opt("weight"), reduction(a)));
        add(F + "multilabel_margin_loss", "input target" + END,
                a -> MarginLosses.multilabelMargin(a.x(), a.t("target"), reduction(a)));
        add(F + "triplet_margin_loss", "anchor positive negative margin p eps swap" + END,
                a -> MarginLosses.tripletMargin(a.t("anchor"), a.t("positive"), a.t("negative"), a.f("margin", 1),
                        a.f("p", 2), a.f("eps", 1e-6), a.b("swap", false), reduction(a)));
        add(F + "cosine_embedding_loss", "input1 input2 target margin" + END, a -> MarginLosses.cosineEmbedding(
                a.t("input1"), a.t("input2"), a.t("target"), a.f("margin", 0), reduction(a)));
    }
}
