package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.functional.Linears;
import dev.tenon.nn.functional.Norms;
import dev.tenon.nn.functional.Recurrences;
import dev.tenon.nn.functional.Recurrences.Cell;
import dev.tenon.nn.functional.Recurrences.State;
import dev.tenon.nn.functional.Recurrences.Weights;
import dev.tenon.nn.optim.GradientClipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

    private static Cell cell(Args a, String kind) {
        return switch (kind) {
            case "LSTM" -> Recurrences.LSTM;
            case "GRU" -> Recurrences.GRU;
            default -> Recurrences.rnn(a.s("nonlinearity", "tanh").equals("relu") ? Tensor::relu : Tensor::tanh);
        };
    }

    private static void recurrent() {
        for (String kind : new String[] {"LSTM", "GRU", "RNN"}) {
            add("module." + kind,
                    "input hx params num_layers bidirectional batch_first bias nonlinearity dropout",
                    a -> layers(a, kind));
            add("module." + kind + "Cell", "input hx params bias nonlinearity", a -> {
                Map<String, Tensor> p = a.tensors("params");
                State s = Recurrences.step(cell(a, kind), a.x(), state(a, -1), weights(p, ""));
                return s.memory() == null ? s.hidden() : List.of(s.hidden(), s.memory());
            });
        }
    }

    private static Weights weights(Map<String, Tensor> p, String suffix) {
        return new Weights(need(p, "weight_ih" + suffix), need(p, "weight_hh" + suffix), p.get("bias_ih" + suffix),
                p.get("bias_hh" + suffix));
    }

    private static Tensor need(Map<String, Tensor> p, String name) {
        Tensor t = p.get(name);
        if (t == null) {
            throw new TensorException("parameter " + name + " is missing among " + p.keySet());
        }
        return t;
    }

    /// The given state of a layer and direction, or all of it for -1.
    private static State state(Args a, int number) {
        Object hx = a.get("hx");
        Tensor h = hx instanceof List<?> l ? (Tensor) l.get(0) : a.t("hx");
        Tensor c = hx instanceof List<?> l ? (Tensor) l.get(1) : null;
        return number < 0 ? new State(h, c)
                : new State(h.select(0, number), c == null ? null : c.select(0, number));
    }

    private static Object layers(Args a, String kind) {
        Map<String, Tensor> p = a.tensors("params");
        boolean batchFirst = a.b("batch_first", false);
        int directions = a.b("bidirectional", false) ? 2 : 1;
        Tensor x = batchFirst ? a.x().transpose(0, 1) : a.x();
        List<Tensor> hidden = new ArrayList<>();
        List<Tensor> memory = new ArrayList<>();
        for (int l = 0; l < a.i("num_layers", 1); l++) {
            List<Tensor> outputs = new ArrayList<>();
            for (int d = 0; d < directions; d++) {
                Weights w = weights(p, "_l" + l + (d == 1 ? "_reverse" : ""));
                var s = Recurrences.layer(cell(a, kind), x, state(a, l * directions + d), w, d == 1);
                outputs.add(s.outputs());
                hidden.add(s.last().hidden());
                Tensor m = s.last().memory();
                if (m != null) {
                    memory.add(m);
                }
            }
            x = directions == 1 ? outputs.getFirst() : Tensors.cat(-1, outputs);
        }
        Tensor y = batchFirst ? x.transpose(0, 1) : x;
        Tensor h = Tensors.stack(0, hidden);
        return memory.isEmpty() ? List.of(y, h) : List.of(y, List.of(h, Tensors.stack(0, memory)));
    }

    private static void attention() {
        add("nn.functional._scaled_dot_product_attention",
                "query key value attn_mask dropout_p need_attn_weights is_causal", a -> {
                    if (a.f("dropout_p", 0) > 0) {
                        throw new NotComparable("the result is random");
                    }
                    var s = Attentions.scaledDotProduct(a.t("query"), a.t("key"), a.t("value"), a.opt("attn_mask"),
                            a.b("is_causal", false), a.f("dropout_p", 0));
                    return List.of(s.output(), s.weights());
                });
        add("module.MultiheadAttention", "query key value key_padding_mask need_weights attn_mask"
                + " average_attn_weights params num_heads", a -> {
                    Map<String, Tensor> p = a.tensors("params");
                    var s = Attentions.multiHead(a.t("query"), a.t("key"), a.t("value"), (int) a.i("num_heads", 2),
                            need(p, "in_proj_weight"), p.get("in_proj_bias"), need(p, "out_proj.weight"),
                            p.get("out_proj.bias"), a.opt("attn_mask"), a.opt("key_padding_mask"), 0);
                    Tensor w = a.b("average_attn_weights", true) ? s.weights().mean(1) : s.weights();
                    return a.b("need_weights", true) ? List.of(s.output(), w) : s.output();
                });
        add("module.TransformerEncoderLayer", "input src_mask src_key_padding_mask params nhead norm_first activation",
                ModuleTable::encoderLayer);
    }

    private static Tensor encoderLayer(Args a) {
        Map<String, Tensor> p = a.tensors("params");
        boolean normFirst = a.b("norm_first", false);
        Tensor x = a.x();
        Tensor y = normFirst ? norm(x, p, "norm1") : x;
        Tensor attended = Attentions.multiHead(y, y, y, (int) a.i("nhead"), need(p, "self_attn.in_proj_weight"),
                p.get("self_attn.in_proj_bias"), need(p, "self_attn.out_proj.weight"),
                p.get("self_attn.out_proj.bias"), a.opt("src_mask"), a.opt("src_key_padding_mask"), 0).output();
        x = normFirst ? x.add(attended) : norm(x.add(attended), p, "norm1");
        Tensor inner = Linears.linear(normFirst ? norm(x, p, "norm2") : x, need(p, "linear1.weight"),
                p.get("linear1.bias"));
        inner = a.s("activation", "relu").equals("gelu") ? inner.gelu() : inner.relu();
        Tensor fed = Linears.linear(inner, need(p, "linear2.weight"), p.get("linear2.bias"));
        return normFirst ? x.add(fed) : norm(x.add(fed), p, "norm2");
    }

    private static Tensor norm(Tensor x, Map<String, Tensor> p, String name) {
        Tensor w = need(p, name + ".weight");
        return Norms.layerNorm(x, w.shape(), w, p.get(name + ".bias"), 1e-5);
    }
}
