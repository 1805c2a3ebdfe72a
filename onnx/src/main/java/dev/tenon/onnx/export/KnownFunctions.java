package dev.tenon.onnx.export;

import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Recognises known functions in expressions, so that a file says `Gelu` or `HardSwish` instead of the arithmetic.
/// Steps of an expression are told by their numbers; equal numbers are equal expressions.
final class KnownFunctions {
    /// A known function of one value.
    ///
    /// @param x the step that is the operand
    /// @param limits for `Clip`, the least and the largest value
    record Match(String op, int x, Map<String, Object> attributes, double @Nullable [] limits) {
        private static Match of(String op, int x) {
            return new Match(op, x, Map.of(), null);
        }

        private static Match of(String op, int x, Map<String, Object> attributes) {
            return new Match(op, x, attributes, null);
        }
    }

    private static final double EXACT = 1e-6;
    private final List<Lambda.Step> steps;
    private final int opset;

    KnownFunctions(List<Lambda.Step> steps, int opset) {
        this.steps = steps;
        this.opset = opset;
    }

    private int arg(int n, int i) {
        return steps.get(n).args().get(i);
    }

    private boolean is(int n, BinaryFn fn) {
        return steps.get(n).expr() instanceof Expr.Binary b && b.fn() == fn;
    }

    private boolean is(int n, UnaryFn fn) {
        return steps.get(n).expr() instanceof Expr.Unary u && u.fn() == fn;
    }

    private boolean isSelect(int n) {
        return steps.get(n).expr() instanceof Expr.Select;
    }

    /// The number that a step is; NaN for others.
    double number(int n) {
        return steps.get(n).expr() instanceof Expr.Const c ? c.asDouble() : Double.NaN;
    }

    private boolean isNumber(int n, double value) {
        return Math.abs(number(n) - value) <= EXACT * Math.abs(value);
    }

    /// The operand beside a constant of a commutative function, or -1.
    private int beside(int n, BinaryFn fn, double value) {
        return !is(n, fn) ? -1 : isNumber(arg(n, 1), value) ? arg(n, 0) : isNumber(arg(n, 0), value) ? arg(n, 1) : -1;
    }

    /// The constant of a commutative function of a given operand; NaN if it is no such thing.
    private double factor(int n, BinaryFn fn, int x) {
        return !is(n, fn) ? Double.NaN
                : arg(n, 0) == x ? number(arg(n, 1)) : arg(n, 1) == x ? number(arg(n, 0)) : Double.NaN;
    }

    /// The operand beside another one of a commutative function, or -1.
    private int other(int n, BinaryFn fn, int x) {
        return !is(n, fn) ? -1 : arg(n, 0) == x ? arg(n, 1) : arg(n, 1) == x ? arg(n, 0) : -1;
    }

    /// The function that a step is, in 32-bit arithmetic.
    @Nullable Match match(int n) {
        Match m = clip(n);
        if (m == null) {
            m = isSelect(n) ? piecewise(n) : is(n, BinaryFn.DIV) ? quotient(n)
                    : is(n, BinaryFn.MUL) ? product(n) : null;
        }
        if (m == null && is(n, BinaryFn.EQ)
                && number(arg(n, 1)) == Double.POSITIVE_INFINITY && is(arg(n, 0), UnaryFn.ABS)) {
            return Match.of("IsInf", arg(arg(n, 0), 0));
        }
        return m;
    }

    /// Limits on both sides, or on the lower one at 0.
    @Nullable Match clip(int n) {
        if (is(n, BinaryFn.MIN) && is(arg(n, 0), BinaryFn.MAX)) {
            return limited(arg(arg(n, 0), 0), number(arg(arg(n, 0), 1)), number(arg(n, 1)));
        }
        if (!isSelect(n) || !is(arg(n, 0), BinaryFn.LE) || arg(arg(n, 0), 1) != arg(n, 1)) {
            return null;
        }
        int x = arg(arg(n, 0), 0);
        double low = number(arg(n, 1));
        int top = arg(n, 2);
        if (top == x) {
            return low == 0 ? Match.of("Relu", x) : null;
        }
        boolean both = isSelect(top) && is(arg(top, 0), BinaryFn.GE) && arg(arg(top, 0), 0) == x
                && arg(arg(top, 0), 1) == arg(top, 1) && arg(top, 2) == x;
        return both ? limited(x, low, number(arg(top, 1))) : null;
    }

