package dev.tenon.api;

/// Trigonometric and hyperbolic functions of each element, and their inverses; angles are in radians. Integers are
/// computed as `F32`.
public sealed interface TrigonometricOps permits Tensor {

    /// The sine of radians.
    default Tensor sin() {
        return ElementwiseFormulas.SIN.apply((Tensor) this);
    }

    /// The cosine of radians.
    default Tensor cos() {
        return ElementwiseFormulas.COS.apply((Tensor) this);
    }

    /// The tangent of radians.
    default Tensor tan() {
        return ElementwiseFormulas.TAN.apply((Tensor) this);
    }

    /// The arc sine in radians.
    default Tensor asin() {
        return ElementwiseFormulas.ASIN.apply((Tensor) this);
    }

    /// The arc cosine in radians.
    default Tensor acos() {
        return ElementwiseFormulas.ACOS.apply((Tensor) this);
    }

    /// The arc tangent in radians.
    default Tensor atan() {
        return ElementwiseFormulas.ATAN.apply((Tensor) this);
    }

    /// The hyperbolic sine.
    default Tensor sinh() {
        return ElementwiseFormulas.SINH.apply((Tensor) this);
    }

    /// The hyperbolic cosine.
    default Tensor cosh() {
        return ElementwiseFormulas.COSH.apply((Tensor) this);
    }

    /// The hyperbolic tangent.
    default Tensor tanh() {
        return ElementwiseFormulas.TANH.apply((Tensor) this);
    }

    /// The inverse hyperbolic sine.
    default Tensor asinh() {
        return ElementwiseFormulas.ASINH.apply((Tensor) this);
    }

    /// The inverse hyperbolic cosine.
    default Tensor acosh() {
        return ElementwiseFormulas.ACOSH.apply((Tensor) this);
    }

    /// The inverse hyperbolic tangent.
    default Tensor atanh() {
        return ElementwiseFormulas.ATANH.apply((Tensor) this);
    }

    /// The angle, in radians, of the point (other, this).
    default Tensor atan2(Tensor other) {
        return ElementwiseFormulas.ATAN2.apply((Tensor) this, other);
    }

    /// sqrt(this² + other²), without overflow on the way.
    default Tensor hypot(Tensor other) {
        return ElementwiseFormulas.HYPOT.apply((Tensor) this, other);
    }
}
