package dev.tenon.nn.models;

import dev.tenon.api.Context;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
        Tensor x = embedded(symbols, 0);
        for (Block block : h) {
            x = block.call(x);
        }
        return scores(x);
    }

    /// @param before how many symbols there were before these
    private Tensor embedded(Tensor symbols, long before) {
        Tensor positions = Tensors.arange(before, before + symbols.size(1), 1, DType.I64, symbols.device());
        return drop.call(wte.call(symbols).add(wpe.call(positions)));
    }

    private Tensor scores(Tensor x) {
        return lnF.call(x).matmul(wte.weight().get().mT());
    }

    /// Room for what the layers remember of symbols, to be given to [#call(Tensor, Cache)].
    ///
    /// @param n sequences
    /// @param room symbols of each, at most the context
    /// @throws IllegalArgumentException if the numbers are out of range
    public Cache cache(long n, int room) {
        if (n < 1 || room < 1 || room > context) {
            throw new IllegalArgumentException("GPT: a cache for " + n + " sequences of " + room
                    + " symbols: expected at least one, of 1 to " + context);
        }
        List<Memory> layers = new ArrayList<>();
        for (Block block : h) {
            layers.add(block.attn.memory(n, room, wte.weight().get()));
        }
        return new Cache(n, room, layers);
    }

    /// The scores of the symbols after each of some new ones, `[n, time, symbols]`, without computing again what the
    /// cache remembers of the ones before; the cache then remembers the new ones too. In evaluation mode the result is
    /// that of [#call(Tensor)] for all symbols, in its last positions, up to rounding.
    ///
    /// @param symbols `[n, time]`, those that follow on the ones before
    /// @throws TensorException if there is no room for so many in the cache, it is for another number of sequences, or
    ///     gradients are tracked, which a cache does not hand on
    public Tensor call(Tensor symbols, Cache cache) {
        if (symbols.rank() != 2 || symbols.size(0) != cache.n || symbols.size(1) > cache.room - cache.length) {
            throw new TensorException("GPT: input " + symbols.shape() + ", a cache of " + cache.n + " sequences with "
                    + cache.length + " of " + cache.room + " symbols: expected [n, time] of as many sequences and no"
                    + " more symbols than fit");
        }
        if (Context.tracksGradients()) {
            throw new TensorException("GPT: a cache hands on no gradients: call under Context.noGrad(), or without it");
        }
        Tensor x = embedded(symbols, cache.length);
        for (int i = 0; i < h.size(); i++) {
            x = h.get(i).call(x, cache.layers.get(i), cache.length);
        }
        cache.length += (int) symbols.size(1);
        return scores(x);
    }

    /// The keys and values that the layers have computed of the symbols so far. Made by [GPT#cache(long, int)].
    ///
    /// Source: Pope et al., "Efficiently Scaling Transformer Inference", 2023, section 2.
    public static final class Cache implements AutoCloseable {
        private final long n;
        private final int room;
        private final List<Memory> layers;
        private int length;

        private Cache(long n, int room, List<Memory> layers) {
            this.n = n;
            this.room = room;
            this.layers = List.copyOf(layers);
        }

        /// How many symbols are remembered.
        public int length() {
            return length;
        }

        /// Forgets all symbols.
        public void clear() {
            length = 0;
        }

        /// Frees the memory.
        @Override
        public void close() {
            layers.forEach(m -> {
                m.keys.close();
                m.values.close();
            });
        }
    }

    /// What one layer remembers, each `[n, heads, room, width / heads]`.
    private record Memory(Tensor keys, Tensor values) {}

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

    /// Goes on with a sequence; of a long one, what is further back than the context is not seen. While all symbols are
    /// within the context, each is computed once.
    @Override
    public long[] generate(long[] prompt, int count, Sampling sampling) {
        try (Cache cache = cache(1, Math.clamp((long) prompt.length + count, 1, context))) {
            return Generation.run(this, prompt, count, sampling, (all, _) -> {
                if (all.length <= context) {
                    return last(call(row(Arrays.copyOfRange(all, cache.length, all.length)), cache));
                }
                // Every symbol has another position than in the step before: nothing remembered holds.
                return last(call(row(Arrays.copyOfRange(all, all.length - context, all.length))));
            });
        }
    }

    private Tensor row(long[] symbols) {
        return Tensors.of(symbols, Shape.of(1, symbols.length), wte.weight().device());
    }

    private static Tensor last(Tensor scores) {
        return scores.select(0, 0).select(0, -1);
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
            return added(x, attn.call(ln1.call(x)));
        }

        Tensor call(Tensor x, Memory memory, int before) {
            return callHooked(List.of(x), in -> List.of(
                    added(in.getFirst(), attn.call(ln1.call(in.getFirst()), memory, before)))).getFirst();
        }

        private Tensor added(Tensor x, Tensor attended) {
            Tensor y = x.add(attended);
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
            List<Tensor> parts = parts(x);
            return attended(parts.get(0), parts.get(1), parts.get(2), null, true);
        }

        Memory memory(long n, int room, Tensor like) {
            Shape shape = Shape.of(n, a.heads, room, a.width / a.heads);
            return new Memory(Tensors.zeros(shape, like.dtype(), like.device()),
                    Tensors.zeros(shape, like.dtype(), like.device()));
        }

        /// Of positions after so many that are remembered, which are remembered too.
        Tensor call(Tensor x, Memory memory, int before) {
            return callHooked(List.of(x), in -> {
                List<Tensor> parts = parts(in.getFirst());
                long time = in.getFirst().size(1);
                memory.keys.narrow(2, before, time).copy_(parts.get(1));
                memory.values.narrow(2, before, time).copy_(parts.get(2));
                Tensor seen = null;
                if (before > 0 && time > 1) {
                    Tensor positions = Tensors.arange(0, before + time, 1, DType.I64, x.device());
                    seen = positions.narrow(0, before, time).unsqueeze(1).ge(positions);
                }
                return List.of(attended(parts.get(0), memory.keys.narrow(2, 0, before + time),
                        memory.values.narrow(2, 0, before + time), seen, before == 0));
            }).getFirst();
        }

        /// Queries, keys and values, each `[n, heads, time, width / heads]`.
        private List<Tensor> parts(Tensor x) {
            return toQueryKeyValue.call(x).split(a.width, 2).stream()
                    .map(p -> p.unflatten(2, a.heads, a.width / a.heads).transpose(1, 2)).toList();
        }

        private Tensor attended(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
            Tensor seen = Attentions.scaledDotProduct(query, key, value, mask, causal,
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
