package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.ModuleList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Decoder layers one upon the other (`layers.0`, `layers.1`, ...), and perhaps a last normalisation (`norm`).
public final class TransformerDecoder extends Module {
    private final ModuleList<TransformerDecoderLayer> layers;
    private final @Nullable Module norm;

    /// Layers without a last normalisation.
    public TransformerDecoder(Supplier<TransformerDecoderLayer> layer, int numLayers) {
        this(layer, numLayers, null);
    }

    /// Layers and a last normalisation.
    ///
    /// @param layer makes each layer
    public TransformerDecoder(Supplier<TransformerDecoderLayer> layer, int numLayers, @Nullable Module norm) {
        this.layers = register("layers", new ModuleList<>(Stream.generate(layer).limit(numLayers).toList()));
        this.norm = norm == null ? null : register("norm", norm);
    }

    /// Runs the hooks and the layers, without masks.
    public Tensor call(Tensor target, Tensor memory) {
        return call(target, memory, new DecoderMasks());
    }

    /// Runs the hooks and the layers.
    ///
    /// @param memory what an encoder gave
    public Tensor call(Tensor target, Tensor memory, DecoderMasks masks) {
        return callHooked(List.of(target, memory), in -> List.of(forward(in.get(0), in.get(1), masks))).getFirst();
    }

    private Tensor forward(Tensor target, Tensor memory, DecoderMasks masks) {
        Tensor x = target;
        for (TransformerDecoderLayer layer : layers) {
            x = layer.call(x, memory, masks);
        }
        return norm == null ? x : norm.call(x);
    }
}
