package dev.tenon.api.op;

import dev.tenon.api.DType.Kind;

/// The scalar functions of two arguments of one kind that an expression may hold.
public enum BinaryFn {
    /// Sum; integers wrap.
    ADD,
    /// Difference; integers wrap.
    SUB,
    /// Product; integers wrap.
    MUL,
    /// Quotient; integers truncate towards zero, and an integer divided by zero is 0.
    DIV,
    /// Quotient rounded towards minus infinity; an integer divided by zero is 0.
    FLOOR_DIV,
    /// Remainder with the sign of the divisor (Python's `%`); an integer modulo zero is 0.
    MOD,
    /// Remainder with the sign of the dividend (C's `fmod`, Java's `%`); an integer modulo zero is 0.
    REM,
    /// a to the power of b; integers wrap, and a negative integer exponent gives 0 unless the base is 1 or -1.
    POW,
    /// The larger one; NaN if either is NaN.
    MAX,
    /// The smaller one; NaN if either is NaN.
    MIN,
    /// The angle of the point (b, a) in radians.
    ATAN2,
    /// The magnitude of a with the sign of b.
    COPYSIGN,
    /// The next representable value after a in the direction of b.
    NEXTAFTER,
    /// a = b; false if either is NaN.
    EQ,
    /// Not a = b; true if either is NaN.
    NE,
    /// a < b.
    LT,
    /// a <= b.
    LE,
    /// a > b.
    GT,
    /// a >= b.
    GE,
    /// Conjunction, bit by bit for integers.
    AND,
    /// Disjunction, bit by bit for integers.
    OR,
    /// Exclusive disjunction, bit by bit for integers.
    XOR,
    /// a shifted left by b bits.
    SHL,
    /// a shifted right by b bits, keeping the sign.
    SHR;

    /// Whether this is a comparison, with a truth value as its result.
    public boolean isComparison() {
        return ordinal() >= EQ.ordinal() && ordinal() <= GE.ordinal();
    }

    /// The kind of the result for operands of the given kind.
    ///
    /// @throws IllegalArgumentException if the function does not take that kind
    public Kind result(Kind operand) {
        boolean ok = switch (this) {
            case EQ, NE, LT, LE, GT, GE -> true;
            case AND, OR, XOR -> !operand.isFloating();
            case SHL, SHR -> operand.isIntegral();
            case ATAN2, COPYSIGN, NEXTAFTER -> operand.isFloating();
            default -> operand != Kind.BOOL;
        };
        if (!ok) {
            throw new IllegalArgumentException(this + " does not take operands of kind " + operand);
        }
        return isComparison() ? Kind.BOOL : operand;
    }
}
