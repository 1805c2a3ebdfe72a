package dev.tenon.nn.transformer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Linear;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention with several heads (Vaswani et al., 2017): queries, keys and values are mapped linearly, cut into heads,
/// each of which attends by itself, put together and mapped again.
///
/// Parameters: `in_proj_weight` `[3 width, width]` (query, key, value), or where widths differ `q_proj_weight`,
/// `k_proj_weight` and `v_proj_weight` `[width, its width]`; `in_proj_bias` `[3 width]`; `out_proj.weight` and
/// `out_proj.bias`. Weights of the first maps start by Glorot and Bengio's uniform distribution, shifts at zero.
///
/// Sequences are `[time, n, width]`, `[n, time, width]` with `batchFirst`, or `[time, width]` for a single one.
public final class MultiheadAttention extends Module {
    private final int heads;
    private final long width;
    private final AttentionOptions options;
    private final List<Parameter> inWeights = new ArrayList<>();
    private final @Nullable Parameter inBias;
    private final Linear out;

    /// What attention gives.
    ///
    /// @param output arranged as the queries
    /// @param weights how much each key counted for each query, the mean over the heads, `[n, queries, keys]`; or null
    public record Output(Tensor output, @Nullable Tensor weights) {}

    /// Attention of one width, with shifts.
    public MultiheadAttention(long width, int heads) {
        this(width, heads, new AttentionOptions());
    }

    /// Attention as given.
    public MultiheadAttention(long width, int heads, AttentionOptions options) {
        if (heads < 1 || width < 1 || width % heads != 0) {
            throw new TensorException("MultiheadAttention: width " + width + ", " + heads
                    + " heads: expected a number of heads that divides the width");
        }
        this.heads = heads;
        this.width = width;
        this.options = options;
        if (keyWidth() == width && valueWidth() == width) {
            weight("in_proj_weight", 3 * width, width);
        } else {
            weight("q_proj_weight", width, width);
            weight("k_proj_weight", width, keyWidth());
            weight("v_proj_weight", width, valueWidth());
        }
        this.inBias = options.bias()
                ? registerParameter("in_proj_bias", Parameter.create(Shape.of(3 * width), Init::zeros))
                : null;
        this.out = register("out_proj", new Linear(width, width, options.bias()));
        Parameter b = out.bias();
        if (b != null) {
            Init.zeros(b.get());
        }
    }

    private void weight(String name, long rows, long columns) {
        Parameter p = Parameter.create(Shape.of(rows, columns), t -> Init.xavierUniform(t, 1));
        inWeights.add(registerParameter(name, p));
    }

    private long keyWidth() {
        return options.keyWidth() == 0 ? width : options.keyWidth();
    }

    private long valueWidth() {
        return options.valueWidth() == 0 ? width : options.valueWidth();
    }

    /// The map of what the heads found.
    public Linear outProjection() {
        return out;
    }

    /// Attention of a sequence to itself.
    @Override
    public Tensor forward(Tensor x) {
        return forward(x, x, x, null, null, false, true).getFirst();
    }

    /// Attention without masks and without the weights.
    public Tensor call(Tensor query, Tensor key, Tensor value) {
        return call(query, key, value, null, null);
    }

    /// Attention without the weights.
    ///
    /// @param keyPadding which keys do not count (`BOOL`, true for padding), or what is added to their scores,
    ///     `[n, keys]`; or null
    /// @param mask which keys a query may not attend to (`BOOL`), or what is added to the scores: `[queries, keys]` or
    ///     `[n * heads, queries, keys]`; or null
    public Tensor call(Tensor query, Tensor key, Tensor value, @Nullable Tensor keyPadding, @Nullable Tensor mask) {
        return callHooked(List.of(query, key, value),
                in -> forward(in.get(0), in.get(1), in.get(2), keyPadding, mask, false, true)).getFirst();
    }

    /// Attention with the weights.
    ///
    /// @param keyPadding which keys do not count, `[n, keys]`; or null
    /// @param mask which keys a query may not attend to; or null
    /// @param average whether the weights are the mean over the heads; otherwise they are `[n, heads, queries, keys]`
    public Output callWithWeights(Tensor query, Tensor key, Tensor value, @Nullable Tensor keyPadding,
            @Nullable Tensor mask, boolean average) {
        List<Tensor> y = callHooked(List.of(query, key, value),
                in -> forward(in.get(0), in.get(1), in.get(2), keyPadding, mask, true, average));
        return new Output(y.get(0), y.get(1));
    }

    private List<Tensor> forward(Tensor query, Tensor key, Tensor value, @Nullable Tensor keyPadding,
            @Nullable Tensor mask, boolean withWeights, boolean average) {
        boolean single = query.rank() == 2;
        checkWidth("query", query, width, single);
        checkWidth("key", key, keyWidth(), single);
        checkWidth("value", value, valueWidth(), single);
        Parameter outBias = out.bias();
        List<Tensor> in = inWeights.stream().map(Parameter::get).toList();
        Tensor padding = single && keyPadding != null && keyPadding.rank() == 1 ? keyPadding.unsqueeze(0) : keyPadding;
        Tensor q = arranged(query);
        Tensor k = key == query ? q : arranged(key);
        Tensor v = value == key ? k : arranged(value);
        var y = Attentions.multiHead(q, k, v, heads, in,
                inBias == null ? null : inBias.get(), out.weight().get(), outBias == null ? null : outBias.get(),
                mask, padding, isTraining() ? options.dropout() : 0, withWeights);
        Tensor output = single ? y.output().squeeze(0) : options.batchFirst() ? y.output() : y.output().transpose(0, 1);
        Tensor weights = y.weights();
        if (!withWeights || weights == null) {
            return List.of(output);
        }
        weights = average ? weights.mean(1) : weights;
        return List.of(output, single ? weights.squeeze(0) : weights);
    }

    private Tensor arranged(Tensor x) {
        return x.rank() == 2 ? x.unsqueeze(0) : options.batchFirst() ? x : x.transpose(0, 1);
    }

    private void checkWidth(String what, Tensor x, long expected, boolean single) {
        if (x.rank() != (single ? 2 : 3) || x.size(-1) != expected) {
            throw new TensorException("MultiheadAttention: " + what + " " + x.shape() + ": expected "
                    + (single ? "[time, " : options.batchFirst() ? "[n, time, " : "[time, n, ") + expected + "]");
        }
    }

    /// Those of the maps, and of scores and values.
    @Override
    public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        Tensor query = inputs.getFirst();
        Tensor key = inputs.size() > 1 ? inputs.get(1) : query;
        long queries = query.elements() / width;
        long keys = key.elements() / keyWidth();
        int time = query.rank() == 2 || !options.batchFirst() ? 0 : 1;
        return 2 * queries * width * width + keys * width * (keyWidth() + valueWidth())
                + 2 * queries * key.size(time) * width;
    }

    @Override
    protected String settings() {
        return width + ", heads=" + heads + (options.dropout() > 0 ? ", dropout=" + options.dropout() : "")
                + (options.bias() ? "" : ", bias=false") + (options.batchFirst() ? ", batchFirst=true" : "")
                + (inWeights.size() == 1 ? "" : ", keyWidth=" + keyWidth() + ", valueWidth=" + valueWidth());
    }
}
