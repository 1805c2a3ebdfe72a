package dev.tenon.onnx.export;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The scalar functions of expressions as ONNX operators. Where there is none, or one that leaves cases open which
/// Tenon defines (integers divided by zero, shifts beyond the width), a few operators together.
final class Arithmetic {
    private final Block block;

    Arithmetic(Block block) {
        this.block = block;
    }

    private Term number(Term like, double value) {
        return like.dtype().isFloating() ? block.model.number(like.dtype(), value)
                : block.model.integer(like.dtype(), (long) value);
    }

    private Term compare(String op, Term a, Term b) {
        return block.binary(op, DType.BOOL, a, b);
    }

    private Term isNegative(Term x) {
        return compare("Less", x, number(x, 0));
    }

    private Term isZero(Term x) {
        return compare("Equal", x, number(x, 0));
    }

    private Term and(Term a, Term b) {
        return block.binary("And", a, b);
    }

    // --- of one value

    Term unary(UnaryFn fn, Term x) {
        String op = operator(fn, x.dtype());
        if (op != null) {
            return block.unary(op, x);
        }
        return switch (fn) {
            case TRUNC -> block.where(isNegative(x), block.unary("Ceil", x), block.unary("Floor", x));
            case RSQRT -> block.unary("Reciprocal", block.unary("Sqrt", x));
            case EXPM1 -> expm1(x);
            case LOG2 -> block.binary("Mul", block.unary("Log", x), number(x, 1 / Math.log(2)));
            case LOG10 -> block.binary("Mul", block.unary("Log", x), number(x, 1 / Math.log(10)));
            case LOG1P -> log1p(x);
            case SOFTPLUS -> block.binary("Add", block.binary("Max", x, number(x, 0)),
                    log1p(block.unary("Exp", block.unary("Neg", block.unary("Abs", x)))));
            case ERFC -> block.binary("Sub", number(x, 1), block.unary("Erf", x));
            case IS_NAN -> block.add("IsNaN", DType.BOOL, x.shape(), List.of(x), Map.of());
            default -> throw new Unsupported("ONNX has no operator for "
                    + fn.name().toLowerCase(Locale.ROOT));
        };
    }

    private static @Nullable String operator(UnaryFn fn, DType dtype) {
        return switch (fn) {
            case NEG -> "Neg";
            case ABS -> "Abs";
            case SIGN -> "Sign";
            case FLOOR -> "Floor";
            case CEIL -> "Ceil";
            case ROUND -> "Round";
            case SQRT -> "Sqrt";
            case RECIPROCAL -> "Reciprocal";
            case EXP -> "Exp";
            case LOG -> "Log";
            case SIN -> "Sin";
            case COS -> "Cos";
            case TAN -> "Tan";
            case ASIN -> "Asin";
            case ACOS -> "Acos";
            case ATAN -> "Atan";
            case SINH -> "Sinh";
            case COSH -> "Cosh";
            case TANH -> "Tanh";
            case ASINH -> "Asinh";
            case ACOSH -> "Acosh";
            case ATANH -> "Atanh";
            case ERF -> "Erf";
            case SIGMOID -> "Sigmoid";
            case NOT -> "Not";
            case BIT_NOT -> "BitwiseNot";
            case SOFTPLUS -> dtype == DType.F32 ? "Softplus" : null;
            default -> null;
        };
    }

    /// e^x - 1 = tanh(x / 2) (e^x + 1), which loses nothing near 0.
    private Term expm1(Term x) {
        Term half = block.unary("Tanh", block.binary("Mul", x, number(x, 0.5)));
        return block.binary("Mul", half, block.binary("Add", block.unary("Exp", x), number(x, 1)));
    }

    /// With u = 1 + x as it is rounded, log(u) x / (u - 1) is exact to rounding (Kahan); x itself where u is 1 or
    /// infinite.
    private Term log1p(Term x) {
        Term u = block.binary("Add", x, number(x, 1));
        Term log = block.unary("Log", u);
        Term rest = block.binary("Sub", u, number(x, 1));
        Term scaled = block.binary("Div", block.binary("Mul", log, x), rest);
        Term small = isZero(rest);
        Term infinite = compare("Equal", x, number(x, Double.POSITIVE_INFINITY));
        return block.where(block.binary("Or", small, infinite), x, scaled);
    }

    // --- of two values

    /// @param constant the value of b where it is a constant, otherwise NaN
    Term binary(BinaryFn fn, Term a, Term b, double constant) {
        boolean bool = a.dtype() == DType.BOOL;
        boolean integer = a.dtype().isIntegral();
        return switch (fn) {
            case ADD -> block.binary("Add", a, b);
            case SUB -> block.binary("Sub", a, b);
            case MUL -> block.binary("Mul", a, b);
            case POW -> block.binary("Pow", a, b);
            case MAX -> block.binary("Max", a, b);
            case MIN -> block.binary("Min", a, b);
            case DIV -> integer ? divide(a, b, constant) : block.binary("Div", a, b);
            case FLOOR_DIV -> integer ? floorDivide(a, b, constant) : floorDivide(a, b);
            case MOD -> integer ? integerRemainder(a, b, constant, 0) : modulo(a, b);
            case REM -> integer ? integerRemainder(a, b, constant, 1) : remainder(a, b, 1);
            case ATAN2 -> atan2(a, b);
            case COPYSIGN -> copySign(a, b);
            case NEXTAFTER -> throw new Unsupported("ONNX has no operator for nextafter");
            case EQ -> compare("Equal", a, b);
            case NE -> block.unary("Not", compare("Equal", a, b));
            case LT -> compare("Less", ordered(a), ordered(b));
            case LE -> compare("LessOrEqual", ordered(a), ordered(b));
            case GT -> compare("Greater", ordered(a), ordered(b));
            case GE -> compare("GreaterOrEqual", ordered(a), ordered(b));
            case AND -> block.binary(bool ? "And" : "BitwiseAnd", a, b);
            case OR -> block.binary(bool ? "Or" : "BitwiseOr", a, b);
            case XOR -> block.binary(bool ? "Xor" : "BitwiseXor", a, b);
            case SHL -> shift(a, b, "LEFT");
            case SHR -> {
                Term negative = isNegative(a);
                Term magnitude = shift(block.where(negative, block.unary("BitwiseNot", a), a), b, "RIGHT");
                yield block.where(negative, block.unary("BitwiseNot", magnitude), magnitude);
            }
        };
    }