    private static @Nullable Match limited(int x, double low, double high) {
        return low <= high ? new Match("Clip", x, Map.of(), new double[] {low, high}) : null;
    }

    /// x where positive, elsewhere another function.
    private @Nullable Match piecewise(int n) {
        int x = arg(n, 1);
        int negative = arg(n, 2);
        if (!is(arg(n, 0), BinaryFn.GT) || arg(arg(n, 0), 0) != x || number(arg(arg(n, 0), 1)) != 0) {
            return null;
        }
        double slope = factor(negative, BinaryFn.MUL, x);
        if (!Double.isNaN(slope)) {
            return Match.of("LeakyRelu", x, Map.of("alpha", slope));
        }
        if (isExpm1(negative, x)) {
            return Match.of("Elu", x, Map.of("alpha", 1.0));
        }
        double alpha = elu(negative, x);
        return Double.isNaN(alpha) ? null : Match.of("Elu", x, Map.of("alpha", alpha));
    }

    private boolean isExpm1(int n, int x) {
        return is(n, UnaryFn.EXPM1) && arg(n, 0) == x;
    }

    private double elu(int n, int x) {
        if (!is(n, BinaryFn.MUL)) {
            return Double.NaN;
        }
        return isExpm1(arg(n, 0), x) ? number(arg(n, 1)) : isExpm1(arg(n, 1), x) ? number(arg(n, 0)) : Double.NaN;
    }

    private @Nullable Match quotient(int n) {
        int a = arg(n, 0);
        int b = arg(n, 1);
        if (isNumber(b, 6)) {
            Match inner = clip(a);
            if (isSix(inner)) {
                int x = beside(inner.x, BinaryFn.ADD, 3);
                return x < 0 ? null : Match.of("HardSigmoid", x, Map.of("alpha", 1.0 / 6, "beta", 0.5));
            }
            if (is(a, BinaryFn.MUL)) {
                inner = clip(arg(a, 1));
                int x = isSix(inner) ? beside(inner.x, BinaryFn.ADD, 3) : -1;
                return x >= 0 && x == arg(a, 0) ? Match.of("HardSwish", x) : null;
            }
        }
        int abs = beside(b, BinaryFn.ADD, 1);
        return abs >= 0 && is(abs, UnaryFn.ABS) && arg(abs, 0) == a ? Match.of("Softsign", a) : null;
    }

    private static boolean isSix(@Nullable Match clip) {
        return clip != null && clip.limits != null && clip.limits[0] == 0 && clip.limits[1] == 6;
    }

    private @Nullable Match product(int n) {
        for (int i = 0; i < 2; i++) {
            int x = arg(n, i);
            int f = arg(n, 1 - i);
            if (opset >= 18 && is(f, UnaryFn.TANH) && is(arg(f, 0), UnaryFn.SOFTPLUS) && arg(arg(f, 0), 0) == x) {
                return Match.of("Mish", x);
            }
            double scale = number(f);
            Match inner = isSelect(x) ? piecewise(x) : null;
            if (inner != null && inner.op.equals("Elu") && !Double.isNaN(scale)) {
                return Match.of("Selu", inner.x, Map.of("alpha", inner.attributes.get("alpha"), "gamma", scale));
            }
            if (opset >= 20 && isPhi(f, x)) {
                return Match.of("Gelu", x);
            }
        }
        return null;
    }

    /// The normal distribution function: (1 + erf(x / sqrt 2)) / 2.
    private boolean isPhi(int n, int x) {
        int sum = beside(n, BinaryFn.MUL, 0.5);
        int erf = sum < 0 ? -1 : beside(sum, BinaryFn.ADD, 1);
        return erf >= 0 && is(erf, UnaryFn.ERF) && other(arg(erf, 0), BinaryFn.MUL, x) >= 0
                && isNumber(other(arg(erf, 0), BinaryFn.MUL, x), Math.sqrt(0.5));
    }
}
