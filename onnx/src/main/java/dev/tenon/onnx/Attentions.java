package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention, softmax and linear, and what goes with it.
final class Attentions {
    private Attentions() {}

    static void register(Operators r) {
        r.add("Attention", 23, Attentions::attention);
        r.same("RotaryEmbedding", 23, Attentions::rotary);
        r.add("LinearAttention", 27, Attentions::linear);
        r.add("CausalConvWithState", 27, Attentions::causalConvolution);
    }

    static void registerPreview(Operators r) {
        r.add("FlexAttention", 1, Operators.Trait.RAW, Attentions::flexible);
    }

    /// Splits a packed last axis into heads: `[b, t, heads * d]` to `[b, heads, t, d]`.
    private static Tensor heads(Tensor x, long heads) {
        if (heads < 1 || x.size(2) % heads != 0) {
            throw new IllegalArgumentException("input " + x.shape() + " has no " + heads + " heads");
        }
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }

    private static Tensor packed(Tensor x) {
        Tensor t = x.transpose(1, 2);
        return t.reshape(t.size(0), t.size(1), t.size(2) * t.size(3));
    }

    /// Each head of keys and values for the group of query heads that share it.
    private static Tensor grouped(Tensor x, long queryHeads) {
        if (x.size(1) == queryHeads || x.size(1) == 0 || queryHeads % x.size(1) != 0) {
            return x;
        }
        return x.repeatInterleave(queryHeads / x.size(1), 1);
    }

    private static List<OnnxValue> attention(Call c) {
        boolean flat = c.x(0).rank() == 3;
        long queryHeads = c.attr("q_num_heads", 0);
        long keyHeads = c.attr("kv_num_heads", 0);
        Tensor q = flat ? heads(c.x(0), queryHeads) : c.x(0);
        Tensor k = flat ? heads(c.x(1), keyHeads) : c.x(1);
        Tensor v = flat ? heads(c.x(2), keyHeads) : c.x(2);
        long past = c.has(4) ? c.x(4).size(2) : 0;
        if (c.has(4)) {
            k = Arrangements.join(2, List.of(c.x(4), k));
            v = Arrangements.join(2, List.of(c.x(5), v));
        }
        DType dtype = q.dtype();
        double scale = Math.sqrt(c.attr("scale", 1 / Math.sqrt(q.size(3))));
        Tensor scores = q.mul(scale).matmul(grouped(k, q.size(1)).mul(scale).mT());
        long mode = c.attr("qk_matmul_output_mode", 0);
        Tensor shown = scores;
        double softcap = c.attr("softcap", 0.0);
        if (softcap > 0) {
            scores = scores.div(softcap).tanh().mul(softcap);
            shown = mode == 1 ? scores : shown;
        }
        Tensor allowed = allowed(c, q.size(2), k.size(2), past);
        Tensor bias = bias(c, k.size(2), dtype);
        if (bias != null) {
            scores = scores.add(bias);
        }
        double none = Double.NEGATIVE_INFINITY;
        if (allowed != null) {
            scores = scores.where(allowed, Tensors.full(Shape.SCALAR, none, dtype, q.device()));
        }
        shown = mode == 2 ? scores : shown;
        DType precision = c.hasAttr("softmax_precision") ? Call.type(c.attr("softmax_precision", 1)).dtype() : dtype;
        Tensor weights = scores.to(precision).softmax(-1);
        if (allowed != null || bias != null) {
            // A query that may look at nothing gives zeros.
            Tensor blocked = bias == null ? null : bias.isNegInf();
            Tensor hidden = allowed == null ? blocked
                    : blocked == null ? allowed.logicalNot() : blocked.logicalOr(allowed.logicalNot());
            if (hidden != null && k.size(2) > 0) {
                Tensor alone = hidden.expand(Shape.broadcast("mask", hidden.shape(), Shape.of(1, k.size(2))))
                        .all(new int[] {-1}, true);
                weights = Tensors.full(Shape.SCALAR, 0, precision, q.device()).where(alone, weights);
            }
        }
        shown = mode == 3 ? weights : shown;
        Tensor y = weights.to(dtype).matmul(grouped(v, q.size(1)));
        return List.of(c.like(0, flat ? packed(y) : y), c.like(1, k), c.like(2, v), c.like(0, shown));
    }

