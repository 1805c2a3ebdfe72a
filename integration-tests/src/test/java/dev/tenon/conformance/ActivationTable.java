package dev.tenon.conformance;

import static dev.tenon.conformance.ElementwiseTable.unary;
import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.Bags;
import dev.tenon.nn.functional.Distances;
import dev.tenon.nn.functional.Dropouts;
import dev.tenon.nn.functional.EmbeddingTables;
import dev.tenon.nn.functional.FeatureAlpha;
import dev.tenon.nn.functional.GroupNorms;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.functional.Shrinkage;
import java.util.Locale;
import java.util.OptionalLong;

/// Activations, normalisation, linear maps, embeddings and random numbers.
final class ActivationTable {
    private static final String F = "nn.functional.";

    private ActivationTable() {}

    static void fill() {
        activations();
        norms();
        maps();
        random();
    }

    private static void activations() {
        add(F + "relu", "input inplace", a -> a.x().relu());
        add(F + "relu6", "input inplace", a -> a.x().relu6());
        add(F + "hardswish", "input inplace", a -> a.x().hardswish());
        // PyTorch's gradient has 1/6 rounded to single precision, even for double.
        add(F + "hardsigmoid", "input inplace", a -> Outcome.roughGradients(a.x().hardsigmoid(), 1e-7));
        add(F + "silu", "input inplace", a -> a.x().silu());
        add(F + "mish", "input inplace", a -> a.x().mish());
        add(F + "selu", "input inplace", a -> a.x().selu());
        unary(F + "softsign", Tensor::softsign);
        unary(F + "logsigmoid", Tensor::logSigmoid);
        unary(F + "tanhshrink", Shrinkage::tanhshrink);
        add(F + "leaky_relu", "input negative_slope inplace",
                a -> a.x().leakyRelu(a.f("negative_slope", 0.01)));
        add(F + "elu", "input alpha inplace", a -> a.x().elu(a.f("alpha", 1)));
        add(F + "celu", "input alpha inplace", a -> Shrinkage.celu(a.x(), a.f("alpha", 1)));
        add(F + "prelu", "input weight", a -> Shrinkage.prelu(a.x(), a.t("weight")));
        add(F + "glu", "input dim", a -> Shrinkage.glu(a.x(), a.axis("dim", -1)));
        add(F + "gelu", "input approximate",
                a -> a.s("approximate", "none").equals("tanh") ? a.x().geluTanh() : a.x().gelu());
        add(F + "hardtanh", "input min_val max_val inplace",
                a -> Shrinkage.hardtanh(a.x(), a.f("min_val", -1), a.f("max_val", 1)));
        add(F + "threshold", "input threshold value inplace",
                a -> Shrinkage.threshold(a.x(), a.f("threshold"), a.f("value")));
        add(F + "softshrink", "input lambd", a -> {
            Tensor y = Shrinkage.softshrink(a.x(), a.f("lambd", 0.5));
            // PyTorch 1.13 gives 0 for NaN; later versions, and this library, NaN.
            return Outcome.where(a.x().detach().isNaN().logicalNot(), y);
        });
        add(F + "hardshrink", "input lambd", a -> Shrinkage.hardshrink(a.x(), a.f("lambd", 0.5)));
        add(F + "softplus", "input beta threshold",
                a -> Shrinkage.softplus(a.x(), a.f("beta", 1), a.f("threshold", 20)));
    }

    private static void norms() {
        add(F + "normalize", "input p dim eps",
                a -> Distances.normalize(a.x(), a.f("p", 2), a.axis("dim", 1), a.f("eps", 1e-12)));
        add(F + "cosine_similarity", "x1 x2 dim eps", a -> Distances.cosineSimilarity(
                a.t("x1"), a.t("x2"), a.axis("dim", 1), a.f("eps", 1e-8)));
        add(F + "pairwise_distance", "x1 x2 p eps keepdim", a -> Distances.pairwiseDistance(
                a.t("x1"), a.t("x2"), a.f("p", 2), a.f("eps", 1e-6), a.b("keepdim", false)));
        add(F + "pdist", "input p", a -> Distances.pdist(a.x(), a.f("p", 2)));
        add(F + "group_norm", "input num_groups weight bias eps", a -> GroupNorms.groupNorm(
                a.x(), (int) a.i("num_groups"), a.opt("weight"), a.opt("bias"), a.f("eps", 1e-5)));
        add(F + "instance_norm", "input running_mean running_var weight bias use_input_stats momentum eps", a -> {
            if (!a.b("use_input_stats", true)) {
                return Norms.batchNormInference(a.x(), a.t("running_mean"), a.t("running_var"), a.opt("weight"),
                        a.opt("bias"), a.f("eps", 1e-5));
            }
            return GroupNorms.instanceNorm(a.x(), a.opt("weight"), a.opt("bias"), a.f("eps", 1e-5));
        });
        add(F + "layer_norm", "input normalized_shape weight bias eps", a -> Norms.layerNorm(a.x(),
                Shape.of(a.longs("normalized_shape")), a.opt("weight"), a.opt("bias"), a.f("eps", 1e-5)));
        add(F + "batch_norm", "input running_mean running_var weight bias training momentum eps", a -> {
            Tensor mean = a.opt("running_mean");
            Tensor var = a.opt("running_var");
            if (a.b("training", false)) {
                return Norms.batchNormTraining(a.x(), mean == null ? null : mean.detach().clone(),
                        var == null ? null : var.detach().clone(), a.opt("weight"), a.opt("bias"),
                        a.f("momentum", 0.1), a.f("eps", 1e-5));
            }
            return Norms.batchNormInference(
                    a.x(), a.t("running_mean"), a.t("running_var"), a.opt("weight"), a.opt("bias"), a.f("eps", 1e-5));
        });
        add(F + "local_response_norm", "input size alpha beta k", a -> GroupNorms.localResponseNorm(
                a.x(), (int) a.i("size"), a.f("alpha", 1e-4), a.f("beta", 0.75), a.f("k", 1)));
    }

