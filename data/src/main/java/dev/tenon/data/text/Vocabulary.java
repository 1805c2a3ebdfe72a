package dev.tenon.data.text;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Tokens and their numbers, from 0. Immutable.
public final class Vocabulary {
    /// Stands for tokens that are not in the vocabulary, if it is in the vocabulary itself.
    public static final String UNKNOWN = "<unk>";
    /// Fills up shorter texts of a batch.
    public static final String PADDING = "<pad>";

    private final List<String> tokens;
    private final Map<String, Integer> ids = new HashMap<>();

    /// @param tokens token i gets number i
    /// @throws IllegalArgumentException if a token occurs twice
    public Vocabulary(List<String> tokens) {
        this.tokens = List.copyOf(tokens);
        for (String t : this.tokens) {
            if (ids.putIfAbsent(t, ids.size()) != null) {
                throw new IllegalArgumentException("vocabulary: \"" + t + "\" occurs twice");
            }
        }
    }

    /// The characters of a text, in the order of their code points, with no token for unknown ones.
    public static Vocabulary characters(String text) {
        return new Vocabulary(text.codePoints().distinct().sorted().mapToObj(Character::toString).toList());
    }

    /// The tokens that occur often enough, the most frequent first (of equally frequent ones, the one first in the
    /// alphabet), after special ones.
    ///
    /// @param occurrences tokens, as often as they occur
    /// @param minCount how often a token must occur
    /// @param special what comes first: [#PADDING] and [#UNKNOWN], for example
    public static Vocabulary build(Collection<String> occurrences, int minCount, String... special) {
        Map<String, Integer> counts = new HashMap<>();
        occurrences.forEach(t -> counts.merge(t, 1, Integer::sum));
        List<String> all = new ArrayList<>(List.of(special));
        counts.entrySet().stream()
            .filter(e -> e.getValue() >= minCount && !all.contains(e.getKey()))
            .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
            .map(Map.Entry::getKey)
            .toList()
            .forEach(all::add);
        return new Vocabulary(all);
    }

    /// The number of tokens.
    public int size() {
        return tokens.size();
    }

    /// All tokens, by number; [#Vocabulary] takes them back.
    public List<String> tokens() {
        return tokens;
    }

    /// Whether a token has a number of its own.
    public boolean contains(String token) {
        return ids.containsKey(token);
    }

    /// The number of a token, or that of [#UNKNOWN].
    ///
    /// @throws IllegalArgumentException if neither is in the vocabulary
    public int id(String token) {
        Integer id = ids.get(token);
        if (id == null) {
            id = ids.get(UNKNOWN);
        }
        if (id == null) {
            throw new IllegalArgumentException("\"" + token + "\" is not in the vocabulary of " + size()
                + " tokens, and neither is " + UNKNOWN + ", which would stand for it");
        }
        return id;
    }

    /// The token of a number.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    public String token(long id) {
        return tokens.get((int) Objects.checkIndex(id, (long) size()));
    }

    /// The numbers of tokens.
    ///
    /// @throws IllegalArgumentException if one is unknown, and [#UNKNOWN] is too
    public int[] encode(List<String> text) {
        return text.stream().mapToInt(this::id).toArray();
    }

    /// The tokens of numbers.
    ///
    /// @throws IndexOutOfBoundsException if a number has none
    public List<String> decode(long... numbers) {
        List<String> out = new ArrayList<>();
        for (long n : numbers) {
            out.add(token(n));
        }
        return out;
    }

    @Override
    public String toString() {
        return "Vocabulary[" + size() + " tokens]";
    }
}
