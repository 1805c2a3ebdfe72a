package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.ModuleList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Encoder layers one upon the other (`layers.0`, `layers.1`, ...), and perhaps a last normalisation (`norm`).
///
/// ```java
/// var encoder = new TransformerEncoder(() -> new TransformerEncoderLayer(64, 4, options), 6, new LayerNorm(64));
/// ```
public final class TransformerEncoder extends Module {
    private final ModuleList<TransformerEncoderLayer> layers;
    private final @Nullable Module norm;

    /// Layers without a last normalisation.
    public TransformerEncoder(Supplier<TransformerEncoderLayer> layer, int numLayers) {
        this(layer, numLayers, null);
    }

    /// Layers and a last normalisation.
    ///
    /// @param layer makes each layer
    public TransformerEncoder(Supplier<TransformerEncoderLayer> layer, int numLayers, @Nullable Module norm) {
        this.layers = register("layers", new ModuleList<>(Stream.generate(layer).limit(numLayers).toList()));
        this.norm = norm == null ? null : register("norm", norm);
    }

    @Override
    public Tensor forward(Tensor source) {
        return forward(source, null, null);
    }

    /// Runs the hooks and the layers.
    ///
    /// @param mask which positions a position may not attend to; or null
    /// @param padding which positions do not count, `[n, time]`; or null
    public Tensor call(Tensor source, @Nullable Tensor mask, @Nullable Tensor padding) {
        return callHooked(List.of(source), in -> List.of(forward(in.getFirst(), mask, padding))).getFirst();
    }

    private Tensor forward(Tensor source, @Nullable Tensor mask, @Nullable Tensor padding) {
        Tensor x = source;
        for (TransformerEncoderLayer layer : layers) {
            x = layer.call(x, mask, padding);
        }
        return norm == null ? x : norm.call(x);
    }
}
