package dev.tenon.kernel;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/// Writes a lambda as statements, one for each of its steps.
final class LambdaWriter {
    private final KernelWriter w;
    private final Lambda lambda;
    private final String prefix;
    private final IntFunction<String> input;
    private final IntFunction<String> index;
    private final List<String> statements = new ArrayList<>();
    private final List<String> values = new ArrayList<>();
    private final Map<List<String>, String> random = new HashMap<>();

    /// @param prefix the beginning of the names of variables
    /// @param input the widened element of an operand
    /// @param index the position along an axis as `i64`, or the row-major number for axis -1
    LambdaWriter(KernelWriter w, Lambda lambda, String prefix, IntFunction<String> input, IntFunction<String> index) {
        this.w = w;
        this.lambda = lambda;
        this.prefix = prefix;
        this.input = input;
        this.index = index;
    }

    /// The statements; then [#result] names the values.
    List<String> statements() {
        for (Lambda.Step step : lambda.steps()) {
            Kind kind = step.expr().kind();
            w.check(kind, "an expression");
            String value = value(step);
            if (step.expr() instanceof Expr.Const || step.expr() instanceof Expr.Param) {
                values.add(value);
            } else {
                String name = prefix + values.size();
                statements.add(Types.of(kind) + " " + name + " = " + value + ";");
                values.add(name);
            }
        }
        return statements;
    }

    /// The value of an output, in the kind of the dtype in which it is stored, but not yet rounded to that dtype.
    String result(int output) {
        Kind from = lambda.outputs().get(output).kind();
        DType to = lambda.dtypes().get(output);
        String v = values.get(lambda.results().get(output));
        return from == to.kind() ? v : cast(w, to, from, v);
    }

    private String value(Lambda.Step step) {
        List<String> a = step.args().stream().map(values::get).toList();
        return switch (step.expr()) {
            case Expr.Input i -> input.apply(i.operand());
            case Expr.Const c -> Types.constant(c.kind(), c.bits());
            case Expr.Param p -> w.param(p.slot(), p.kind());
            case Expr.Index i -> index.apply(i.axis());
            case Expr.Unary u -> unary(w, u.fn(), u.x().kind(), a.getFirst());
            case Expr.Binary b -> binary(w, b.fn(), b.a().kind(), a.get(0), a.get(1));
            case Expr.Select _ -> a.get(0) + " ? " + a.get(1) + " : " + a.get(2);
            case Expr.Cast c -> cast(w, c.to(), c.x().kind(), a.getFirst());
            case Expr.Random r -> "(i32)" + random(a) + "[" + r.word() + "]";
        };
    }

    /// The four words at (seed, stream, counter), drawn once for all that use one of them.
    private String random(List<String> at) {
        return random.computeIfAbsent(at, _ -> {
            String name = prefix + "w" + random.size();
            statements.add("u32 " + name + "[4];");
            statements.add(w.call("philox_", at.get(0), at.get(1), at.get(2), name) + ";");
            return name;
        });
    }

    static String unary(KernelWriter w, UnaryFn fn, Kind kind, String x) {
        String t = Types.of(kind);
        if (!kind.isFloating()) {
            return switch (fn) {
                case NEG -> "(" + t + ")(0 - (u" + t.substring(1) + ")" + x + ")";
                case ABS -> x + " < 0 ? (" + t + ")(0 - (u" + t.substring(1) + ")" + x + ") : " + x;
                case SIGN -> "(" + t + ")((" + x + " > 0) - (" + x + " < 0))";
                case NOT -> "!" + x;
                case BIT_NOT -> "~" + x;
                default -> throw new IllegalArgumentException(fn + " of kind " + kind);
            };
        }
        return switch (fn) {
            case NEG -> "-" + x;
            case ABS -> "fabs(" + x + ")";
            case SIGN -> w.call("sign_" + t, x);
            case ROUND -> "rint(" + x + ")";
            case RSQRT -> "1 / sqrt(" + x + ")";
            case RECIPROCAL -> "1 / " + x;
            case ERFINV -> w.call("erfinv_" + t, x);
            case LGAMMA -> w.call("lgam_" + t, x);
            case DIGAMMA -> w.call("digamma_" + t, x);
            case TRIGAMMA -> w.call("trigamma_" + t, x);
            case SIGMOID -> w.call("sigmoid_" + t, x);
            case SOFTPLUS -> w.call("softplus_" + t, x);
            case IS_NAN -> "(i32)(" + x + " != " + x + ")";
            case NOT, BIT_NOT -> throw new IllegalArgumentException(fn + " of kind " + kind);
            case FLOOR, CEIL, TRUNC, SQRT, EXP, EXPM1, LOG, LOG2, LOG10, LOG1P, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH,
                    COSH, TANH, ASINH, ACOSH, ATANH, ERF, ERFC -> library(w, fn.name(), kind, x);
        };
    }

