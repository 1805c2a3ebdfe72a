package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Preparation of tables, and linear models: the domain `ai.onnx.ml`.
final class Classical {
    private Classical() {}

    static void register(Operators r) {
        r.same("ArrayFeatureExtractor", 1, c -> {
            Tensor x = c.x(0).rank() == 1 ? c.x(0).unsqueeze(0) : c.x(0);
            return x.indexSelect(x.rank() - 1, c.x(1).reshape(-1));
        });
        r.same("Binarizer", 1, c -> c.x(0).gt(c.attr("threshold", 0.0)));
        r.plain("Scaler", 1, c -> single(c).sub(row(c, "offset")).mul(row(c, "scale")));
        r.plain("Normalizer", 1, Classical::normalized);
        r.same("Imputer", 1, Classical::imputed);
        r.plain("FeatureVectorizer", 1, c -> Tensors.cat(1, c.all().stream()
                .map(x -> (x.rank() == 1 ? x.unsqueeze(0) : x).to(DType.F32)).toList()));
        r.plain("LinearRegressor", 1, c -> transformed(c, linear(c, c.attr("targets", 1))));
        r.add("LinearClassifier", 1, Classical::linearClassifier);
        r.add("OneHotEncoder", 1, Operators.Trait.RAW, Classical::oneHot);
        r.add("LabelEncoder", 1, Operators.Trait.RAW, Classical::labels);
        r.add("CategoryMapper", 1, Operators.Trait.RAW, Classical::labels);
        r.add("ZipMap", 1, Operators.Trait.RAW, Classical::zip);
        r.add("DictVectorizer", 1, Operators.Trait.RAW, Classical::vectorized);
        r.add("CastMap", 1, Operators.Trait.RAW, Classical::castMap);
    }

    private static Tensor single(Call c) {
        return c.x(0).to(DType.F32);
    }

    private static Tensor row(Call c, String name) {
        double[] v = c.numbers(name);
        if (v == null) {
            throw new IllegalArgumentException("attribute " + name + " is missing");
        }
        return Tensors.of(Constants.floats(v), Shape.of(v.length), c.device());
    }

    private static Tensor normalized(Call c) {
        Tensor x = single(c);
        int[] axis = {x.rank() - 1};
        Tensor by = switch (c.attr("norm", "MAX")) {
            case "MAX" -> x.amax(axis, true);
            case "L1" -> x.abs().sum(axis, true);
            case "L2" -> x.norm(2, axis, true);
            default -> throw new IllegalArgumentException("norm \"" + c.attr("norm", "")
                    + "\": expected MAX, L1 or L2");
        };
        return x.where(by.eq(0), x.div(by));
    }

    private static Tensor imputed(Call c) {
        Tensor x = c.x(0);
        boolean floats = c.hasAttr("imputed_value_floats");
        Tensor values = floats ? row(c, "imputed_value_floats").to(x.dtype())
                : c.vector(c.integers("imputed_value_int64s", new long[0])).to(x.dtype());
        double replaced = floats ? c.attr("replaced_value_float", 0.0) : c.attr("replaced_value_int64", 0);
        return values.where(Double.isNaN(replaced) ? x.isNaN() : x.eq(replaced), x);
    }

    // --- linear models

    private static Tensor linear(Call c, long targets) {
        Tensor x = single(c);
        Tensor y = x.matmul(row(c, "coefficients").reshape(targets, x.size(-1)).t());
        return c.hasAttr("intercepts") ? y.add(row(c, "intercepts")) : y;
    }

    private static Tensor transformed(Call c, Tensor scores) {
        return transformed(c.attr("post_transform", "NONE"), scores);
    }

    static Tensor transformed(String how, Tensor scores) {
        return switch (how) {
            case "NONE" -> scores;
            case "LOGISTIC" -> scores.sigmoid();
            case "SOFTMAX" -> scores.softmax(-1);
            case "SOFTMAX_ZERO" -> {
                // Scores of zero stay zero.
                Tensor weights = scores.sub(scores.amax(new int[] {-1}, true)).exp();
                Tensor kept = Tensors.zerosLike(weights).where(scores.eq(0), weights);
                yield kept.div(kept.sum(-1, true));
            }
            case "PROBIT" -> scores.ndtri();
            default -> throw new IllegalArgumentException("post_transform \"" + how + "\" is unknown");
        };
    }