    /// What is added to the scores, or null. A mask that is too short says nothing good about the keys beyond it.
    private static @Nullable Tensor bias(Call c, long keys, DType dtype) {
        if (!c.has(3) || c.x(3).dtype() == DType.BOOL) {
            return null;
        }
        Tensor mask = c.x(3).to(dtype);
        return padded(mask, keys, Tensors.full(Shape.SCALAR, Double.NEGATIVE_INFINITY, dtype, mask.device()));
    }

    private static Tensor padded(Tensor mask, long keys, Tensor value) {
        long[] high = new long[mask.rank()];
        high[mask.rank() - 1] = keys - mask.size(-1);
        return Arrangements.constantPad(mask, new long[mask.rank()], high, value);
    }

    /// Which keys a query may look at, or null for all.
    private static @Nullable Tensor allowed(Call c, long queries, long keys, long past) {
        Tensor allowed = null;
        if (c.has(3) && c.x(3).dtype() == DType.BOOL) {
            allowed = padded(c.x(3), keys, c.full(Shape.SCALAR, 0, DType.BOOL));
        }
        Tensor key = Tensors.arange(0, keys, 1, DType.I64, c.device());
        Tensor query = Tensors.arange(0, queries, 1, DType.I64, c.device()).unsqueeze(1);
        Tensor lengths = c.has(6) ? c.x(6).to(DType.I64).reshape(-1, 1, 1, 1) : null;
        Tensor position = lengths != null && !c.has(4) ? query.add(lengths.sub(queries)) : query.add(past);
        long left = c.attr("left_window_size", -1);
        long right = c.attr("right_window_size", -1);
        if (c.flag("is_causal", false)) {
            allowed = and(allowed, key.le(position));
        }
        if (left >= 0) {
            allowed = and(allowed, position.sub(key).le(left));
        }
        if (right >= 0) {
            allowed = and(allowed, key.sub(position).le(right));
        }
        return lengths == null ? allowed : and(allowed, key.lt(lengths));
    }

    private static Tensor and(@Nullable Tensor a, Tensor b) {
        return a == null ? b : a.logicalAnd(b);
    }

    private static List<OnnxValue> flexible(Call c) {
        Tensor q = c.x(0);
        Tensor k = grouped(c.x(1), q.size(1));
        Tensor v = grouped(c.x(2), q.size(1));
        DType dtype = q.dtype();
        OnnxType precision = c.typeAttr("softmax_precision", dtype == DType.F64 ? OnnxType.DOUBLE : OnnxType.FLOAT);
        double scale = c.attr("scale", 1 / Math.sqrt(q.size(3)));
        Tensor scores = modified(c, "score_mod", q.matmul(k.mT()).mul(scale).to(precision.dtype()), precision);
        Tensor weights = modified(c, "prob_mod", scores.softmax(-1), precision);
        return List.of(c.like(0, weights.to(dtype).matmul(v)));
    }

    private static Tensor modified(Call c, String name, Tensor x, OnnxType type) {
        return c.hasAttr(name) ? c.run(c.attributes().graph(name), List.of(OnnxValue.of(type, x))).getFirst().tensor()
                : x;
    }

    /// Rotary position embedding (Su et al., 2021).
    private static Tensor rotary(Call c) {
        Tensor given = c.x(0);
        boolean flat = given.rank() == 3;
        Tensor x = flat ? heads(given, c.attr("num_heads", 0)) : given;
        long turned = c.attr("rotary_embedding_dim", 0);
        long width = turned == 0 ? x.size(3) : turned;
        Tensor cos = c.x(1);
        Tensor sin = c.x(2);
        if (c.has(3)) {
            cos = Indexing.gather(cos, c.x(3), 0);
            sin = Indexing.gather(sin, c.x(3), 0);
        }
        cos = cos.unsqueeze(1);
        sin = sin.unsqueeze(1);
        boolean interleaved = c.flag("interleaved", false);
        Tensor part = x.narrow(3, 0, width);
        Tensor pairs = interleaved ? part.unflatten(3, width / 2, 2) : part.unflatten(3, 2, width / 2);
        int axis = interleaved ? 4 : 3;
        Tensor a = pairs.select(axis, 0);
        Tensor b = pairs.select(axis, 1);
        Tensor real = cos.mul(a).sub(sin.mul(b));
        Tensor imaginary = sin.mul(a).add(cos.mul(b));
        Tensor rotated = Tensors.stack(axis, real, imaginary).reshape(part.shape());
        Tensor y = width == x.size(3) ? rotated
                : Tensors.cat(3, rotated, x.narrow(3, width, x.size(3) - width));
        return flat ? packed(y) : y;
    }

