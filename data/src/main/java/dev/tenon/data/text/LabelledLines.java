package dev.tenon.data.text;

import dev.tenon.api.Shape;
import dev.tenon.data.Dataset;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import dev.tenon.data.format.DatasetFormatException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Lines of text with a class label each, such as `positive<TAB>a fine film`. [#encoded] makes samples of numbers of
/// them, to be loaded with [dev.tenon.data.Collator#padded].
public final class LabelledLines implements Dataset<LabelledLines.Line> {
    /// @param label the class's place among the classes' names in order
    /// @param tokens the text
    public record Line(int label, List<String> tokens) {
        /// Copies the list.
        public Line {
            tokens = List.copyOf(tokens);
        }
    }

    private final String name;
    private final List<Line> lines;
    private final List<String> classes;

    private LabelledLines(String name, List<Line> lines, List<String> classes) {
        this.name = name;
        this.lines = lines;
        this.classes = classes;
    }

    /// Reads a file in UTF-8: in every line that is not blank a label, a separator and a text. The classes are the
    /// labels that occur, in order.
    ///
    /// @throws NoSuchFileException if there is no such file
    /// @throws DatasetFormatException if it is not UTF-8, or a line has no separator or no label, or there is none
    /// @throws IOException if reading fails
    public static LabelledLines read(Path file, String separator, Tokenizer tokenizer) throws IOException {
        return read(file, separator, tokenizer, List.of());
    }

    /// Reads a file whose classes are known, as [#read(Path, String, Tokenizer)]: a test set, for example.
    ///
    /// @param classes the labels that may occur; class i is the i-th. If empty, those that occur
    /// @throws DatasetFormatException also if a label is none of them
    public static LabelledLines read(Path file, String separator, Tokenizer tokenizer, List<String> classes)
            throws IOException {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("labelled lines: the separator of label and text is empty");
        }
        List<String> all = lines(file);
        List<String> labels = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            String line = all.get(i);
            if (line.isBlank()) {
                continue;
            }
            int cut = line.indexOf(separator);
            String label = cut < 0 ? "" : line.substring(0, cut).strip();
            if (label.isEmpty()) {
                throw new DatasetFormatException(file, "line " + (i + 1) + ": expected a label, \""
                    + separator.replace("\t", "\\t") + "\" and a text, got \""
                    + line.substring(0, Math.min(40, line.length())) + "\"");
            }
            if (!classes.isEmpty() && !classes.contains(label)) {
                throw new DatasetFormatException(file, "line " + (i + 1) + ": label \"" + label
                    + "\" is none of the classes " + classes);
            }
            labels.add(label);
            texts.add(line.substring(cut + separator.length()));
        }
        if (labels.isEmpty()) {
            throw new DatasetFormatException(file, "holds no line; expected at least one label and text");
        }
        List<String> names = classes.isEmpty() ? labels.stream().distinct().sorted().toList() : List.copyOf(classes);
        List<Line> out = new ArrayList<>();
        for (int i = 0; i < labels.size(); i++) {
            out.add(new Line(names.indexOf(labels.get(i)), tokenizer.tokens(texts.get(i))));
        }
        return new LabelledLines("labelled lines " + file, List.copyOf(out), names);
    }

    private static List<String> lines(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString(), null, "no such file; expected lines of a label and a text");
        }
        try {
            return Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new DatasetFormatException(file, "is not text in UTF-8; convert it", e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return lines.size();
    }

    @Override
    public Line get(long index) {
        return lines.get(Math.toIntExact(index));
    }

    /// The names of the classes.
    public List<String> classes() {
        return classes;
    }

    /// The class of each line, for samplers and splits.
    public int[] labels() {
        return lines.stream().mapToInt(Line::label).toArray();
    }

    /// The tokens that occur at least `minCount` times, after [Vocabulary#PADDING] (0) and [Vocabulary#UNKNOWN] (1).
    public Vocabulary vocabulary(int minCount) {
        return Vocabulary.build(lines.stream().flatMap(l -> l.tokens().stream()).toList(), minCount,
            Vocabulary.PADDING, Vocabulary.UNKNOWN);
    }

    /// The lines as samples: input `I64`, the tokens' numbers, as many as there are; target `I64`, the class.
    public Dataset<Sample> encoded(Vocabulary vocabulary) {
        return map(line -> {
            long[] ids = Arrays.stream(vocabulary.encode(line.tokens())).asLongStream().toArray();
            return new Sample(HostArray.of(ids, Shape.of(ids.length)), HostArray.label(line.label()));
        });
    }
}
