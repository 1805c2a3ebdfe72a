package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Tensor;
import dev.tenon.conformance.OpInfoFile.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Compares results with what the file expects: dtype and shape exactly, floating-point values within the tolerance,
/// all others exactly.
final class Comparison {
    private Comparison() {}

    /// The tensors of a result in the order of the file's `outs`, once its structure has been found to be as expected.
    static List<@Nullable Tensor> outputs(@Nullable Object tree, @Nullable Object result, int count) {
        List<@Nullable Tensor> outs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            outs.add(null);
        }
        match(tree, result, outs);
        return outs;
    }

    private static void match(@Nullable Object tree, @Nullable Object result, List<@Nullable Tensor> outs) {
        if (tree == null) {
            check(result == null, "expected None, got " + result);
            return;
        }
        Map.Entry<String, @Nullable Object> e = Json.map(tree).entrySet().iterator().next();
        Object v = e.getValue();
        switch (e.getKey()) {
            case "t" -> {
                check(result instanceof Tensor, "expected a tensor, got " + result);
                outs.set((int) Json.number(v), (Tensor) result);
            }
            case "l", "u" -> {
                List<@Nullable Object> want = Json.list(v);
                check(result instanceof List, "expected " + want.size() + " results, got " + kind(result));
                List<?> got = (List<?>) result;
                check(got != null && got.size() == want.size(), "expected " + want.size() + " results, got "
                        + (got == null ? 0 : got.size()));
                for (int i = 0; i < want.size(); i++) {
                    match(want.get(i), got == null ? null : got.get(i), outs);
                }
            }
            case "i", "f" -> check(result instanceof Number n && n.doubleValue() == Json.number(v),
                    "expected " + v + ", got " + result);
            default -> check(v != null && v.equals(result), "expected " + v + ", got " + result);
        }
    }

    private static String kind(@Nullable Object o) {
        return o == null ? "None" : o.getClass().getSimpleName();
    }

    private static void check(boolean ok, String message) {
        if (!ok) {
            throw new AssertionError(message);
        }
    }

    /// Compares one tensor.
    static void compare(String what, Stored want, Tensor wanted, Tensor got, boolean shapeOnly) {
        check(got.shape().equals(want.shape()), what + ": shape " + got.shape() + ", expected " + want.shape());
        check(got.dtype() == want.dtype(), what + ": dtype " + got.dtype() + ", expected " + want.dtype());
        if (want.skipped() || shapeOnly) {
            return;
        }
        if (want.dtype() == DType.I64) {
            long[] w = wanted.toLongArray();
            long[] g = got.toLongArray();
            for (int i = 0; i < w.length; i++) {
                check(w[i] == g[i], what + "[" + i + "] of " + want.shape() + ": " + g[i] + ", expected " + w[i]);
            }
            return;
        }
        double[] w = wanted.toDoubleArray();
        double[] g = got.toDoubleArray();
        for (int i = 0; i < w.length; i++) {
            boolean equal = w[i] == g[i] || Double.isNaN(w[i]) && Double.isNaN(g[i]);
            boolean near = want.dtype().isFloating() && Math.abs(g[i] - w[i]) <= want.atol()
                    + want.rtol() * Math.abs(w[i]) && !Double.isInfinite(w[i]);
            check(equal || near, what + "[" + i + "] of " + want.shape() + ": " + g[i] + ", expected " + w[i]);
        }
    }
}
