package dev.tenon.backend.cpu.math;

/// The transcendental functions of two arguments that have block kernels.
public enum BinaryFn {
    POW,
    ATAN2;

    /// The function of two doubles, as in C99 (`pow(1, NaN)` and `pow(-1, inf)` are 1).
    public double apply(double x, double y) {
        return this == POW ? ScalarMath.pow(x, y) : StrictMath.atan2(x, y);
    }
}
