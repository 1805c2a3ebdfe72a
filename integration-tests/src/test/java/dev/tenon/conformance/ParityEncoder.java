package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import dev.tenon.nn.ModuleList;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.models.Weights;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.stream.IntStream;

/// A small encoder of symbols, where 0 is padding, that only the comparison with PyTorch knows.
final class ParityEncoder extends Module {
    private static final int HEADS = 4;

    private final Embedding embed;
    private final Parameter pos;
    private final ModuleList<TransformerEncoderLayer> layers;
    private final LayerNorm norm;
    private final Linear fc;

    /// With the sizes that weights have.
    ParityEncoder(Weights w) {
        Shape table = w.shapes().get("embed.weight");
        long width = table.dim(1);
        var options = new TransformerOptions().feedforward(w.shapes().get("layers.0.linear1.weight").dim(0)).dropout(0)
                .activation(TransformerOptions.Activation.GELU).batchFirst(true);
        pos = registerParameter("pos", Parameter.create(w.shapes().get("pos"), Init::zeros));
        embed = register("embed", new Embedding(table.dim(0), width));
        layers = register("layers", new ModuleList<>(IntStream.iterate(0, i -> i + 1)
                .takeWhile(i -> w.shapes().containsKey("layers." + i + ".norm1.weight"))
                .mapToObj(_ -> new TransformerEncoderLayer(width, HEADS, options)).toList()));
        norm = register("norm", new LayerNorm(width));
        fc = register("fc", new Linear(width, w.shapes().get("fc.weight").dim(0)));
    }

    @Override
    public Tensor forward(Tensor symbols) {
        DType dtype = pos.dtype();
        Tensor padding = symbols.eq(0L);
        Tensor x = embed.call(symbols).add(pos.get().narrow(0, 0, symbols.size(1)));
        for (TransformerEncoderLayer layer : layers) {
            x = layer.call(x, null, padding.to(dtype).mul(-1e9));
        }
        Tensor counts = padding.logicalNot().to(dtype).unsqueeze(2);
        return fc.call(norm.call(x).mul(counts).sum(1).div(counts.sum(1)));
    }
}