    private static OptionalLong padding(Args a) {
        return a.has("padding_idx") ? OptionalLong.of(a.i("padding_idx")) : OptionalLong.empty();
    }

    private static Tensor index(Args a) {
        return a.x().dtype().isFloating() ? a.t("weight") : a.x();
    }

    private static Tensor table(Args a) {
        Tensor w = a.x().dtype().isFloating() ? a.x() : a.t("weight");
        w = a.has("max_norm") ? EmbeddingTables.renormalised(index(a), w, a.f("max_norm"), a.f("norm_type", 2)) : w;
        return a.b("scale_grad_by_freq", false) ? EmbeddingTables.scaledByFrequency(index(a), w) : w;
    }

    private static void maps() {
        add(F + "linear", "input weight bias", a -> Linears.linear(a.x(), a.t("weight"), a.opt("bias")));
        add(F + "bilinear", "input1 input2 weight bias",
                a -> Linears.bilinear(a.t("input1"), a.t("input2"), a.t("weight"), a.opt("bias")));
        // The samples give the table first, the function takes the index first.
        add(F + "embedding", "input weight padding_idx max_norm norm_type scale_grad_by_freq sparse",
                a -> Linears.embedding(index(a), table(a), padding(a)));
        add(F + "one_hot", "input num_classes", a -> {
            long n = a.i("num_classes", -1);
            return Linears.oneHot(a.x(), n < 0 ? a.x().max().itemLong() + 1 : n);
        });
        add(F + "embedding_bag", "input weight offsets max_norm norm_type scale_grad_by_freq mode sparse"
                + " per_sample_weights include_last_offset padding_idx", a -> {
                    Bags.Mode mode = Bags.Mode.valueOf(a.s("mode", "mean").toUpperCase(Locale.ROOT));
                    return Bags.embeddingBag(index(a), table(a), a.opt("offsets"), mode,
                            a.opt("per_sample_weights"), a.b("include_last_offset", false), padding(a));
                });
    }

    private static void random() {
        Generator g = Generator.getDefault();
        add("randn", "*size dtype device", a -> Tensors.randn(
                Shape.of(a.longs("size")), a.dtype("dtype", DType.F32), a.device(), g));
        add("randn_like", "input dtype", a -> Tensors.randn(
                a.x().shape(), a.dtype("dtype", a.x().dtype()), a.device(), g));
        add("rand_like", "input dtype", a -> Tensors.rand(
                a.x().shape(), a.dtype("dtype", a.x().dtype()), a.device(), g));
        add("randint_like", "input low high dtype", a -> {
            long low = a.has("high") ? a.i("low") : 0;
            long high = a.has("high") ? a.i("high") : a.i("low");
            return Tensors.randint(low, high, a.x().shape(), a.device(), g).to(a.dtype("dtype", a.x().dtype()));
        });
        add("normal", "mean std generator", a -> {
            Tensor like = a.isTensor("mean") ? a.t("mean") : a.t("std");
            Tensor mean = ElementwiseTable.operand(a, "mean", like);
            Tensor std = a.has("std") ? ElementwiseTable.operand(a, "std", like) : Tensors.number(1L, like);
            Shape s = Shape.broadcast("normal", mean.shape(), std.shape());
            return Tensors.randn(s, like.dtype(), a.device(), g).mul(std).add(mean);
        });
        add("bernoulli", "input p generator", a -> Tensors.rand(a.x().shape(), a.x().dtype(), a.device(), g)
                .lt(a.has("p") ? ElementwiseTable.operand(a, "p", a.x()) : a.x()).to(a.x().dtype()));
        add("multinomial", "input num_samples replacement generator", a -> Tensors.multinomial(
                a.x(), a.i("num_samples"), a.b("replacement", false), g));
        add(F + "dropout", "input p training inplace",
                a -> Dropouts.dropout(a.x(), a.f("p", 0.5), a.b("training", true)));
        for (String n : new String[] {"dropout1d", "dropout2d", "dropout3d"}) {
            add(F + n, "input p training inplace",
                    a -> Dropouts.featureDropout(a.x(), a.f("p", 0.5), a.b("training", true), g));
        }
        add(F + "feature_alpha_dropout", "input p training inplace", a -> {
            Tensor y = FeatureAlpha.dropout(a.x(), a.f("p", 0.5), a.b("training", false), g);
            boolean random = a.b("training", false) && a.f("p", 0.5) > 0 && a.f("p", 0.5) < 1;
            return random ? Outcome.random(y) : y;
        });
    }
}
