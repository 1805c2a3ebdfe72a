package dev.tenon.cli;

import dev.tenon.data.Dataset;
import dev.tenon.data.Sample;
import dev.tenon.data.text.TextWindows;
import dev.tenon.data.text.Tokenizer;
import dev.tenon.data.text.Vocabulary;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A text, cut into windows of characters to train and to test on: the last tenth is for testing.
///
/// @param name for titles
/// @param vocabulary its characters
/// @param train windows, each half over the one before
/// @param test windows, one after the other
/// @param context characters in a window
record TextData(String name, Vocabulary vocabulary, Dataset<Sample> train, Dataset<Sample> test, int context) {
    private static final int GENERATED_SENTENCES = 4000;
    private static final List<String> WHO = List.of("the old miller", "a grey heron", "my neighbour", "the ferryman",
        "a child with a kite", "the night watch", "an owl", "the clockmaker");
    private static final List<String> DOES = List.of("waits for", "looks at", "sings about", "has forgotten", "paints",
        "follows", "dreams of", "counts");
    private static final List<String> WHAT = List.of("the river", "three boats", "a lamp in the fog", "the last train",
        "seven stones", "the open sea", "a letter", "the sound of rain");
    private static final List<String> WHEN = List.of("at dawn", "every evening", "in winter", "after the storm",
        "when nobody is near", "until the bell rings");

    /// @throws UsageException if the file cannot be read, is no text, or is too short
    static TextData of(@Nullable Path file, int context) {
        String text = file == null ? generated() : read(file);
        Vocabulary vocabulary = Vocabulary.characters(text);
        int[] tokens = vocabulary.encode(Tokenizer.characters().tokens(text));
        int cut = tokens.length - tokens.length / 10;
        if (tokens.length - cut <= context) {
            throw new UsageException((file == null ? "the generated text" : "--data " + file) + ": the last tenth of "
                + tokens.length + " characters is for testing and must be longer than the context of " + context
                + "; give a longer text or a smaller --context");
        }
        return new TextData(file == null ? "generated text" : String.valueOf(file.getFileName()), vocabulary,
            new TextWindows(Arrays.copyOf(tokens, cut), context, Math.max(1, context / 2)),
            new TextWindows(Arrays.copyOfRange(tokens, cut, tokens.length), context, context), context);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new UsageException("--data " + file + ": is no text in UTF-8", e);
        } catch (IOException e) {
            throw new UsageException("--data " + file + ": " + (Files.isDirectory(file) ? "is a folder; give a"
                + " text file" : Files.exists(file) ? "cannot be read (" + e.getMessage() + ")" : "no such file"), e);
        }
    }

    /// Sentences, always the same ones.
    static String generated() {
        Random random = new Random(1);
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < GENERATED_SENTENCES; i++) {
            s.append(one(WHO, random)).append(' ').append(one(DOES, random)).append(' ').append(one(WHAT, random));
            if (random.nextInt(3) > 0) {
                s.append(' ').append(one(WHEN, random));
            }
            s.append(random.nextInt(5) == 0 ? ".\n" : ". ");
        }
        return s.toString();
    }

    private static String one(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }
}
