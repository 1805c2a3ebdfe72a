package dev.tenon.examples;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Module;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.functional.Reduction;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.optim.CosineAnnealingLR;
import dev.tenon.nn.optim.GradientClipping;
import dev.tenon.nn.optim.LRScheduler;
import dev.tenon.nn.recurrent.LSTM;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A recurrent net that predicts the next character of a text. Passages have different lengths: a batch is worked
/// through
/// in windows of so many steps, from which gradients go back no further (truncated backpropagation through time), the
/// state is carried from window to window, and passages leave the batch as they end.
public final class CharacterModel {
    private CharacterModel() {}

    /// Sizes.
    ///
    /// @param embedding the width of a character's vector
    /// @param hidden the width of the state
    /// @param batchSize passages at a time
    /// @param window steps that gradients go back
    /// @param leastPassage the least length of a passage, in characters
    /// @param epochs how often the text is read
    /// @param lr the learning rate at first; it falls to a twentieth along a cosine
    public record Settings(int embedding, int hidden, int batchSize, int window, int leastPassage, int epochs,
            double lr) {}

    /// What came out.
    ///
    /// @param unigramEntropy of the text's characters, in nats: the loss of a model without memory
    /// @param loss the mean loss on unseen passages, in nats per character
    /// @param sample text that the model wrote
    public record Result(double unigramEntropy, double loss, String sample) {}

    /// Embedding, LSTM, linear map to the scores of the characters.
    static final class Net extends Module {
        private final Embedding embedding;
        private final LSTM lstm;
        private final Linear head;

        Net(int characters, Settings s) {
            embedding = register("embedding", new Embedding(characters, s.embedding));
            lstm = register("lstm", new LSTM(s.embedding, s.hidden));
            head = register("head", new Linear(s.hidden, characters));
        }

        /// @param scores `[time, n, characters]`
        record Output(Tensor scores, LSTM.State state) {}

        /// @param characters `[time, n]`
        /// @param state from the characters before, or null at the beginning
        /// @param lengths how many of the steps count for each of the n, or null for all
        Output call(Tensor characters, LSTM.@Nullable State state, @Nullable Tensor lengths) {
            LSTM.Output out = lstm.call(embedding.call(characters), state, lengths);
            return new Output(head.call(out.output()), out.state());
        }
    }

    /// Trains on nine tenths of a text and measures on the rest.
    public static Result run(String text, Settings s, long seed) {
        Tensors.manualSeed(seed);
        Random random = new Random(seed);
        Corpus corpus = Corpus.of(text, s.leastPassage);
        System.out.printf("%d characters, %d different, %d passages; unigram entropy %.3f nats%n", text.length(),
            corpus.alphabet().length(), corpus.seen().size() + corpus.unseen().size(), corpus.unigramEntropy());
        Net net = new Net(corpus.alphabet().length(), s);
        Adam optimizer = new Adam(net.parameters(), s.lr);
        long batches = Math.ceilDiv(corpus.seen().size(), s.batchSize);
        var schedule = new LRScheduler(optimizer, new CosineAnnealingLR(batches * s.epochs, s.lr / 20));
        long start = System.nanoTime();
        double unseen = Double.NaN;
        for (int epoch = 1; epoch <= s.epochs; epoch++) {
            Mean seen = new Mean();
            for (List<int[]> batch : Corpus.batches(corpus.seen(), s.batchSize, random)) {
                train(net, optimizer, batch, s.window, seen);
                schedule.step();
            }
            unseen = loss(net, corpus.unseen(), s);
            System.out.printf("epoch %d: loss %.3f, on unseen text %.3f, %.1f s%n", epoch, seen.value(), unseen,
                (System.nanoTime() - start) / 1e9);
        }
        return new Result(corpus.unigramEntropy(), unseen, sample(net, corpus.alphabet(), 400));
    }

    /// A mean over characters.
    private static final class Mean {
        private double sum;
        private long count;

        void add(double mean, long n) {
            sum += mean * n;
            count += n;
        }

        double value() {
            return sum / count;
        }
    }

    private static Tensor loss(Tensor scores, Tensor target) {
        return ClassLosses.crossEntropy(scores.flatten(0, 1), target.flatten(), Reduction.MEAN);
    }

    /// One optimiser step for each window of a batch.
    private static void train(Net net, Adam optimizer, List<int[]> batch, int steps, Mean losses) {
        try (Scope _ = Scope.open()) {
            LSTM.State state = null;
            for (int at = 0; at < batch.getFirst().length - 1; at += steps) {
                try (Scope scope = Scope.open()) {
                    Corpus.Window w = Corpus.window(batch, at, steps);
                    Net.Output out = net.call(w.input(), state == null ? null : first(state, w), w.lengths());
                    Tensor loss = loss(out.scores(), w.target());
                    losses.add(loss.item(), w.count());
                    optimizer.zeroGrad();
                    loss.backward();
                    GradientClipping.clipGradNorm(net.parameters(), 1);
                    optimizer.step();
                    state = new LSTM.State(scope.keep(out.state().hidden().detach()),
                        scope.keep(out.state().cell().detach()));
                }
            }
        }
    }

    /// The state of those passages that go on: the first ones, because the longest come first.
    private static LSTM.State first(LSTM.State state, Corpus.Window w) {
        long n = w.lengths().elements();
        return new LSTM.State(state.hidden().narrow(1, 0, n), state.cell().narrow(1, 0, n));
    }

    /// The mean loss over whole passages, each from an empty state.
    private static double loss(Net net, List<int[]> passages, Settings s) {
        Mean losses = new Mean();
        try (Context.Mode _ = Context.noGrad()) {
            for (List<int[]> batch : Corpus.batches(passages, s.batchSize, new Random(0))) {
                try (Scope _ = Scope.open()) {
                    Corpus.Window w = Corpus.window(batch, 0, batch.getFirst().length - 1);
                    losses.add(loss(net.call(w.input(), null, w.lengths()).scores(), w.target()).item(), w.count());
                }
            }
        }
        return losses.value();
    }

    /// Text that the net goes on to write after a blank line, each character drawn by its probability.
    private static String sample(Net net, String alphabet, int length) {
        StringBuilder text = new StringBuilder();
        Generator generator = new Generator(1);
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            LSTM.State state = null;
            long next = alphabet.indexOf('\n');
            for (int i = 0; i < length; i++) {
                Tensor x = Tensors.of(new long[] {next}, Shape.of(1, 1), Device.getDefault());
                Net.Output out = net.call(x, state, null);
                state = out.state();
                next = Tensors.multinomial(out.scores().flatten().softmax(0), 1, true, generator).itemLong();
                text.append(alphabet.charAt((int) next));
            }
        }
        return text.toString();
    }

    /// Trains on the text file that the argument or the property `tenon.examples.text` names, otherwise on generated
    /// text.
    public static void main(String... args) throws IOException {
        String file = args.length > 0 ? args[0] : System.getProperty("tenon.examples.text", "");
        Result r = file.isEmpty() ? generated()
                : run(Files.readString(Path.of(file)), new Settings(32, 128, 32, 48, 200, 3, 5e-3), 1);
        System.out.printf("unseen text: %.3f nats per character%n%n%s%n", r.loss, r.sample);
    }

    /// The small setting on generated text.
    static Result generated() {
        String text = new Grammar(new Random(1)).paragraphs(600);
        return run(text, new Settings(16, 64, 32, 32, 100, 3, 1e-2), 1);
    }
}
