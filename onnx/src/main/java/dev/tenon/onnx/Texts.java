package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Operators on strings, on the host.
final class Texts {
    private Texts() {}

    static void register(Operators r) {
        r.add("StringConcat", 20, Operators.Trait.RAW, Texts::concat);
        r.add("StringNormalizer", 10, Operators.Trait.RAW, Texts::normalize);
        r.add("StringSplit", 20, Operators.Trait.RAW, Texts::split);
        r.add("RegexFullMatch", 20, Operators.Trait.RAW, Texts::match);
        r.add("TfIdfVectorizer", 9, Operators.Trait.RAW, Texts::tfIdf);
    }

    static OnnxValue.Strings strings(Call c, int i) {
        if (c.value(i) instanceof OnnxValue.Strings s) {
            return s;
        }
        throw new IllegalArgumentException("input " + i + " is a " + c.value(i) + ", expected strings");
    }

    private static List<OnnxValue> concat(Call c) {
        OnnxValue.Strings a = strings(c, 0);
        OnnxValue.Strings b = strings(c, 1);
        Shape s = Shape.broadcast("StringConcat", a.shape(), b.shape());
        int[] left = positions(a.shape(), s, c);
        int[] right = positions(b.shape(), s, c);
        List<String> out = new ArrayList<>();
        for (int i = 0; i < left.length; i++) {
            out.add(a.values().get(left[i]) + b.values().get(right[i]));
        }
        return List.of(new OnnxValue.Strings(s, out));
    }

    private static int[] positions(Shape from, Shape to, Call c) {
        return Tensors.arange(0, from.elements(), 1, DType.I64, c.device()).reshape(from).expand(to).toIntArray();
    }

    private static List<OnnxValue> normalize(Call c) {
        OnnxValue.Strings x = strings(c, 0);
        int rank = x.shape().rank();
        if (rank < 1 || rank > 2 || rank == 2 && x.shape().dim(0) != 1) {
            throw new IllegalArgumentException("input " + x.shape() + ": expected [c] or [1, c]");
        }
        Locale locale = Locale.forLanguageTag(c.attr("locale", "en-US").replace('_', '-'));
        boolean sensitive = c.flag("is_case_sensitive", false);
        Set<String> stop = new HashSet<>();
        List<String> words = c.strings("stopwords");
        if (words != null) {
            words.forEach(w -> stop.add(sensitive ? w : w.toLowerCase(locale)));
        }
        String action = c.attr("case_change_action", "NONE");
        List<String> out = new ArrayList<>();
        for (String s : x.values()) {
            if (!stop.contains(sensitive ? s : s.toLowerCase(locale))) {
                out.add(action.equals("LOWER") ? s.toLowerCase(locale) : action.equals("UPPER")
                        ? s.toUpperCase(locale) : s);
            }
        }
        if (out.isEmpty()) {
            out.add("");
        }
        return List.of(new OnnxValue.Strings(rank == 1 ? Shape.of(out.size()) : Shape.of(1, out.size()), out));
    }

    private static List<OnnxValue> split(Call c) {
        OnnxValue.Strings x = strings(c, 0);
        String delimiter = c.attr("delimiter", "");
        long most = c.hasAttr("maxsplit") ? c.attr("maxsplit", 0) : Integer.MAX_VALUE - 1;
        List<List<String>> parts = new ArrayList<>();
        int longest = 0;
        for (String s : x.values()) {
            List<String> p = delimiter.isEmpty() ? words(s, most) : pieces(s, delimiter, most);
            parts.add(p);
            longest = Math.max(longest, p.size());
        }
        List<String> all = new ArrayList<>();
        long[] counts = new long[parts.size()];
        for (int i = 0; i < counts.length; i++) {
            List<String> p = parts.get(i);
            counts[i] = p.size();
            all.addAll(p);
            for (int k = p.size(); k < longest; k++) {
                all.add("");
            }
        }
        return List.of(new OnnxValue.Strings(x.shape().inserted(x.shape().rank(), longest), all),
                OnnxValue.of(Tensors.of(counts, x.shape(), c.device())));
    }

