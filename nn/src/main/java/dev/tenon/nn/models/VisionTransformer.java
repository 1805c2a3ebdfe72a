package dev.tenon.nn.models;

import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.GELU;
import dev.tenon.nn.functional.ConvOptions;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.transformer.AttentionOptions;
import dev.tenon.nn.transformer.MultiheadAttention;

/// Vision transformers, for `[n, 3, 224, 224]`: patches of an image become symbols, to which one that stands for the
/// class is added; an encoder that normalises the inputs of its parts; a linear map of what became of the class symbol.
///
/// Source: Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", 2021,
/// table 1.
public final class VisionTransformer extends Module {
    /// How a network is built.
    ///
    /// @param patch the edge of a patch in pixels
    /// @param layers of the encoder
    /// @param heads of each attention
    /// @param width of a symbol
    /// @param feedforward the width between the two maps that follow attention
    public record Architecture(int patch, int layers, int heads, int width, int feedforward) {}

    private final Architecture architecture;
    private final int height;
    private final int width;
    private final Parameter classToken;
    private final Conv2d projection;
    private final Encoder encoder;
    private final Sequential heads;

    /// A network, for 1000 classes and images of 224 x 224 unless the options say otherwise.
    ///
    /// @throws IllegalArgumentException if the patches do not fill an image
    public VisionTransformer(Architecture architecture, ModelOptions options) {
        this.architecture = architecture;
        this.height = options.height(224);
        this.width = options.width(224);
        int patch = architecture.patch;
        if (height % patch != 0 || width % patch != 0) {
            throw new IllegalArgumentException("VisionTransformer: images of " + height + " x " + width
                    + ": expected multiples of the patches' edge " + patch);
        }
        Shape token = Shape.of(1, 1, architecture.width);
        this.classToken = registerParameter("class_token", Parameter.create(token, Init::zeros));
        this.projection = register("conv_proj", new Conv2d(options.channels(3), architecture.width, patch,
                new ConvOptions().stride(patch)));
        long symbols = (long) (height / patch) * (width / patch) + 1;
        this.encoder = register("encoder", new Encoder(symbols, architecture));
        Linear head = new Linear(architecture.width, options.classes(1000));
        this.heads = register("heads", new Sequential().add("head", head));
        double fanIn = options.channels(3) * (double) patch * patch;
        Init.truncNormal(projection.weight().get(), 0, Math.sqrt(1 / fanIn), -2, 2, Generator.getDefault());
        Layers.fill(projection.bias(), Init::zeros);
        Layers.linear(heads, Init::zeros, Init::zeros);
    }

    @Override
    public Tensor forward(Tensor x) {
        if (x.rank() != 4 || x.size(2) != height || x.size(3) != width) {
            throw new TensorException("VisionTransformer: input " + x.shape() + ": expected [n, channels, " + height
                    + ", " + width + "], for which its positions are learned");
        }
        Tensor patches = projection.call(x).flatten(2, 3).transpose(1, 2);
        Tensor first = classToken.get().expand(x.size(0), 1, architecture.width);
        return heads.call(encoder.call(Tensors.cat(1, first, patches)).select(1, 0));
    }

    @Override
    protected String settings() {
        return "image=" + height + " x " + width + ", patch=" + architecture.patch;
    }

    private static LayerNorm norm(Architecture a) {
        return new LayerNorm(Shape.of(a.width), 1e-6, true, true);
    }

    /// Adds the positions, runs the blocks and normalises.
    private static final class Encoder extends Module {
        private final Parameter positions;
        private final Sequential layers;
        private final LayerNorm ln;

        Encoder(long symbols, Architecture a) {
            positions = registerParameter("pos_embedding",
                    Parameter.create(Shape.of(1, symbols, a.width), t -> Init.normal(t, 0, 0.02)));
            Sequential blocks = new Sequential();
            for (int i = 0; i < a.layers; i++) {
                blocks.add("encoder_layer_" + i, new Block(a));
            }
            layers = register("layers", blocks);
            ln = register("ln", norm(a));
        }

        @Override
        public Tensor forward(Tensor x) {
            return ln.call(layers.call(x.add(positions.get())));
        }
    }

    /// x + attention(norm(x)), then x + mlp(norm(x)).
    private static final class Block extends Module {
        private final LayerNorm ln1;
        private final MultiheadAttention attention;
        private final LayerNorm ln2;
        private final Sequential mlp;

        Block(Architecture a) {
            ln1 = register("ln_1", norm(a));
            attention = register("self_attention",
                    new MultiheadAttention(a.width, a.heads, new AttentionOptions().batchFirst(true)));
            ln2 = register("ln_2", norm(a));
            // Numbered as if two dropouts, which no published model uses, stood behind the maps.
            mlp = register("mlp", new Sequential().add("0", new Linear(a.width, a.feedforward)).add("1", new GELU())
                    .add("3", new Linear(a.feedforward, a.width)));
            Layers.linear(mlp, w -> Init.xavierUniform(w, 1), b -> Init.normal(b, 0, 1e-6));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor y = x.add(attention.call(ln1.call(x)));
            return y.add(mlp.call(ln2.call(y)));
        }
    }
}
