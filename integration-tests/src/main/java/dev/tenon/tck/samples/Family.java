package dev.tenon.tck.samples;

import dev.tenon.api.DType;

/// The one table of tolerances: how far a result may lie from the oracle's, by family of ops and dtype.
///
/// What is allowed is `ulps` units in the last place of the expected value, plus `relative` times the resolution of the
/// arithmetic times a scale: the size of the numbers that were added up. Integers, truth values and positions are
/// always
/// exact. NaN answers to NaN and infinities to themselves in every family.
public enum Family {
    /// Bit for bit: copies, casts, comparisons, selections, rounding.
    EXACT(0, 0, 0, 0, false),
    /// Minima and maxima: exact, but which of two zeros is the larger is left open.
    EXTREMUM(0, 0, 0, 0, false),
    /// One correctly rounded operation; one unit for devices whose division or square root is not.
    ARITHMETIC(1, 1, 1, 0, false),
    /// Functions of the mathematical library.
    ELEMENTARY(4, 4, 1, 0, false),
    /// Functions with zeros or poles at places that are no representable numbers, or whose oracle is itself some
    /// units off.
    SPECIAL(32, 64, 2, 80, false),
    /// Several operations one after the other, perhaps fused.
    FORMULA(16, 16, 2, 16, false),
    /// Sums and products of many numbers in any order, accumulated in the kind of arithmetic.
    REDUCTION(4, 4, 2, 4, false),
    /// Products of up to some thousand numbers: every multiplication rounds, and the errors add up like steps of a
    /// random walk.
    PRODUCT(64, 64, 2, 0, false),
    /// Composites, which may round to the dtype between the steps.
    COMPOSITE(4, 4, 4, 4, true);

    private final int ulpsF32;
    private final int ulpsF64;
    private final int ulps16;
    private final double relative;
    private final boolean roundsBetween;

    Family(int ulpsF32, int ulpsF64, int ulps16, double relative, boolean roundsBetween) {
        this.ulpsF32 = ulpsF32;
        this.ulpsF64 = ulpsF64;
        this.ulps16 = ulps16;
        this.relative = relative;
        this.roundsBetween = roundsBetween;
    }

    /// Whether the sign of a zero is part of the result.
    public boolean signedZeros() {
        return this == EXACT || this == ARITHMETIC || this == ELEMENTARY;
    }

    /// How far a value of the dtype may lie from the expected one.
    ///
    /// @param scale the size of the numbers that were added up
    public double allowed(DType dtype, double expected, double scale) {
        if (!dtype.isFloating()) {
            return 0;
        }
        int ulps = switch (dtype) {
            case F64 -> ulpsF64;
            case F32 -> ulpsF32;
            default -> ulps16;
        };
        DType resolution = roundsBetween ? dtype : dtype.kind().dtype();
        return ulps * ulp(dtype, expected) + relative * ulp(resolution, 1) * scale;
    }

    /// The distance between neighbouring values of a dtype around a number.
    public static double ulp(DType dtype, double v) {
        return switch (dtype) {
            case F64 -> Math.ulp(v);
            case F32 -> Math.ulp((float) v);
            case F16 -> Math.scalb(1.0, Math.max(Math.getExponent(v), -14) - 10);
            default -> Math.scalb(1.0, Math.max(Math.getExponent(v), -126) - 7);
        };
    }
}