    /// Attention as a recurrence over a matrix of state (Katharopoulos et al., 2020; Yang et al., 2024).
    private static List<OnnxValue> linear(Call c) {
        long queryHeads = c.attr("q_num_heads", 0);
        long keyHeads = c.attr("kv_num_heads", 0);
        DType work = c.x(0).dtype().kind().dtype();
        Tensor q = heads(c.x(0), queryHeads).to(work);
        Tensor k = heads(c.x(1), keyHeads).to(work);
        Tensor v = heads(c.x(2), keyHeads).to(work);
        String rule = c.attr("update_rule", "gated_delta");
        boolean gated = rule.startsWith("gated");
        boolean delta = rule.endsWith("delta");
        if (gated && !c.has(4) || delta && !c.has(5)) {
            throw new IllegalArgumentException("update rule \"" + rule + "\" takes " + (gated ? "a decay" : "")
                    + (gated && delta ? " and " : "") + (delta ? "a rate" : ""));
        }
        double given = c.attr("scale", 0.0);
        double scale = given == 0 ? 1 / Math.sqrt(q.size(3)) : given;
        Tensor decay = gated ? heads(c.x(4), keyHeads).to(work).exp() : null;
        Tensor rate = delta ? c.x(5).to(work).transpose(1, 2) : null;
        Shape stateShape = Shape.of(q.size(0), keyHeads, k.size(3), v.size(3));
        Tensor state = c.has(3) ? c.x(3).to(work) : c.full(stateShape, 0, work);
        List<Tensor> out = new ArrayList<>();
        for (long t = 0; t < q.size(2); t++) {
            Tensor kt = k.select(2, t).unsqueeze(3);
            Tensor vt = v.select(2, t).unsqueeze(2);
            if (decay != null) {
                state = state.mul(decay.select(2, t).unsqueeze(3));
            }
            if (rate != null) {
                Tensor seen = kt.mT().matmul(state);
                state = state.add(kt.matmul(vt.sub(seen).mul(rate.select(2, t).unsqueeze(2).unsqueeze(3))));
            } else {
                state = state.add(kt.matmul(vt));
            }
            out.add(q.select(2, t).unsqueeze(2).matmul(grouped(state, queryHeads)).mul(scale));
        }
        Tensor y = out.isEmpty() ? c.full(Shape.of(q.size(0), queryHeads, 0, v.size(3)), 0, work) : Tensors.cat(2, out);
        return List.of(c.like(0, packed(y)), c.has(3) ? c.like(3, state) : c.like(0, state));
    }

    private static List<OnnxValue> causalConvolution(Call c) {
        Tensor x = c.x(0);
        Tensor w = c.x(1);
        long k = w.size(2);
        Tensor past = c.has(3) ? c.x(3) : c.full(Shape.of(x.size(0), x.size(1), k - 1), 0, x.dtype());
        Tensor all = k == 1 ? x : Arrangements.join(2, List.of(past, x));
        Tensor state = all.narrow(2, all.size(2) - (k - 1), k - 1);
        DType work = x.dtype().kind().dtype();
        Tensor windows = all.to(work).unfold(2, k, 1);
        Tensor y = windows.mul(w.to(work).squeeze(1).unsqueeze(1)).sum(-1);
        y = c.has(2) ? y.add(c.x(2).to(work).unsqueeze(1)) : y;
        y = switch (c.attr("activation", "none")) {
            case "none" -> y;
            case "silu", "swish" -> y.silu();
            default -> throw new IllegalArgumentException("activation \"" + c.attr("activation", "")
                    + "\": expected none, silu or swish");
        };
        return List.of(c.like(0, y), c.like(0, state));
    }
}
