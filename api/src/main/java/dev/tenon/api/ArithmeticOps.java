package dev.tenon.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// More operations on each element by itself: scaled sums, rounding, limits, comparisons with a tolerance, bit shifts.
/// Promotion, NaN and integers are as in [ElementwiseOps].
public sealed interface ArithmeticOps permits Tensor {

    /// This plus `alpha` times another tensor.
    default Tensor add(Tensor other, double alpha) {
        Tensor self = (Tensor) this;
        return alpha == 1 ? self.add(other) : ArithmeticFormulas.ADD_SCALED.applyAll(List.of(self, other), alpha);
    }

    /// This minus `alpha` times another tensor.
    default Tensor sub(Tensor other, double alpha) {
        Tensor self = (Tensor) this;
        return alpha == 1 ? self.sub(other) : ArithmeticFormulas.SUB_SCALED.applyAll(List.of(self, other), alpha);
    }

    /// Another tensor minus `alpha` times this.
    default Tensor rsub(Tensor other, double alpha) {
        return other.sub((Tensor) this, alpha);
    }

    /// A number to the power of this.
    default Tensor rpow(double base) {
        return ElementwiseFormulas.POW.apply(base, (Tensor) this);
    }

    /// An integer to the power of this.
    default Tensor rpow(long base) {
        return ElementwiseFormulas.POW.apply(base, (Tensor) this);
    }

    /// This plus `value` times the product of two tensors.
    default Tensor addcmul(Tensor a, Tensor b, double value) {
        return ArithmeticFormulas.ADDCMUL.applyAll(List.of((Tensor) this, a, b), value);
    }

    /// This plus `value` times the quotient of two tensors.
    default Tensor addcdiv(Tensor a, Tensor b, double value) {
        return ArithmeticFormulas.ADDCDIV.applyAll(List.of((Tensor) this, a, b), value);
    }

    /// This plus `weight` times the difference of `end` to this.
    default Tensor lerp(Tensor end, double weight) {
        return ArithmeticFormulas.LERP.applyAll(List.of((Tensor) this, end), weight);
    }

    /// The larger of both; of a number and NaN, the number.
    default Tensor fmax(Tensor other) {
        return ArithmeticFormulas.FMAX.apply((Tensor) this, other);
    }

    /// The smaller of both; of a number and NaN, the number.
    default Tensor fmin(Tensor other) {
        return ArithmeticFormulas.FMIN.apply((Tensor) this, other);
    }

    /// What remains of a number without its integral part; it has the sign of the number.
    default Tensor frac() {
        return ArithmeticFormulas.FRAC.apply((Tensor) this);
    }

    /// This tensor itself; of truth values, an error.
    default Tensor positive() {
        Tensor self = (Tensor) this;
        if (self.dtype() == DType.BOOL) {
            throw new TensorException("positive: dtype bool is not supported: convert the operand with to(DType)");
        }
        return self;
    }

    /// Degrees as radians.
    default Tensor deg2rad() {
        return ArithmeticFormulas.DEG2RAD.apply((Tensor) this);
    }

    /// Radians as degrees.
    default Tensor rad2deg() {
        return ArithmeticFormulas.RAD2DEG.apply((Tensor) this);
    }

    /// The nearest number with so many decimal places, ties to even; fewer than none round to tens, hundreds, ...
    default Tensor round(int decimals) {
        Tensor self = (Tensor) this;
        if (decimals == 0 || !self.dtype().isFloating()) {
            return self.round();
        }
        double power = Math.pow(10, Math.abs(decimals));
        return (decimals > 0 ? ArithmeticFormulas.ROUND_UP_SCALED : ArithmeticFormulas.ROUND_DOWN_SCALED)
                .apply(self, new double[] {power});
    }

    /// NaN replaced by 0, infinities by the largest and smallest finite numbers.
    default Tensor nanToNum() {
        return nanToNum(0, null, null);
    }

    /// NaN and infinities replaced; null stands for the largest and the smallest finite number of the dtype.
    default Tensor nanToNum(double nan, @Nullable Double posinf, @Nullable Double neginf) {
        Tensor self = (Tensor) this;
        if (!self.dtype().isFloating()) {
            return self.clone();
        }
        double largest = switch (self.dtype()) {
            case F64 -> Double.MAX_VALUE;
            case F16 -> 65504;
            case BF16 -> 0x1.FEp127;
            default -> Float.MAX_VALUE;
        };
        double high = posinf == null ? largest : posinf;
        double low = neginf == null ? -largest : neginf;
        return ArithmeticFormulas.NAN_TO_NUM.apply(self, new double[] {nan, high, low});
    }

    /// 0 below zero, 1 above it, and `atZero` at zero.
    default Tensor heaviside(Tensor atZero) {
        return ArithmeticFormulas.HEAVISIDE.apply((Tensor) this, atZero);
    }

