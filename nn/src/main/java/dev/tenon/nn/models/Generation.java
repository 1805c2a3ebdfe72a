package dev.tenon.nn.models;

import dev.tenon.api.Context;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.nn.Module;
import java.util.Arrays;
import java.util.function.BiFunction;

/// The loop in which a language model writes.
final class Generation {
    private Generation() {}

    /// @param next the logits of the next symbol, `[symbols]`, for all symbols so far; what it makes and does not keep
    ///     from the scope is freed after the step
    /// @return the added symbols
    static <M extends Module & LanguageModel> long[] run(M model, long[] prompt, int count, Sampling sampling,
            BiFunction<long[], Scope, Tensor> next) {
        if (prompt.length == 0 || count < 0) {
            throw new IllegalArgumentException("generate: a prompt of " + prompt.length + " symbols, " + count
                    + " to add: expected at least one symbol to go on from, and no negative number");
        }
        for (long s : prompt) {
            if (s < 0 || s >= model.vocabulary()) {
                throw new IllegalArgumentException("generate: symbol " + s + " in the prompt: expected 0 to "
                        + (model.vocabulary() - 1));
            }
        }
        boolean training = model.isTraining();
        long[] all = Arrays.copyOf(prompt, prompt.length + count);
        model.eval();
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            for (int n = prompt.length; n < all.length; n++) {
                try (Scope step = Scope.open()) {
                    all[n] = sampling.choose(next.apply(Arrays.copyOf(all, n), step));
                }
            }
        } finally {
            model.train(training);
        }
        return Arrays.copyOfRange(all, prompt.length, all.length);
    }
}
