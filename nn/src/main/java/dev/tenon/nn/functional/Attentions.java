package dev.tenon.nn.functional;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Attention;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention (Vaswani et al., 2017).
public final class Attentions {
    private Attentions() {}

    /// The attended values, and how much each of them counted (null where that was not asked for).
    public record Attended(Tensor output, @Nullable Tensor weights) {}

    /// softmax(scale Q Kᵀ + mask) V as one op, which need not hold all scores at once.
    ///
    /// @param query `[..., queries, width]`
    /// @param key `[..., keys, width]`
    /// @param value `[..., keys, values]`
    /// @param mask which keys a query may attend to (`BOOL`), or what is added to the scores; broadcasts to
    ///     `[..., queries, keys]`; or null
    /// @param causal whether query i only attends to keys up to i
    /// @param scale what the scores are multiplied by
    /// @return `[..., queries, values]`
    /// @throws TensorException if shapes do not fit, or there are both a mask and causality
    public static Tensor attention(
            Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal, double scale) {
        check(query, key, value, mask, causal);
        int rank = query.rank();
        Shape leading = query.shape().slice(0, rank - 2);
        boolean same = key.rank() == rank && value.rank() == rank && leading.equals(key.shape().slice(0, rank - 2))
                && leading.equals(value.shape().slice(0, rank - 2));
        if (!same) {
            return scaledDotProduct(query, key, value, mask, causal, 0, scale).output;
        }
        List<Tensor> in = new ArrayList<>(List.of(query, key, value));
        if (mask != null) {
            in.add(mask.dtype() == DType.BOOL ? added(mask.logicalNot(), query.dtype()) : mask);
        }
        return Dispatcher.apply(new Attention(causal, scale), in).getFirst();
    }

    /// softmax(Q Kᵀ / √width + mask) V.
    ///
    /// @param query `[..., queries, width]`
    /// @param key `[..., keys, width]`
    /// @param value `[..., keys, values]`
    /// @param mask which keys a query may attend to (`BOOL`), or what is added to the scores; broadcasts to
    ///     `[..., queries, keys]`; or null
    /// @param causal whether query i only attends to keys up to i
    /// @param dropout the probability with which a weight is dropped; 0 outside of training
    public static Attended scaledDotProduct(
            Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal, double dropout) {
        return scaledDotProduct(query, key, value, mask, causal, dropout, 1 / Math.sqrt(query.size(-1)));
    }

    /// softmax(scale Q Kᵀ + mask) V.
    ///
    /// @param query `[..., queries, width]`
    /// @param key `[..., keys, width]`
    /// @param value `[..., keys, values]`
    /// @param mask which keys a query may attend to (`BOOL`), or what is added to the scores; broadcasts to
    ///     `[..., queries, keys]`; or null
    /// @param causal whether query i only attends to keys up to i
    /// @param dropout the probability with which a weight is dropped; 0 outside of training
    /// @param scale what the scores are multiplied by
    /// @throws TensorException if shapes do not fit, or there are both a mask and causality
    public static Attended scaledDotProduct(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask,
            boolean causal, double dropout, double scale) {
        check(query, key, value, mask, causal);
        Tensor scores = query.mul(scale).matmul(key.mT());
        Tensor m = mask;
        if (causal) {
            Tensor rows = Tensors.arange(0, query.size(-2), 1, DType.I64, query.device()).unsqueeze(1);
            m = rows.ge(Tensors.arange(0, key.size(-2), 1, DType.I64, query.device()));
        }
        if (m != null) {
            scores = m.dtype() == DType.BOOL
                    ? scores.maskedFill(m.logicalNot(), Double.NEGATIVE_INFINITY)
                    : scores.add(m);
        }
        Tensor weights = Dropouts.dropout(scores.softmax(-1), dropout, dropout > 0);
        return new Attended(weights.matmul(value), weights);
    }

    private static void check(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        boolean fits = query.rank() >= 2 && key.rank() >= 2 && value.rank() >= 2 && query.size(-1) == key.size(-1)
                && key.size(-2) == value.size(-2);
        if (!fits) {
            throw new TensorException("scaled_dot_product_attention: query " + query.shape() + ", key " + key.shape()
                    + ", value " + value.shape()
                    + ": expected [..., queries, width], [..., keys, width] and [..., keys, values]");
        }
        if (causal && mask != null) {
            throw new TensorException("scaled_dot_product_attention: both a mask and causal: give one of them");
        }
    }

    /// Attention with several heads: query, key and value are mapped linearly, cut into heads, attended to, put
    /// together and mapped again.
    ///
    /// @param query `[n, queries, width]`
    /// @param key `[n, keys, width]`
    /// @param value `[n, keys, width]`
    /// @param inWeight the maps of query, key and value one below the other, `[3 width, width]`
    /// @param inBias `[3 width]`, or null
    /// @param outWeight `[width, width]`
    /// @param outBias `[width]`, or null
    /// @param mask which keys a query may not attend to (`BOOL`), or what is added to the scores: `[queries, keys]` or
    ///     `[n * heads, queries, keys]`; or null
    /// @param keyPadding which keys do not count at all (`BOOL`), or what is added, `[n, keys]`; or null
    /// @return the output `[n, queries, width]`, and the weights of each head `[n, heads, queries, keys]`
    public static Attended multiHead(Tensor query, Tensor key, Tensor value, int heads, Tensor inWeight,
            @Nullable Tensor inBias, Tensor outWeight, @Nullable Tensor outBias, @Nullable Tensor mask,
            @Nullable Tensor keyPadding, double dropout) {
        long width = query.size(-1);
        if (inWeight.rank() != 2 || inWeight.size(0) != 3 * width) {
            throw new TensorException("multi_head_attention: query " + query.shape() + ", weight " + inWeight.shape()
                    + ": expected [n, queries, width] and [3 width, width]");
        }
        return multiHead(query, key, value, heads, List.of(inWeight), inBias, outWeight, outBias, mask, keyPadding, dropout, true);
    }