    /// The operators of order do not take truth values.
    private Term ordered(Term x) {
        return block.cast(x, x.dtype() == DType.BOOL ? DType.I32 : x.dtype());
    }

    Term select(Term condition, Term a, Term b) {
        if (a.dtype() != DType.BOOL) {
            return block.where(condition, a, b);
        }
        return block.binary("Or", and(condition, a), and(block.unary("Not", condition), b));
    }

    // --- integers: what is divided by 0 is 0, and the least number divided by -1 wraps

    private Term divide(Term a, Term b, double constant) {
        if (isPlain(constant)) {
            return block.binary("Div", a, b);
        }
        Term q = block.where(compare("Equal", b, number(b, -1)), block.unary("Neg", a),
                block.binary("Div", a, divisor(b)));
        return block.where(isZero(b), number(a, 0), q);
    }

    private static boolean isPlain(double constant) {
        return !Double.isNaN(constant) && constant != 0 && constant != -1;
    }

    /// b, or 1 where that is 0 or -1.
    private Term divisor(Term b) {
        Term special = block.binary("Or", isZero(b), compare("Equal", b, number(b, -1)));
        return block.where(special, number(b, 1), b);
    }

    private Term floorDivide(Term a, Term b, double constant) {
        Term q = divide(a, b, constant);
        Term r = integerRemainder(a, b, constant, 1);
        Term down = and(block.unary("Not", isZero(r)), block.binary("Xor", isNegative(r), isNegative(b)));
        return block.binary("Sub", q, block.cast(down, a.dtype()));
    }

    private Term integerRemainder(Term a, Term b, double constant, long fmod) {
        return remainder(a, isPlain(constant) ? b : divisor(b), fmod);
    }

    private Term remainder(Term a, Term b, long fmod) {
        return block.add("Mod", a.dtype(), Shape.broadcast("Mod", a.shape(), b.shape()), List.of(a, b),
                fmod == 0 ? Map.of() : Map.of("fmod", fmod));
    }

    private Term shift(Term a, Term b, String direction) {
        long bits = 8L * a.dtype().bytes();
        Term beyond = block.binary("Or", isNegative(b), compare("GreaterOrEqual", b, number(b, bits)));
        Term by = block.where(beyond, number(b, 0), b);
        Term shifted = block.shift(a, by, direction);
        return block.where(beyond, number(a, 0), shifted);
    }

    // --- floating-point numbers

    private Term modulo(Term a, Term b) {
        Term r = remainder(a, b, 1);
        Term other = and(block.unary("Not", isZero(r)), block.binary("Xor", isNegative(r), isNegative(b)));
        return block.where(other, block.binary("Add", r, b), r);
    }

    /// From the exact remainder, so that 6 // 0.1 is 59, as Python has it.
    private Term floorDivide(Term a, Term b) {
        Term r = remainder(a, b, 1);
        Term q = block.binary("Div", block.binary("Sub", a, r), b);
        Term other = and(block.unary("Not", isZero(r)), block.binary("Xor", isNegative(r), isNegative(b)));
        q = block.where(other, block.binary("Sub", q, number(q, 1)), q);
        Term f = block.unary("Floor", q);
        Term up = compare("Greater", block.binary("Sub", q, f), number(q, 0.5));
        Term whole = block.where(up, block.binary("Add", f, number(f, 1)), f);
        Term ratio = block.binary("Div", a, b);
        // A zero has the sign of the quotient.
        whole = block.where(isZero(whole), block.binary("Mul", ratio, number(f, 0)), whole);
        return block.where(isZero(b), ratio, whole);
    }

    /// Below zero, or the negative zero.
    private Term hasSign(Term x) {
        Term zero = and(isZero(x), isNegative(block.unary("Reciprocal", x)));
        return block.binary("Or", isNegative(x), zero);
    }

    private Term copySign(Term a, Term b) {
        Term magnitude = block.unary("Abs", a);
        return block.where(hasSign(b), block.unary("Neg", magnitude), magnitude);
    }

    /// The arc tangent of a ratio of at most 1, turned into the octant of the point (x, y).
    private Term atan2(Term y, Term x) {
        Term ay = block.unary("Abs", y);
        Term ax = block.unary("Abs", x);
        Term large = block.binary("Max", ay, ax);
        Term same = compare("Equal", ay, ax);
        Term ratio = block.binary("Div", block.binary("Min", ay, ax), large);
        // Also of two infinities; of two zeros the angle is 0 or half a turn.
        ratio = block.where(same, block.where(isZero(large), number(x, 0), number(x, 1)), ratio);
        Term angle = block.unary("Atan", ratio);
        angle = block.where(compare("Greater", ay, ax), block.binary("Sub", number(x, Math.PI / 2), angle), angle);
        angle = block.where(hasSign(x), block.binary("Sub", number(x, Math.PI), angle), angle);
        return copySign(angle, y);
    }
}
