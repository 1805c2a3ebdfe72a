package dev.tenon.nn.models;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.ModuleList;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.init.Init;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.LayerNorm;
import java.util.Arrays;
import java.util.List;

/// A decoder of GPT-2's structure: `[n, time]` to the scores of each next symbol `[n, time, symbols]`, which share the
/// table of the symbols' vectors. Parameters have the names and shapes of the published files.
///
/// Source: Radford, Wu, Child, Luan, Amodei and Sutskever, "Language Models are Unsupervised Multitask Learners", 2019.
public final class GPT extends Module implements LanguageModel {
    /// How a network is built.
    ///
    /// @param vocabulary how many symbols there are, unless the options say otherwise
    /// @param context how many symbols it sees at most, unless the options say otherwise
    /// @param layers one upon the other
    /// @param heads of each attention
    /// @param width of a symbol
    /// @param dropout the probability with which an element is dropped in training
    public record Architecture(int vocabulary, int context, int layers, int heads, int width, double dropout) {
        /// Checks the numbers.
        public Architecture {
            if (heads < 1 || layers < 1 || width < 1 || width % heads != 0) {
                throw new IllegalArgumentException("GPT: " + layers + " layers of width " + width + " with " + heads
                        + " heads: expected a number of heads that divides the width");
            }
        }
    }

    private final int vocabulary;
    private final int context;
    private final Embedding wte;
    private final Embedding wpe;
    private final Dropout drop;
    private final ModuleList<Block> h;
    private final LayerNorm lnF;

    /// A network.
    public GPT(Architecture a, ModelOptions options) {
        this.vocabulary = options.classes(a.vocabulary);
        this.context = options.context() == 0 ? a.context : options.context();
        this.wte = register("wte", embedding(vocabulary, a.width));
        this.wpe = register("wpe", embedding(context, a.width));
        this.drop = register("drop", new Dropout(a.dropout));
        this.h = register("h", new ModuleList<>());
        for (int i = 0; i < a.layers; i++) {
            h.add(new Block(a));
        }
        this.lnF = register("ln_f", new LayerNorm(a.width));
    }

    private static Embedding embedding(int count, int width) {
        Embedding e = new Embedding(count, width);
        Init.normal(e.weight().get(), 0, DEVIATION);
        return e;
    }

    /// Of all weights at the start.
    private static final double DEVIATION = 0.02;

    @Override
    public Tensor forward(Tensor symbols) {
        if (symbols.rank() != 2 || symbols.size(1) > context) {
            throw new TensorException("GPT: input " + symbols.shape() + ": expected [n, time] of at most " + context
                    + " symbols");
        }
        Tensor positions = Tensors.arange(0, symbols.size(1), 1, DType.I64, symbols.device());
        Tensor x = drop.call(wte.call(symbols).add(wpe.call(positions)));
        for (Block block : h) {
            x = block.call(x);
        }
        return lnF.call(x).matmul(wte.weight().get().mT());
    }

    /// Those of the map to the scores, which has no module of its own.
    @Override
    public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
        return outputs.getFirst().elements() * wte.weight().shape().dim(1);
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    /// How many symbols the network sees at most.
    public int context() {
        return context;
    }

    /// Goes on with a sequence; of a long one, what is further back than the context is not seen.
    @Override
    public long[] generate(long[] prompt, int count, Sampling sampling) {
        return Generation.run(this, prompt, count, sampling, all -> {
            long[] seen = Arrays.copyOfRange(all, Math.max(0, all.length - context), all.length);
            Tensor symbols = Tensors.of(seen, Shape.of(1, seen.length), wte.weight().device());
            return call(symbols).select(0, 0).select(0, -1);
        });
    }

    /// x + attention(norm(x)), then x + mlp(norm(x)).
    private static final class Block extends Module {
        private final LayerNorm ln1;
        private final Attention attn;
        private final LayerNorm ln2;
        private final Feedforward mlp;

        Block(Architecture a) {
            ln1 = register("ln_1", new LayerNorm(a.width));
            attn = register("attn", new Attention(a));
            ln2 = register("ln_2", new LayerNorm(a.width));
            mlp = register("mlp", new Feedforward(a));
        }

        @Override
        public Tensor forward(Tensor x) {
            Tensor y = x.add(attn.call(ln1.call(x)));
            return y.add(mlp.call(ln2.call(y)));
        }
    }

    /// Attention of each position to those up to it.
    private static final class Attention extends Module {
        private final Architecture a;
        private final Map1d toQueryKeyValue;
        private final Map1d projection;
        private final Dropout dropout;

        Attention(Architecture a) {
            this.a = a;
            toQueryKeyValue = register("c_attn", new Map1d(a.width, 3 * a.width, DEVIATION));
            projection = register("c_proj", new Map1d(a.width, a.width, residualDeviation(a)));
            dropout = register("resid_dropout", new Dropout(a.dropout));
        }

        @Override
        public Tensor forward(Tensor x) {
            List<Tensor> parts = toQueryKeyValue.call(x).split(a.width, 2).stream()
                    .map(p -> p.unflatten(2, a.heads, a.width / a.heads).transpose(1, 2)).toList();
            Tensor seen = Attentions.scaledDotProduct(parts.get(0), parts.get(1), parts.get(2), null, true,
                    dropout.isTraining() ? dropout.p() : 0).output();
            return dropout.call(projection.call(seen.transpose(1, 2).flatten(2, 3)));
        }

        /// Those of scores and values.
        @Override
        public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
            Tensor x = inputs.getFirst();
            return 2 * x.elements() * x.size(1);
        }
    }

    /// Two maps with the approximate GELU in between.
    private static final class Feedforward extends Module {
        private final Map1d in;
        private final Map1d out;
        private final Dropout dropout;

        Feedforward(Architecture a) {
            in = register("c_fc", new Map1d(a.width, 4 * a.width, DEVIATION));
            out = register("c_proj", new Map1d(4 * a.width, a.width, residualDeviation(a)));
            dropout = register("dropout", new Dropout(a.dropout));
        }

        @Override
        public Tensor forward(Tensor x) {
            return dropout.call(out.call(in.call(x).geluTanh()));
        }
    }

    /// Maps whose results are added up start smaller, by the root of how many there are.
    private static double residualDeviation(Architecture a) {
        return DEVIATION / Math.sqrt(2 * a.layers);
    }

    /// x W + b with W `[in, out]`, as the published files have it.
    private static final class Map1d extends Module {
        private final Parameter weight;
        private final Parameter bias;

        Map1d(int in, int out, double deviation) {
            weight = registerParameter("weight",
                    Parameter.create(Shape.of(in, out), t -> Init.normal(t, 0, deviation)));
            bias = registerParameter("bias", Parameter.create(Shape.of(out), Init::zeros));
        }

        @Override
        public Tensor forward(Tensor x) {
            return x.matmul(weight.get()).add(bias.get());
        }

        /// One for each output and input feature.
        @Override
        public long multiplyAdds(List<Tensor> inputs, List<Tensor> outputs) {
            return outputs.getFirst().elements() * weight.shape().dim(0);
        }

        @Override
        protected String settings() {
            return weight.shape().dim(0) + ", " + weight.shape().dim(1);
        }
    }
}