    /// As [#multiHead(Tensor, Tensor, Tensor, int, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, double)], with maps
    /// of their own for keys and values of other widths.
    ///
    /// @param inWeights the maps of query, key and value, each `[width, its width]`; or all in one, `[3 width, width]`
    /// @param withWeights whether the weights of each head are wanted, which takes longer
    public static Attended multiHead(Tensor query, Tensor key, Tensor value, int heads, List<Tensor> inWeights,
            @Nullable Tensor inBias, Tensor outWeight, @Nullable Tensor outBias, @Nullable Tensor mask,
            @Nullable Tensor keyPadding, double dropout, boolean withWeights) {
        long width = query.size(-1);
        boolean fits = query.rank() == 3 && key.rank() == 3 && value.rank() == 3 && heads > 0 && width % heads == 0
                && query.size(0) == key.size(0) && key.size(0) == value.size(0) && key.size(1) == value.size(1);
        if (!fits) {
            throw new TensorException("multi_head_attention: query " + query.shape() + ", key " + key.shape()
                    + ", value " + value.shape() + ", " + heads
                    + " heads: expected [n, queries, width], twice [n, keys, ...], and a divisor of width");
        }
        checkMasks(query, key, heads, mask, keyPadding);
        Tensor[] parts = heads(query, key, value, heads, inWeights, inBias);
        Tensor added = asAddition(mask, query.dtype());
        if (added != null && added.rank() == 3) {
            added = added.unflatten(0, query.size(0), heads);
        }
        Tensor padding = asAddition(keyPadding, query.dtype());
        if (padding != null) {
            padding = padding.unsqueeze(1).unsqueeze(1);
            added = added == null ? padding : added.add(padding);
        }
        double scale = 1 / Math.sqrt((double) width / heads);
        Attended a = withWeights || dropout > 0
                ? scaledDotProduct(parts[0], parts[1], parts[2], added, false, dropout, scale)
                : new Attended(attention(parts[0], parts[1], parts[2], added, false, scale), null);
        Tensor joined = a.output.transpose(1, 2).flatten(2, 3);
        return new Attended(Linears.linear(joined, outWeight, outBias), a.weights);
    }

    /// Queries, keys and values by head, `[n, heads, length, width / heads]`. Where all three come from one tensor, and
    /// their maps are one, one product makes them.
    private static Tensor[] heads(Tensor query, Tensor key, Tensor value, int heads, List<Tensor> inWeights,
            @Nullable Tensor inBias) {
        long width = query.size(-1);
        Tensor[] parts = {query, key, value};
        if (inWeights.size() == 1 && query == key && key == value) {
            Tensor mapped = Linears.linear(query, inWeights.getFirst(), inBias);
            List<Tensor> three = Parts.of(mapped.unflatten(2, 3, heads, width / heads), 3, 2);
            Arrays.setAll(parts, i -> three.get(i).squeeze(2).transpose(1, 2));
            return parts;
        }
        List<Tensor> each = inWeights.size() == 1 ? inWeights.getFirst().split(width, 0) : inWeights;
        for (int i = 0; i < 3; i++) {
            Tensor bias = inBias == null ? null : inBias.narrow(0, i * width, width);
            Tensor mapped = Linears.linear(parts[i], each.get(i), bias);
            parts[i] = mapped.unflatten(2, heads, width / heads).transpose(1, 2);
        }
        return parts;
    }

    private static void checkMasks(
            Tensor query, Tensor key, int heads, @Nullable Tensor mask, @Nullable Tensor keyPadding) {
        long n = query.size(0);
        Shape scores = Shape.of(query.size(1), key.size(1));
        Shape perHead = Shape.of(n * heads).concat(scores);
        if (mask != null && !mask.shape().equals(scores) && !mask.shape().equals(perHead)) {
            throw new TensorException("multi_head_attention: attention mask " + mask.shape() + ": expected " + scores
                    + " or " + perHead);
        }
        Shape keys = Shape.of(n, key.size(1));
        if (keyPadding != null && !keyPadding.shape().equals(keys)) {
            throw new TensorException("multi_head_attention: key padding mask " + keyPadding.shape() + ": expected "
                    + keys);
        }
    }

    /// The mask, for several heads, that keeps each position from attending to later ones: `BOOL` `[length, length]`,
    /// true above the diagonal.
    public static Tensor causalMask(long length, Device device) {
        Tensor at = Tensors.arange(0, length, 1, DType.I64, device);
        return at.unsqueeze(1).lt(at);
    }

    private static @Nullable Tensor asAddition(@Nullable Tensor mask, DType dtype) {
        if (mask == null || mask.dtype() != DType.BOOL) {
            return mask;
        }
        return added(mask, dtype);
    }

    /// What is added to the scores of keys that do not count.
    private static Tensor added(Tensor masked, DType dtype) {
        return Tensors.zeros(masked.shape(), dtype, masked.device()).maskedFill(masked, Double.NEGATIVE_INFINITY);
    }
}
