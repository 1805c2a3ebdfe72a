package dev.tenon.nn.models;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.RecurrentOptions;
import org.jspecify.annotations.Nullable;

/// A character model: vectors of symbols, LSTM layers, and a linear map to the scores of the next symbol; `[n, time]`
/// to `[n, time, symbols]`.
///
/// Sources: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; Graves, "Generating Sequences With Recurrent
/// Neural Networks", 2013.
public final class CharLSTM extends Module implements LanguageModel {
    /// How a network is built.
    ///
    /// @param embedding the width of a symbol's vector
    /// @param hidden the width of the state
    /// @param layers LSTM layers one upon the other
    /// @param dropout the probability with which an element between two layers is dropped in training
    public record Architecture(int embedding, int hidden, int layers, double dropout) {
        /// Vectors of 32, two layers of 64, no dropout.
        public Architecture() {
            this(32, 64, 2, 0);
        }
    }

    /// What the network gives.
    ///
    /// @param logits `[n, time, symbols]`
    /// @param state after the last symbol, from which the next passage can go on
    public record Output(Tensor logits, LSTM.State state) {}

    private final int vocabulary;
    private final Embedding embed;
    private final LSTM lstm;
    private final Linear head;

    /// A network.
    ///
    /// @param options their number of classes is that of the symbols; 65 if they say nothing
    public CharLSTM(Architecture a, ModelOptions options) {
        this.vocabulary = options.classes(65);
        this.embed = register("embed", new Embedding(vocabulary, a.embedding));
        this.lstm = register("lstm", new LSTM(a.embedding, a.hidden,
                new RecurrentOptions().numLayers(a.layers).batchFirst(true).dropout(a.dropout)));
        this.head = register("head", new Linear(a.hidden, vocabulary));
    }

    @Override
    public Tensor forward(Tensor symbols) {
        return call(symbols, null).logits;
    }

    /// Runs the network from a state.
    ///
    /// @param symbols `[n, time]`
    /// @param state where an earlier passage ended, or null for zeros
    public Output call(Tensor symbols, LSTM.@Nullable State state) {
        LSTM.Output out = lstm.call(embed.call(symbols), state);
        return new Output(head.call(out.output()), out.state());
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    @Override
    public long[] generate(long[] prompt, int count, Sampling sampling) {
        // The state stands for all symbols but the newest.
        LSTM.@Nullable State[] state = {null};
        return Generation.run(this, prompt, count, sampling, (all, step) -> {
            long[] news = state[0] == null ? all : new long[] {all[all.length - 1]};
            Tensor symbols = Tensors.of(news, Shape.of(1, news.length), head.weight().device());
            Output out = call(symbols, state[0]);
            state[0] = new LSTM.State(step.keep(out.state.hidden()), step.keep(out.state.cell()));
            return out.logits.select(0, 0).select(0, -1);
        });
    }
}
