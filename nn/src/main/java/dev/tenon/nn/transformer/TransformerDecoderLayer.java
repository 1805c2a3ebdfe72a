package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import java.util.List;

/// Attention of a sequence to itself and to a memory, then two linear maps with an activation in between; each with
/// dropout, a residual connection and layer normalisation (Vaswani et al., 2017). Names of parts are PyTorch's:
/// `self_attn`, `multihead_attn`, `linear1`, `linear2`, `norm1`, `norm2`, `norm3`.
public final class TransformerDecoderLayer extends Module {
    private final TransformerOptions options;
    private final MultiheadAttention selfAttention;
    private final MultiheadAttention memoryAttention;
    private final Linear linear1;
    private final Dropout dropout;
    private final Linear linear2;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final LayerNorm norm3;
    private final Dropout dropout1;
    private final Dropout dropout2;
    private final Dropout dropout3;

    /// A layer with the usual settings.
    public TransformerDecoderLayer(long width, int heads) {
        this(width, heads, new TransformerOptions());
    }

    /// A layer.
    public TransformerDecoderLayer(long width, int heads, TransformerOptions options) {
        this.options = options;
        this.selfAttention = register("self_attn", new MultiheadAttention(width, heads, options.attention()));
        this.memoryAttention = register("multihead_attn", new MultiheadAttention(width, heads, options.attention()));
        this.linear1 = register("linear1", new Linear(width, options.feedforward(), options.bias()));
        this.dropout = register("dropout", new Dropout(options.dropout()));
        this.linear2 = register("linear2", new Linear(options.feedforward(), width, options.bias()));
        this.norm1 = register("norm1", TransformerEncoderLayer.norm(width, options));
        this.norm2 = register("norm2", TransformerEncoderLayer.norm(width, options));
        this.norm3 = register("norm3", TransformerEncoderLayer.norm(width, options));
        this.dropout1 = register("dropout1", new Dropout(options.dropout()));
        this.dropout2 = register("dropout2", new Dropout(options.dropout()));
        this.dropout3 = register("dropout3", new Dropout(options.dropout()));
    }

    /// Runs the hooks and the layer, without masks.
    public Tensor call(Tensor target, Tensor memory) {
        return call(target, memory, new DecoderMasks());
    }

    /// Runs the hooks and the layer.
    ///
    /// @param target `[time, n, width]`, or as set
    /// @param memory what an encoder gave, `[source time, n, width]`
    public Tensor call(Tensor target, Tensor memory, DecoderMasks masks) {
        return callHooked(List.of(target, memory), in -> List.of(forward(in.get(0), in.get(1), masks))).getFirst();
    }

    private Tensor forward(Tensor target, Tensor memory, DecoderMasks m) {
        if (options.normFirst()) {
            Tensor x = target.add(attend(norm1.call(target), m));
            x = x.add(recall(norm2.call(x), memory, m));
            return x.add(feed(norm3.call(x)));
        }
        Tensor x = norm1.call(target.add(attend(target, m)));
        x = norm2.call(x.add(recall(x, memory, m)));
        return norm3.call(x.add(feed(x)));
    }

    private Tensor attend(Tensor x, DecoderMasks m) {
        return dropout1.call(selfAttention.call(x, x, x, m.targetPadding(), m.target()));
    }

    private Tensor recall(Tensor x, Tensor memory, DecoderMasks m) {
        return dropout2.call(memoryAttention.call(x, memory, memory, m.memoryPadding(), m.memory()));
    }

    private Tensor feed(Tensor x) {
        return dropout3.call(linear2.call(dropout.call(options.activation().apply(linear1.call(x)))));
    }

    @Override
    protected String settings() {
        return options.text();
    }
}