    private static List<OnnxValue> linearClassifier(Call c) {
        long[] ints = c.integers("classlabels_ints");
        List<String> words = c.strings("classlabels_strings");
        int classes = ints != null ? ints.length : words != null ? words.size() : 0;
        Tensor weights = row(c, "coefficients");
        Tensor scores = linear(c, weights.elements() / c.x(0).size(-1));
        if (scores.size(1) == 1 && classes == 2) {
            scores = Tensors.cat(1, scores.neg(), scores);
        }
        Tensor out = transformed(c, scores);
        return List.of(labels(c, out.argmax(1, false), ints, words), OnnxValue.of(out));
    }

    /// The labels of numbers of classes.
    static OnnxValue labels(Call c, Tensor classes, long @Nullable [] ints, @Nullable List<String> words) {
        if (words != null) {
            List<String> all = new ArrayList<>();
            for (long i : classes.toLongArray()) {
                all.add(words.get((int) i));
            }
            return new OnnxValue.Strings(classes.shape(), all);
        }
        return OnnxValue.of(ints == null ? classes : c.vector(ints).indexSelect(0, classes));
    }

    // --- categories

    /// Keys of a tensor's elements, as maps have them.
    private static List<Object> keys(OnnxValue v) {
        return switch (v) {
            case OnnxValue.Strings s -> new ArrayList<>(s.values());
            case OnnxValue.OfTensor t when t.type().isIntegral() ->
                Arrays.stream(t.tensor().toLongArray()).<Object>mapToObj(i -> i).toList();
            // Every NaN is the same key, zeros of both signs are too.
            default -> Arrays.stream(v.tensor().toDoubleArray())
                    .<Object>mapToObj(d -> Double.isNaN(d) ? (Object) Double.NaN : (Object) (d + 0.0)).toList();
        };
    }

    private static List<OnnxValue> oneHot(Call c) {
        long[] ints = c.integers("cats_int64s");
        List<String> words = c.strings("cats_strings");
        List<?> categories = ints != null ? Arrays.stream(ints).boxed().toList() : words == null ? List.of() : words;
        OnnxValue v = c.value(0);
        List<?> keys = v instanceof OnnxValue.Strings s ? s.values()
                : Arrays.stream(v.tensor().toLongArray()).boxed().toList();
        int n = categories.size();
        float[] out = new float[keys.size() * n];
        for (int i = 0; i < keys.size(); i++) {
            int at = categories.indexOf(keys.get(i));
            if (at >= 0) {
                out[i * n + at] = 1;
            } else if (!c.flag("zeros", true)) {
                throw new IllegalArgumentException(keys.get(i) + " is no category");
            }
        }
        return List.of(OnnxValue.of(Tensors.of(out, v.shape().inserted(v.shape().rank(), n), c.device())));
    }

    private static @Nullable OnnxValue column(Call c, String prefix) {
        OnnxValue tensor = c.attributes().value(prefix + "_tensor").orElse(null);
        if (tensor != null) {
            return tensor;
        }
        if (c.hasAttr(prefix + "_strings")) {
            List<String> words = c.attributes().strings(prefix + "_strings").orElseThrow();
            return new OnnxValue.Strings(Shape.of(words.size()), words);
        }
        if (c.hasAttr(prefix + "_int64s")) {
            return OnnxValue.of(c.vector(c.integers(prefix + "_int64s", new long[0])));
        }
        return c.hasAttr(prefix + "_floats") ? OnnxValue.of(row(c, prefix + "_floats")) : null;
    }

    /// Values found by keys, each in its place.
    private static List<OnnxValue> labels(Call c) {
        OnnxValue x = c.value(0);
        OnnxValue from = column(c, "keys");
        OnnxValue to = column(c, "values");
        if (from == null || to == null) {
            // The first version, and CategoryMapper: strings to integers or back.
            boolean toInts = x instanceof OnnxValue.Strings;
            List<String> words = c.attributes().strings("cats_strings")
                    .orElseGet(() -> c.attributes().strings("classes_strings").orElseThrow(
                            () -> new IllegalArgumentException("there are no keys, or no values")));
            OnnxValue text = new OnnxValue.Strings(Shape.of(words.size()), words);
            OnnxValue numbers = OnnxValue.of(c.vector(c.integers("cats_int64s",
                    IntStream.range(0, words.size()).mapToLong(i -> i).toArray())));
            from = toInts ? text : numbers;
            to = toInts ? numbers : text;
        }
        Map<Object, Integer> at = new HashMap<>();
        List<Object> known = keys(from);
        for (int i = 0; i < known.size(); i++) {
            at.put(known.get(i), i);
        }
        int[] places = keys(x).stream().mapToInt(k -> at.getOrDefault(k, -1)).toArray();
        OnnxValue otherwise = c.attributes().value("default_tensor").orElse(null);
        if (to instanceof OnnxValue.Strings text) {
            String missing = otherwise instanceof OnnxValue.Strings s ? s.values().getFirst()
                    : c.attr("default_string", "_Unused");
            return List.of(new OnnxValue.Strings(x.shape(), Arrays.stream(places)
                    .mapToObj(i -> i < 0 ? missing : text.values().get(i)).toList()));
        }
        Tensor missing = otherwise != null ? otherwise.tensor().reshape(1)
                : to.type().isFloating() ? c.full(Shape.of(1), c.attr("default_float", -0.0), to.tensor().dtype())
                : c.full(Shape.of(1), c.attr("default_int64", -1L), to.tensor().dtype());
        Tensor all = Tensors.cat(0, to.tensor().reshape(-1), missing);
        long last = all.elements() - 1;
        long[] pick = Arrays.stream(places).mapToLong(i -> i < 0 ? last : i).toArray();
        return List.of(OnnxValue.of(to.type(), all.indexSelect(0, c.vector(pick)).reshape(x.shape())));
    }

