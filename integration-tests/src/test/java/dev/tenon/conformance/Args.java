package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The arguments of one call under the names of a signature.
///
/// A signature lists the parameters' names in the order of PyTorch's Python function, separated by spaces; the last may
/// start with `*` and then takes all the remaining positional arguments, be they given one by one or as one list. Names
/// that no positional argument reaches are keywords. (The `schemas` of the cases file name the parameters of ATen,
/// which for `torch.nn.functional` are in another order, and are missing for many operators; elsewhere the names
/// agree.)
final class Args {
    private final Map<String, @Nullable Object> values = new LinkedHashMap<>();
    private final Device device;

    Args(String signature, List<@Nullable Object> positional, Map<String, @Nullable Object> named, Device device) {
        this.device = device;
        List<String> names = signature.isBlank() ? List.of() : List.of(signature.trim().split(" +"));
        for (int i = 0; i < positional.size(); i++) {
            if (i >= names.size()) {
                throw new IllegalArgumentException("argument " + i + " has no name in the signature " + names);
            }
            String n = names.get(i);
            if (n.startsWith("*")) {
                List<@Nullable Object> rest = positional.subList(i, positional.size());
                boolean one = rest.size() == 1 && rest.getFirst() instanceof List;
                values.put(n.substring(1), one ? rest.getFirst() : rest);
                break;
            }
            values.put(n, positional.get(i));
        }
        named.forEach((k, v) -> {
            String n = k.equals("self") ? "input" : k;
            if (n.equals("out")) {
                throw new NotComparable("there are no out parameters: no out tensor of another dtype, or that is an"
                        + " operand, to refuse");
            }
            if (!names.contains(n) && !names.contains("*" + n)) {
                throw new IllegalArgumentException("keyword " + k + " is not in the signature " + names);
            }
            values.put(n, v);
        });
    }

    Device device() {
        return device;
    }

    @Nullable Object get(String name) {
        return values.get(name);
    }

    /// Whether the argument was given and is not None.
    boolean has(String name) {
        return values.get(name) != null;
    }

    /// The tensor called `input`.
    Tensor x() {
        return t("input");
    }

    Tensor t(String name) {
        Object v = values.get(name);
        if (v instanceof Tensor t) {
            return t;
        }
        throw new TensorException("argument " + name + " is " + v + ", expected a tensor");
    }

    @Nullable Tensor opt(String name) {
        return has(name) ? t(name) : null;
    }

    /// Tensors, given as a list.
    List<Tensor> ts(String name) {
        List<Tensor> out = new ArrayList<>();
        for (Object o : Json.list(values.get(name))) {
            if (o instanceof List<?> inner) {
                inner.forEach(i -> out.add((Tensor) i));
            } else if (o instanceof Tensor t) {
                out.add(t);
            }
        }
        return out;
    }

    boolean isTensor(String name) {
        return values.get(name) instanceof Tensor;
    }

    long i(String name, long otherwise) {
        return has(name) ? i(name) : otherwise;
    }

    long i(String name) {
        return integer(name, values.get(name));
    }

    private static long integer(String name, @Nullable Object v) {
        return switch (v) {
            case Long l -> l;
            case Boolean b -> b ? 1 : 0;
            case Double d when d == Math.rint(d) -> d.longValue();
            case Tensor t when !t.dtype().isFloating() -> t.itemLong();
            case null, default -> throw new TensorException("argument " + name + " is " + v + ", expected an integer");
        };
    }

    int axis(String name, int otherwise) {
        return (int) i(name, otherwise);
    }

    int axis(String name) {
        return (int) i(name);
    }

    double f(String name, double otherwise) {
        return has(name) ? f(name) : otherwise;
    }

    double f(String name) {
        return number(name, values.get(name));
    }

    private static double number(String name, @Nullable Object v) {
        return switch (v) {
            case Number n -> n.doubleValue();
            case Boolean b -> b ? 1 : 0;
            case Tensor t -> t.item();
            case String s -> Json.number(s);
            case null, default -> throw new TensorException("argument " + name + " is " + v + ", expected a number");
        };
    }

    boolean b(String name, boolean otherwise) {
        return has(name) ? i(name) != 0 : otherwise;
    }

    String s(String name, String otherwise) {
        return has(name) ? Json.text(values.get(name)) : otherwise;
    }

    @Nullable DType dtype(String name) {
        return (DType) values.get(name);
    }

    DType dtype(String name, DType otherwise) {
        DType d = dtype(name);
        return d == null ? otherwise : d;
    }

    /// Integers: a list, or one number that stands for a list of one.
    long[] longs(String name) {
        Object v = values.get(name);
        if (v instanceof List<?> l) {
            return l.stream().mapToLong(o -> integer(name, o)).toArray();
        }
        return new long[] {i(name)};
    }

    int[] ints(String name) {
        long[] l = longs(name);
        int[] out = new int[l.length];
        for (int k = 0; k < l.length; k++) {
            out[k] = (int) l[k];
        }
        return out;
    }

    /// Integers for `count` axes: one number stands for all.
    int[] ints(String name, int count, int otherwise) {
        int[] given = has(name) ? ints(name) : new int[] {otherwise};
        if (given.length == count) {
            return given;
        }
        if (given.length != 1) {
            throw new TensorException("argument " + name + " has " + given.length + " numbers, expected " + count);
        }
        int[] out = new int[count];
        Arrays.fill(out, given[0]);
        return out;
    }

    double[] doubles(String name) {
        Object v = values.get(name);
        if (v instanceof List<?> l) {
            return l.stream().mapToDouble(o -> number(name, o)).toArray();
        }
        return new double[] {f(name)};
    }

    Map<String, Tensor> tensors(String name) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        Json.map(values.get(name)).forEach((k, v) -> {
            if (v instanceof Tensor t) {
                out.put(k, t);
            }
        });
        return out;
    }
}
