package dev.tenon.nn.models;

/// A model that predicts the next symbol of a sequence, and so can write.
public sealed interface LanguageModel permits CharLSTM, GPT {
    /// How many symbols there are.
    int vocabulary();

    /// Goes on with a sequence, symbol by symbol, in evaluation mode and without gradients; the mode is restored.
    ///
    /// @param prompt the sequence so far, numbers of symbols
    /// @param count how many symbols to add
    /// @return the added symbols
    /// @throws IllegalArgumentException if the prompt is empty or has a number that is no symbol
    long[] generate(long[] prompt, int count, Sampling sampling);
}
