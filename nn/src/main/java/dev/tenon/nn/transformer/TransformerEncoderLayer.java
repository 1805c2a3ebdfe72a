package dev.tenon.nn.transformer;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Attention of a sequence to itself, then two linear maps with an activation in between; each with dropout, a residual
/// connection and layer normalisation (Vaswani et al., 2017). Names of parts are PyTorch's: `self_attn`, `linear1`,
/// `linear2`, `norm1`, `norm2`.
public final class TransformerEncoderLayer extends Module {
    private final TransformerOptions options;
    private final MultiheadAttention selfAttention;
    private final Linear linear1;
    private final Dropout dropout;
    private final Linear linear2;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final Dropout dropout1;
    private final Dropout dropout2;

    /// A layer with the usual settings.
    public TransformerEncoderLayer(long width, int heads) {
        this(width, heads, new TransformerOptions());
    }

    /// A layer.
    public TransformerEncoderLayer(long width, int heads, TransformerOptions options) {
        this.options = options;
        this.selfAttention = register("self_attn", new MultiheadAttention(width, heads, options.attention()));
        this.linear1 = register("linear1", new Linear(width, options.feedforward(), options.bias()));
        this.dropout = register("dropout", new Dropout(options.dropout()));
        this.linear2 = register("linear2", new Linear(options.feedforward(), width, options.bias()));
        this.norm1 = register("norm1", norm(width, options));
        this.norm2 = register("norm2", norm(width, options));
        this.dropout1 = register("dropout1", new Dropout(options.dropout()));
        this.dropout2 = register("dropout2", new Dropout(options.dropout()));
    }

    static LayerNorm norm(long width, TransformerOptions options) {
        return new LayerNorm(Shape.of(width), options.epsilon(), true, options.bias());
    }

    @Override
    public Tensor forward(Tensor source) {
        return forward(source, null, null);
    }

    /// Runs the hooks and the layer.
    ///
    /// @param source `[time, n, width]`, or as set
    /// @param mask which positions a position may not attend to (`BOOL`), or what is added to the scores,
    ///     `[time, time]` or `[n * heads, time, time]`; or null
    /// @param padding which positions do not count (`BOOL`, true for padding), `[n, time]`; or null
    public Tensor call(Tensor source, @Nullable Tensor mask, @Nullable Tensor padding) {
        return callHooked(List.of(source), in -> List.of(forward(in.getFirst(), mask, padding))).getFirst();
    }

    private Tensor forward(Tensor source, @Nullable Tensor mask, @Nullable Tensor padding) {
        if (options.normFirst()) {
            Tensor x = source.add(attend(norm1.call(source), mask, padding));
            return x.add(feed(norm2.call(x)));
        }
        Tensor x = norm1.call(source.add(attend(source, mask, padding)));
        return norm2.call(x.add(feed(x)));
    }

    private Tensor attend(Tensor x, @Nullable Tensor mask, @Nullable Tensor padding) {
        return dropout1.call(selfAttention.call(x, x, x, padding, mask));
    }

    private Tensor feed(Tensor x) {
        return dropout2.call(linear2.call(dropout.call(options.activation().apply(linear1.call(x)))));
    }

    @Override
    protected String settings() {
        return options.text();
    }
}
