package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.recurrent.GRU;
import dev.tenon.nn.recurrent.GRUCell;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.LSTMCell;
import dev.tenon.nn.recurrent.Nonlinearity;
import dev.tenon.nn.recurrent.RNN;
import dev.tenon.nn.recurrent.RNNCell;
import dev.tenon.nn.recurrent.RecurrentOptions;
import dev.tenon.nn.recurrent.RecurrentOutput;
import dev.tenon.nn.transformer.AttentionOptions;
import dev.tenon.nn.transformer.MultiheadAttention;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Layers: recurrent ones, attention, a training step of batch normalisation; clipping of gradients.
final class ModuleTable {
    private ModuleTable() {}

    static void fill() {
        recurrent();
        attention();
        add("module.BatchNorm_train_step", "input running_mean running_var weight bias momentum eps", a -> {
            Tensor mean = a.t("running_mean").detach().clone();
            Tensor var = a.t("running_var").detach().clone();
            Tensor y = Norms.batchNormTraining(a.x(), mean, var, a.opt("weight"), a.opt("bias"),
                    a.f("momentum", 0.1), a.f("eps", 1e-5));
            return List.of(y, mean, var);
        });
        add("utils.clip_grad_norm", "parameters max_norm norm_type", ModuleTable::clip);
    }

    private static Object clip(Args a) {
        List<Tensor> leaves = a.ts("parameters").stream()
                .map(g -> {
                    Tensor leaf = Tensors.zerosLike(g).requiresGrad(true);
                    leaf.setGrad(g.clone());
                    return leaf;
                })
                .toList();
        Tensor norm = GradientClipping.clipGradNorm(
                leaves.stream().map(Parameter::of).toList(), a.f("max_norm"), a.f("norm_type", 2));
        return Arrays.<@Nullable Object>asList(norm, leaves.stream().map(Tensor::grad).toList());
    }

    /// Loads a layer with operands and runs it; the layer's gradients will be the operands'.
    private static Outcome run(Args a, Module layer, Supplier<@Nullable Object> forward) {
        Map<String, Tensor> p = a.tensors("params");
        layer.to(a.t(a.has("input") ? "input" : "query").dtype()).to(a.device()).eval();
        layer.loadStateDict(p);
        Map<Tensor, Parameter> parameters = new IdentityHashMap<>();
        layer.namedParameters().forEach((name, parameter) -> parameters.put(need(p, name), parameter));
        return Outcome.ofLayer(forward.get(), parameters);
    }

    private static Tensor need(Map<String, Tensor> p, String name) {
        Tensor t = p.get(name);
        if (t == null) {
            throw new TensorException("parameter " + name + " is missing among " + p.keySet());
        }
        return t;
    }

    // --- recurrent layers

    private static Nonlinearity nonlinearity(Args a) {
        return a.s("nonlinearity", "tanh").equals("relu") ? Nonlinearity.RELU : Nonlinearity.TANH;
    }

    /// The given state, or none.
    private static @Nullable Tensor hidden(Args a) {
        return a.get("hx") instanceof List<?> l ? (Tensor) l.getFirst() : a.opt("hx");
    }

    private static LSTM.@Nullable State state(Args a) {
        return a.get("hx") instanceof List<?> l ? new LSTM.State((Tensor) l.get(0), (Tensor) l.get(1)) : null;
    }

