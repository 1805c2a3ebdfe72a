package dev.tenon.examples;

import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.ClassLosses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// A text as passages of characters, of different lengths: whole paragraphs, joined until they have a least length,
/// after a line break from which a model has to guess the first character.
///
/// @param alphabet the characters, in order: a character's number is its place
/// @param seen passages for training
/// @param unseen passages from the last tenth of the text
record Corpus(String alphabet, List<int[]> seen, List<int[]> unseen) {
    private static final int BATCHES_SORTED_TOGETHER = 16;

    static Corpus of(String text, int leastLength) {
        StringBuilder alphabet = new StringBuilder();
        text.chars().distinct().sorted().forEach(c -> alphabet.append((char) c));
        List<int[]> passages = new ArrayList<>();
        StringBuilder passage = new StringBuilder();
        for (String paragraph : text.split("(?<=\n\n)")) {
            passage.append(paragraph);
            if (passage.length() >= leastLength) {
                passages.add(passage.insert(0, '\n').chars().map(c ->
                        alphabet.indexOf(String.valueOf((char) c))).toArray());
                passage.setLength(0);
            }
        }
        int cut = passages.size() * 9 / 10;
        return new Corpus(alphabet.toString(), passages.subList(0, cut), passages.subList(cut, passages.size()));
    }

    /// The passages in random batches of similar length, the longest passage of each batch first.
    static List<List<int[]>> batches(List<int[]> passages, int batchSize, Random random) {
        List<int[]> mixed = new ArrayList<>(passages);
        Collections.shuffle(mixed, random);
        List<List<int[]>> batches = new ArrayList<>();
        int pool = batchSize * BATCHES_SORTED_TOGETHER;
        for (int from = 0; from < mixed.size(); from += pool) {
            List<int[]> sorted = mixed.subList(from, Math.min(from + pool, mixed.size()));
            sorted.sort(Comparator.comparingInt((int[] p) -> p.length).reversed());
            for (int i = 0; i < sorted.size(); i += batchSize) {
                batches.add(sorted.subList(i, Math.min(i + batchSize, sorted.size())));
            }
        }
        Collections.shuffle(batches, random);
        return batches;
    }

    /// The same steps of several passages, and what follows each character.
    ///
    /// @param input the characters, `[time, n]`; 0 behind the end of a passage
    /// @param target the next characters, `[time, n]`; a number that losses ignore behind the end
    /// @param lengths how many steps each passage has here, `[n]`
    /// @param count all of them
    record Window(Tensor input, Tensor target, Tensor lengths, long count) {}

    /// The window from step `start` of those passages of a batch that reach as far: these are the first ones.
    static Window window(List<int[]> batch, int start, int steps) {
        int n = (int) batch.stream().filter(p -> p.length - 1 > start).count();
        int longest = Math.min(steps, batch.getFirst().length - 1 - start);
        long[] input = new long[longest * n];
        long[] target = new long[longest * n];
        long[] lengths = new long[n];
        Arrays.fill(target, ClassLosses.IGNORE);
        for (int i = 0; i < n; i++) {
            int[] p = batch.get(i);
            lengths[i] = Math.min(longest, p.length - 1 - start);
            for (int t = 0; t < lengths[i]; t++) {
                input[t * n + i] = p[start + t];
                target[t * n + i] = p[start + t + 1];
            }
        }
        Device device = Device.getDefault();
        Shape shape = Shape.of(longest, n);
        return new Window(Tensors.of(input, shape, device), Tensors.of(target, shape, device),
            Tensors.of(lengths, Shape.of(n), device), Arrays.stream(lengths).sum());
    }

    /// The entropy of single characters, in nats: the loss of a model that knows how frequent each is, and no more.
    double unigramEntropy() {
        double[] counts = new double[alphabet.length()];
        seen.forEach(p -> Arrays.stream(p).forEach(c -> counts[c]++));
        double all = Arrays.stream(counts).sum();
        return -Arrays.stream(counts).filter(c -> c > 0).map(c -> c / all * Math.log(c / all)).sum();
    }
}