    /// A function that languages for kernels have, or our own where the device's is slow.
    private static String library(KernelWriter w, String fn, Kind kind, String... x) {
        String name = fn.toLowerCase(Locale.ROOT);
        return kind == Kind.F32 && CpuFunctions.has(name, w.traits())
                ? w.call(name + "_f32", x)
                : name + "(" + String.join(", ", x) + ")";
    }

    static String binary(KernelWriter w, BinaryFn fn, Kind kind, String a, String b) {
        String t = Types.of(kind);
        return switch (fn) {
            case ADD -> arithmetic(kind, a, "+", b);
            case SUB -> arithmetic(kind, a, "-", b);
            case MUL -> arithmetic(kind, a, "*", b);
            case DIV -> kind.isFloating() ? a + " / " + b : w.call("div_" + t, a, b);
            case FLOOR_DIV -> w.call("floor_div_" + t, a, b);
            case MOD -> w.call("mod_" + t, a, b);
            case REM -> kind.isFloating() ? "fmod(" + a + ", " + b + ")" : w.call("rem_" + t, a, b);
            case POW -> kind.isFloating() ? library(w, fn.name(), kind, a, b) : w.call("pow_" + t, a, b);
            case MAX -> w.call("max_" + t, a, b);
            case MIN -> w.call("min_" + t, a, b);
            case ATAN2 -> "atan2(" + a + ", " + b + ")";
            case COPYSIGN -> "copysign(" + a + ", " + b + ")";
            case NEXTAFTER -> "nextafter(" + a + ", " + b + ")";
            case EQ -> "(i32)(" + a + " == " + b + ")";
            case NE -> "(i32)(" + a + " != " + b + ")";
            case LT -> "(i32)(" + a + " < " + b + ")";
            case LE -> "(i32)(" + a + " <= " + b + ")";
            case GT -> "(i32)(" + a + " > " + b + ")";
            case GE -> "(i32)(" + a + " >= " + b + ")";
            case AND -> a + " & " + b;
            case OR -> a + " | " + b;
            case XOR -> a + " ^ " + b;
            case SHL -> w.call("shl_" + t, a, b);
            case SHR -> w.call("shr_" + t, a, b);
        };
    }

    /// Integers wrap, which C promises of unsigned ones only.
    static String arithmetic(Kind kind, String a, String sign, String b) {
        if (kind.isFloating()) {
            return a + " " + sign + " " + b;
        }
        String u = kind == Kind.I64 ? "(u64)" : "(u32)";
        return "(" + Types.of(kind) + ")(" + u + a + " " + sign + " " + u + b + ")";
    }

    static String cast(KernelWriter w, DType to, Kind from, String x) {
        w.check(to.kind(), "a conversion");
        String t = Types.of(to.kind());
        if (to.isFloating()) {
            String v = from == to.kind() ? x : "(" + t + ")" + x;
            return switch (to) {
                case F16 -> "ROUND_F16(" + v + ")";
                case BF16 -> w.call("round_bf16", v);
                default -> v;
            };
        }
        if (to == DType.BOOL) {
            return "(i32)(" + x + " != 0)";
        }
        String v = from.isFloating() ? w.call(Types.of(from) + "_to_" + t, x) : "(" + t + ")" + x;
        return switch (to) {
            case I16, I8, U8 -> "(i32)(" + Types.stored(to) + ")" + v;
            default -> v;
        };
    }

    /// A value of the dtype's kind as it is after having been stored.
    static String rounded(KernelWriter w, DType dtype, String x) {
        return dtype.kind().dtype() == dtype ? x : cast(w, dtype, dtype.kind(), x);
    }
}