    private static List<String> words(String s, long most) {
        String rest = s.strip();
        List<String> out = new ArrayList<>();
        if (rest.isEmpty()) {
            return out;
        }
        out.addAll(Arrays.asList(rest.split("\\s+", (int) most + 1)));
        return out;
    }

    private static List<String> pieces(String s, String delimiter, long most) {
        return Arrays.asList(s.split(Pattern.quote(delimiter), (int) Math.min(most + 1, Integer.MAX_VALUE)));
    }

    /// Java's expressions contain those of RE2.
    private static List<OnnxValue> match(Call c) {
        OnnxValue.Strings x = strings(c, 0);
        Pattern pattern;
        try {
            pattern = Pattern.compile(c.attr("pattern", ""));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("pattern \"" + c.attr("pattern", "") + "\": " + e.getDescription(), e);
        }
        byte[] out = new byte[x.values().size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) (pattern.matcher(x.values().get(i)).matches() ? 1 : 0);
        }
        return List.of(OnnxValue.of(Tensors.of(out, DType.BOOL, x.shape(), c.device())));
    }

    // --- n-grams

    private static long attribute(Call c, String name) {
        return c.attr(name, 0);
    }

    private static List<OnnxValue> tfIdf(Call c) {
        Shape shape = c.value(0).shape();
        if (shape.rank() < 1 || shape.rank() > 2) {
            throw new IllegalArgumentException("input " + shape + ": expected [c] or [n, c]");
        }
        List<?> tokens = c.value(0) instanceof OnnxValue.Strings s ? s.values()
                : Arrays.stream(c.longs(0)).boxed().toList();
        long[] ints = c.integers("pool_int64s");
        List<String> words = c.strings("pool_strings");
        List<?> pool = ints != null ? Arrays.stream(ints).boxed().toList() : words == null ? List.of() : words;
        long[] starts = c.integers("ngram_counts", new long[0]);
        long[] indexes = c.integers("ngram_indexes", new long[0]);
        Map<List<?>, Integer> grams = grams(pool, starts);
        int columns = (int) (Arrays.stream(indexes).max().orElse(-1) + 1);
        int rows = shape.rank() == 1 ? 1 : (int) shape.dim(0);
        int length = (int) shape.dim(-1);
        double[] weights = c.numbers("weights");
        String mode = c.attr("mode", "TF");
        float[] out = new float[rows * columns];
        for (int r = 0; r < rows; r++) {
            List<?> row = tokens.subList(r * length, (r + 1) * length);
            for (long n = attribute(c, "min_gram_length"); n <= attribute(c, "max_gram_length"); n++) {
                // Single words have nothing to skip between.
                for (long skip = 0; skip <= (n == 1 ? 0 : attribute(c, "max_skip_count")); skip++) {
                    for (int i = 0; i + (n - 1) * (skip + 1) < length; i++) {
                        List<Object> gram = new ArrayList<>();
                        for (int k = 0; k < n; k++) {
                            gram.add(row.get((int) (i + k * (skip + 1))));
                        }
                        Integer found = grams.get(gram);
                        if (found != null) {
                            out[r * columns + (int) indexes[found]]++;
                        }
                    }
                }
            }
        }
        for (int r = 0; r < rows && !mode.equals("TF"); r++) {
            for (int i = 0; i < indexes.length; i++) {
                int at = r * columns + (int) indexes[i];
                float count = mode.equals("IDF") ? Math.min(out[at], 1) : out[at];
                out[at] = count * (weights == null ? 1 : (float) weights[i]);
            }
        }
        Tensor y = Tensors.of(out, shape.rank() == 1 ? Shape.of(columns) : Shape.of(rows, columns), c.device());
        return List.of(OnnxValue.of(y));
    }

    /// The number of each n-gram of a pool.
    private static Map<List<?>, Integer> grams(List<?> pool, long[] starts) {
        Map<List<?>, Integer> grams = new HashMap<>();
        int number = 0;
        for (int n = 1; n <= starts.length; n++) {
            long end = n < starts.length ? starts[n] : pool.size();
            for (long i = starts[n - 1]; i + n <= end; i += n) {
                grams.put(List.copyOf(pool.subList((int) i, (int) i + n)), number++);
            }
        }
        return grams;
    }
}