    private static void recurrent() {
        String layer = "input hx params num_layers bidirectional batch_first bias nonlinearity dropout";
        add("module.LSTM", layer, a -> {
            LSTM m = new LSTM(a.x().size(-1), width(a, "weight_hh_l0"), options(a));
            return run(a, m, () -> {
                LSTM.Output y = m.call(a.x(), state(a));
                return List.of(y.output(), List.of(y.state().hidden(), y.state().cell()));
            });
        });
        add("module.GRU", layer, a -> {
            GRU m = new GRU(a.x().size(-1), width(a, "weight_hh_l0"), options(a));
            return run(a, m, () -> both(m.call(a.x(), hidden(a))));
        });
        add("module.RNN", layer, a -> {
            RNN m = new RNN(a.x().size(-1), width(a, "weight_hh_l0"), nonlinearity(a), options(a));
            return run(a, m, () -> both(m.call(a.x(), hidden(a))));
        });
        String cell = "input hx params bias nonlinearity";
        add("module.LSTMCell", cell, a -> {
            LSTMCell m = new LSTMCell(a.x().size(-1), width(a, "weight_hh"), bias(a, "bias_ih"));
            return run(a, m, () -> {
                LSTM.State s = m.call(a.x(), state(a));
                return List.of(s.hidden(), s.cell());
            });
        });
        add("module.GRUCell", cell, a -> {
            GRUCell m = new GRUCell(a.x().size(-1), width(a, "weight_hh"), bias(a, "bias_ih"));
            return run(a, m, () -> m.call(a.x(), hidden(a)));
        });
        add("module.RNNCell", cell, a -> {
            RNNCell m = new RNNCell(a.x().size(-1), width(a, "weight_hh"), bias(a, "bias_ih"), nonlinearity(a));
            return run(a, m, () -> m.call(a.x(), hidden(a)));
        });
    }

    private static List<Tensor> both(RecurrentOutput y) {
        return List.of(y.output(), y.hidden());
    }

    private static long width(Args a, String weight) {
        return need(a.tensors("params"), weight).size(-1);
    }

    private static boolean bias(Args a, String name) {
        return a.tensors("params").containsKey(name);
    }

    private static RecurrentOptions options(Args a) {
        return new RecurrentOptions().numLayers((int) a.i("num_layers", 1)).bias(bias(a, "bias_ih_l0"))
                .bidirectional(a.b("bidirectional", false)).batchFirst(a.b("batch_first", false));
    }

    // --- attention

    private static void attention() {
        add("nn.functional._scaled_dot_product_attention",
                "query key value attn_mask dropout_p need_attn_weights is_causal", a -> {
                    var s = Attentions.scaledDotProduct(a.t("query"), a.t("key"), a.t("value"), a.opt("attn_mask"),
                            a.b("is_causal", false), a.f("dropout_p", 0));
                    List<Tensor> both = List.of(s.output(), s.weights());
                    return a.f("dropout_p", 0) > 0 ? Outcome.random(both) : both;
                });
        add("module.MultiheadAttention", "query key value key_padding_mask need_weights attn_mask"
                + " average_attn_weights params num_heads", ModuleTable::multihead);
        add("module.TransformerEncoderLayer", "input src_mask src_key_padding_mask params nhead norm_first activation",
                ModuleTable::encoderLayer);
    }

    private static Object multihead(Args a) {
        int heads = (int) a.i("num_heads", 2);
        AttentionOptions options = new AttentionOptions().batchFirst(true).bias(bias(a, "in_proj_bias"))
                .widths(a.t("key").size(-1), a.t("value").size(-1));
        MultiheadAttention m = new MultiheadAttention(a.t("query").size(-1), heads, options);
        return run(a, m, () -> {
            if (!a.b("need_weights", true)) {
                return m.call(a.t("query"), a.t("key"), a.t("value"), a.opt("key_padding_mask"), a.opt("attn_mask"));
            }
            var y = m.callWithWeights(a.t("query"), a.t("key"), a.t("value"), a.opt("key_padding_mask"),
                    a.opt("attn_mask"), a.b("average_attn_weights", true));
            return Arrays.<@Nullable Object>asList(y.output(), y.weights());
        });
    }

    private static Object encoderLayer(Args a) {
        TransformerOptions options = new TransformerOptions().dropout(0).batchFirst(true)
                .feedforward(need(a.tensors("params"), "linear1.weight").size(0))
                .normFirst(a.b("norm_first", false)).bias(bias(a, "linear1.bias"))
                .activation(a.s("activation", "relu").equals("gelu") ? TransformerOptions.Activation.GELU
                        : TransformerOptions.Activation.RELU);
        TransformerEncoderLayer m = new TransformerEncoderLayer(a.x().size(-1), (int) a.i("nhead"), options);
        return run(a, m, () -> m.call(a.x(), a.opt("src_mask"), a.opt("src_key_padding_mask")));
    }
}