    // --- maps

    private static List<OnnxValue> zip(Call c) {
        long[] ints = c.integers("classlabels_int64s");
        List<String> words = c.strings("classlabels_strings");
        List<?> labels = ints != null ? Arrays.stream(ints).boxed().toList() : words == null ? List.of() : words;
        Tensor x = c.x(0).rank() == 1 ? c.x(0).unsqueeze(0) : c.x(0);
        float[] v = x.toFloatArray();
        int n = (int) x.size(1);
        if (labels.size() != n) {
            throw new IllegalArgumentException(n + " columns for " + labels.size() + " labels");
        }
        List<OnnxValue> rows = new ArrayList<>();
        for (int r = 0; r < x.size(0); r++) {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int k = 0; k < n; k++) {
                map.put(labels.get(k), v[r * n + k]);
            }
            rows.add(new OnnxValue.OfMap(map));
        }
        return List.of(new OnnxValue.Sequence(rows));
    }

    private static Map<Object, Object> map(Call c) {
        if (c.value(0) instanceof OnnxValue.OfMap m) {
            return m.values();
        }
        throw new IllegalArgumentException("input 0 is a " + c.value(0) + ", expected a map");
    }

    private static double number(Object v) {
        return switch (v) {
            case Number n -> n.doubleValue();
            case OnnxValue t -> t.tensor().item();
            default -> Double.parseDouble(v.toString());
        };
    }

    private static List<OnnxValue> vectorized(Call c) {
        long[] ints = c.integers("int64_vocabulary");
        List<String> words = c.strings("string_vocabulary");
        List<?> keys = ints != null ? Arrays.stream(ints).boxed().toList() : words == null ? List.of() : words;
        Map<Object, Object> map = map(c);
        if (map.values().stream().anyMatch(String.class::isInstance)) {
            return List.of(new OnnxValue.Strings(Shape.of(keys.size()), keys.stream()
                    .map(k -> String.valueOf(map.getOrDefault(k, ""))).toList()));
        }
        double[] v = keys.stream().mapToDouble(k -> map.containsKey(k) ? number(map.get(k)) : 0).toArray();
        boolean whole = !map.isEmpty() && map.values().stream().allMatch(Long.class::isInstance);
        Tensor t = Tensors.of(v, Shape.of(v.length), c.device());
        return List.of(OnnxValue.of(t.to(whole ? DType.I64 : DType.F32)));
    }

    private static List<OnnxValue> castMap(Call c) {
        TreeMap<Long, Object> sorted = new TreeMap<>();
        map(c).forEach((k, v) -> sorted.put((Long) k, v));
        boolean sparse = c.attr("map_form", "DENSE").equals("SPARSE");
        String to = c.attr("cast_to", "TO_FLOAT");
        int n = sparse ? Math.toIntExact(c.attr("max_map", 1)) : sorted.size();
        List<Object> values = new ArrayList<>();
        if (sparse) {
            for (long i = 0; i < n; i++) {
                values.add(sorted.getOrDefault(i, to.equals("TO_STRING") ? "" : 0L));
            }
        } else {
            values.addAll(sorted.values());
        }
        if (to.equals("TO_STRING")) {
            return List.of(new OnnxValue.Strings(Shape.of(n), values.stream().map(String::valueOf).toList()));
        }
        double[] v = values.stream().mapToDouble(Classical::number).toArray();
        Tensor t = Tensors.of(v, Shape.of(n), c.device());
        return List.of(OnnxValue.of(t.to(to.equals("TO_INT64") ? DType.I64 : DType.F32)));
    }
}
