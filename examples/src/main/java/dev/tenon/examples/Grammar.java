package dev.tenon.examples;

import java.util.random.RandomGenerator;

/// Text that a small grammar generates, for where there is no other: paragraphs of one to four sentences, in which
/// verbs
/// agree in number with their subjects, however far away those are.
final class Grammar {
    private static final String[] NOUNS = {"dog", "king", "cat", "sailor", "river", "friend"};
    private static final String[] ADJECTIVES = {"old", "noble", "gentle", "proud"};
    private static final String[] PLACES = {"by the sea", "in the wood", "near the town", "under the moon"};
    private static final String[] VERBS = {"follow", "greet", "fear", "know"};

    private final RandomGenerator random;

    Grammar(RandomGenerator random) {
        this.random = random;
    }

    /// So many paragraphs with a blank line between them.
    String paragraphs(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            for (int sentences = random.nextInt(1, 5); sentences > 0; sentences--) {
                sentence(text);
                text.append(sentences > 1 ? ' ' : '\n');
            }
            text.append('\n');
        }
        return text.toString();
    }

    private void sentence(StringBuilder text) {
        boolean plural = random.nextBoolean();
        int from = text.length();
        nounPhrase(text, plural);
        text.setCharAt(from, Character.toUpperCase(text.charAt(from)));
        text.append(' ').append(pick(VERBS)).append(plural ? " " : "s ");
        nounPhrase(text, random.nextBoolean());
        text.append('.');
    }

    private void nounPhrase(StringBuilder text, boolean plural) {
        text.append(plural ? "the " : random.nextBoolean() ? "the " : "a ");
        if (random.nextInt(3) == 0) {
            text.append(pick(ADJECTIVES)).append(' ');
        }
        text.append(pick(NOUNS)).append(plural ? "s" : "");
        if (random.nextInt(4) == 0) {
            text.append(' ').append(pick(PLACES));
        }
    }

    private String pick(String[] words) {
        return words[random.nextInt(words.length)];
    }
}