    /// The bits shifted towards the more significant ones.
    default Tensor bitwiseLeftShift(Tensor bits) {
        return ArithmeticFormulas.SHIFT_LEFT.apply((Tensor) this, bits);
    }

    /// The bits shifted towards the less significant ones; the sign stays.
    default Tensor bitwiseRightShift(Tensor bits) {
        return ArithmeticFormulas.SHIFT_RIGHT.apply((Tensor) this, bits);
    }

    /// The next representable number after this towards another.
    default Tensor nextafter(Tensor towards) {
        return ArithmeticFormulas.NEXTAFTER.apply((Tensor) this, towards);
    }

    /// This times two to the power of another tensor.
    default Tensor ldexp(Tensor exponent) {
        return ArithmeticFormulas.LDEXP.apply((Tensor) this, exponent);
    }

    /// This to the power of another tensor, computed in `F64`.
    default Tensor floatPower(Tensor exponent) {
        return ((Tensor) this).to(DType.F64).pow(exponent.to(DType.F64));
    }

    /// The greatest common divisor of integers; not negative.
    default Tensor gcd(Tensor other) {
        Tensor a = ((Tensor) this).abs();
        Tensor b = other.abs();
        DType dtype = Promotion.of(a, b);
        if (dtype.isFloating() || dtype == DType.BOOL) {
            throw new TensorException("gcd: dtype " + dtype + ": expected integers");
        }
        a = a.to(dtype).expand(Shape.broadcast("gcd", a.shape(), b.shape()));
        b = b.to(dtype).expand(a.shape());
        // Euclid's algorithm on all elements at once, until the last remainder is zero.
        while (b.ne(0L).any().itemLong() != 0) {
            Tensor rest = a.remainder(b);
            Tensor zero = b.eq(0L);
            a = a.where(zero, b);
            b = b.where(zero, rest);
        }
        return a.clone();
    }

    /// The least common multiple of integers; not negative.
    default Tensor lcm(Tensor other) {
        Tensor divisor = gcd(other);
        Tensor safe = divisor.add(divisor.eq(0L).to(divisor.dtype()));
        return ((Tensor) this).floorDivide(safe).mul(other).abs();
    }

    /// Values limited to the range between two tensors, broadcast; null is no limit. Where the lower limit exceeds the
    /// upper one, the upper one holds.
    ///
    /// @throws TensorException if both are null
    default Tensor clamp(@Nullable Tensor min, @Nullable Tensor max) {
        Tensor self = (Tensor) this;
        if (min != null && max != null) {
            return ArithmeticFormulas.CLAMP_TENSORS.applyAll(List.of(self, min, max));
        } else if (min != null) {
            return clampMin(min);
        } else if (max != null) {
            return clampMax(max);
        }
        throw new TensorException("clamp: needs a lower or an upper limit");
    }

    /// Values below those of a tensor become its values.
    default Tensor clampMin(Tensor min) {
        return ((Tensor) this).maximum(min);
    }

    /// Values above those of a tensor become its values.
    default Tensor clampMax(Tensor max) {
        return ((Tensor) this).minimum(max);
    }

    /// Whether the value is plus infinity.
    default Tensor isPosInf() {
        return ArithmeticFormulas.IS_POSINF.apply((Tensor) this);
    }

    /// Whether the value is minus infinity.
    default Tensor isNegInf() {
        return ArithmeticFormulas.IS_NEGINF.apply((Tensor) this);
    }

    /// Whether both are equal or differ by no more than `atol + rtol * |other|`.
    ///
    /// @param equalNaN whether NaN is close to NaN
    default Tensor isClose(Tensor other, double rtol, double atol, boolean equalNaN) {
        Tensor self = (Tensor) this;
        if (!(rtol >= 0 && atol >= 0)) {
            throw new TensorException("isclose: rtol " + rtol + " and atol " + atol + ": expected neither negative");
        }
        Tensor close = self.eq(other).logicalOr(
                ArithmeticFormulas.IS_CLOSE.applyAll(List.of(self, other), rtol, atol));
        return equalNaN ? close.logicalOr(self.isNaN().logicalAnd(other.isNaN())) : close;
    }

    /// Whether all elements are close; see [#isClose(Tensor, double, double, boolean)]. Waits for the device.
    default boolean allClose(Tensor other, double rtol, double atol, boolean equalNaN) {
        return isClose(other, rtol, atol, equalNaN).all().itemLong() != 0;
    }

    /// Whether both have one shape and equal elements; NaN equals nothing. Waits for the device.
    default boolean equal(Tensor other) {
        Tensor self = (Tensor) this;
        return self.shape().equals(other.shape()) && self.eq(other).all().itemLong() != 0;
    }
}
