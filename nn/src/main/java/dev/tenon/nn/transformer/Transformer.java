package dev.tenon.nn.transformer;

import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.init.Init;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The transformer of Vaswani et al. (2017): an encoder and a decoder that attends to it, each with a last
/// normalisation, without embeddings. Matrices start by Glorot and Bengio's uniform distribution.
public final class Transformer extends Module {
    private final TransformerEncoder encoder;
    private final TransformerDecoder decoder;

    /// As many layers as given on each side.
    public Transformer(long width, int heads, int encoderLayers, int decoderLayers, TransformerOptions options) {
        this.encoder = register("encoder", new TransformerEncoder(
                () -> new TransformerEncoderLayer(width, heads, options), encoderLayers,
                TransformerEncoderLayer.norm(width, options)));
        this.decoder = register("decoder", new TransformerDecoder(
                () -> new TransformerDecoderLayer(width, heads, options), decoderLayers,
                TransformerEncoderLayer.norm(width, options)));
        parameters().stream().filter(p -> p.shape().rank() > 1).forEach(p -> Init.xavierUniform(p.get(), 1));
    }

    /// The encoder.
    public TransformerEncoder encoder() {
        return encoder;
    }

    /// The decoder.
    public TransformerDecoder decoder() {
        return decoder;
    }

    /// Runs the hooks and both sides, without masks.
    public Tensor call(Tensor source, Tensor target) {
        return call(source, target, null, null, new DecoderMasks());
    }

    /// Runs the hooks and both sides.
    ///
    /// @param source `[source time, n, width]`, or as set
    /// @param target `[time, n, width]`, or as set
    /// @param sourceMask which positions of the source a position of it may not attend to; or null
    /// @param sourcePadding which positions of the source do not count for the encoder, `[n, source time]`; or null
    /// @param masks those of the decoder
    public Tensor call(Tensor source, Tensor target, @Nullable Tensor sourceMask, @Nullable Tensor sourcePadding,
            DecoderMasks masks) {
        return callHooked(List.of(source, target), in -> List.of(decoder.call(in.get(1),
                encoder.call(in.get(0), sourceMask, sourcePadding), masks))).getFirst();
    }
}
