package dev.tenon.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The attributes of a node, by name: Long, Double, String, OnnxValue, OnnxGraph, ValueType, long[], double[] or a
/// List.
///
/// @param values the attributes
record Attributes(Map<String, Object> values) {
    static final Attributes NONE = new Attributes(Map.of());

    Attributes {
        values = Map.copyOf(values);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    private <T> Optional<T> find(String name, Class<T> type, String expected) {
        Object v = values.get(name);
        if (v == null) {
            return Optional.empty();
        }
        if (!type.isInstance(v)) {
            throw new IllegalArgumentException("attribute " + name + " is " + kind(v) + ", expected " + expected);
        }
        return Optional.of(type.cast(v));
    }

    static String kind(Object v) {
        return switch (v) {
            case Long _ -> "an integer";
            case Double _ -> "a floating-point number";
            case String _ -> "a string";
            case long[] _ -> "a list of integers";
            case double[] _ -> "a list of floating-point numbers";
            case OnnxGraph _ -> "a graph";
            case OnnxValue _ -> "a tensor";
            default -> "a list";
        };
    }

    long integer(String name, long otherwise) {
        return find(name, Long.class, "an integer").orElse(otherwise);
    }

    double number(String name, double otherwise) {
        return find(name, Double.class, "a floating-point number").orElse(otherwise);
    }

    String string(String name, String otherwise) {
        return find(name, String.class, "a string").orElse(otherwise);
    }

    Optional<long[]> integers(String name) {
        return find(name, long[].class, "a list of integers");
    }

    Optional<double[]> numbers(String name) {
        return find(name, double[].class, "a list of floating-point numbers");
    }

    Optional<List<String>> strings(String name) {
        return find(name, List.class, "a list of strings").map(l -> {
            List<?> all = l;
            return all.stream().map(String.class::cast).toList();
        });
    }

    Optional<OnnxValue> value(String name) {
        return find(name, OnnxValue.class, "a tensor");
    }

    Optional<ValueType> type(String name) {
        return find(name, ValueType.class, "a type");
    }

    OnnxGraph graph(String name) {
        return find(name, OnnxGraph.class, "a graph")
                .orElseThrow(() -> new IllegalArgumentException("attribute " + name + " is missing: expected a graph"));
    }
}
