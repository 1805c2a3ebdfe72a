package dev.tenon.api.op;

import dev.tenon.api.DType;

/// How a reduction or a scan combines values.
public enum Reducer {
    /// The sum; 0 of nothing.
    SUM,
    /// The product; 1 of nothing.
    PROD,
    /// The largest value; NaN if there is one.
    MAX,
    /// The smallest value; NaN if there is one.
    MIN,
    /// Whether any is true; false of nothing.
    ANY,
    /// Whether all are true; true of nothing.
    ALL,
    /// The position of the first largest value (of the first NaN if there is one) along the axis, as `I64`.
    ARGMAX,
    /// The position of the first smallest value (of the first NaN if there is one) along the axis, as `I64`.
    ARGMIN;

    /// Whether the result is a position instead of a value.
    public boolean isArg() {
        return this == ARGMAX || this == ARGMIN;
    }

    /// Whether reducing no elements at all has a result.
    public boolean hasIdentity() {
        return this == SUM || this == PROD || this == ANY || this == ALL;
    }

    /// The dtype of the result for mapped values of the given dtype.
    public DType result(DType value) {
        return switch (this) {
            case ANY, ALL -> DType.BOOL;
            case ARGMAX, ARGMIN -> DType.I64;
            case SUM, PROD -> value == DType.BOOL ? DType.I64 : value;
            case MAX, MIN -> value;
        };
    }
}
