package dev.tenon.backend.cpu.math;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Functions of vectors of doubles, made of nothing but additions, multiplications, divisions, square roots and bit
/// patterns: these are exact or rounded as IEEE 754 prescribes, so that interpreted and compiled code give the same
/// bits, which the library functions of the Vector API do not.
///
/// Arguments are reduced as usual (Muller, Elementary Functions, 3rd ed., 2016); the polynomials were found by
/// interpolation at Chebyshev's points. Where a lane is beyond a reduction's range, [java.lang.StrictMath] computes it.
final class DoubleFunctions {
    static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;

    /// Adding it rounds to an integer, which then stands in the low bits.
    static final double ROUND = 0x1.8p52;
    private static final double LOG2_E = 1.4426950408889634;
    /// Its last 20 bits are zeros, so that products with exponents are exact.
    static final double LN2_HIGH = 0.6931471804855391;
    static final double LN2_LOW = 7.440617110012397e-11;
    private static final long ONE_BITS = 0x3ff0000000000000L;
    private static final long ROOT_HALF_BITS = 0x3fe6a09e667f3bcdL;
    private static final long FRACTION = 0x000fffffffffffffL;
    static final double NORMAL = Double.MIN_NORMAL;
    private static final double TINY = 0x1p-54;

    private DoubleFunctions() {}

    static DoubleVector of(double v) {
        return DoubleVector.broadcast(S, v);
    }

    /// p x + c.
    static DoubleVector step(DoubleVector p, DoubleVector x, double c) {
        return p.fma(x, of(c));
    }

    /// The magnitude of one with the sign of the other.
    static DoubleVector signed(DoubleVector magnitude, DoubleVector sign) {
        return magnitude.reinterpretAsLongs().or(sign.reinterpretAsLongs().and(Long.MIN_VALUE))
                .reinterpretAsDoubles();
    }

    // --- exponentials

    /// 2^k for k + ROUND; 0 for k = -1023.
    private static DoubleVector power(DoubleVector rounded) {
        return rounded.reinterpretAsLongs().add(1023).lanewise(VectorOperators.LSHL, 52).reinterpretAsDoubles();
    }

    /// 2^-k, or 0 where that is subnormal.
    private static DoubleVector inverse(DoubleVector k) {
        return power(of(ROUND).sub(k.min(1023)));
    }

    /// p 2^k, in two halves: subnormal results are rounded once and nothing overflows early.
    private static DoubleVector scale(DoubleVector p, DoubleVector k) {
        DoubleVector half = k.fma(of(0.5), of(ROUND));
        DoubleVector rest = k.sub(half.sub(ROUND)).add(ROUND);
        return p.mul(power(half)).mul(power(rest));
    }

    /// e^r - 1 for |r| <= ln 2 / 2.
    private static DoubleVector expm1Near(DoubleVector r) {
        DoubleVector p = of(2.0914686968086876e-09).fma(r, of(2.5105217004720745e-08));
        p = step(p, r, 2.75572736431103e-07);
        p = step(p, r, 2.7557255400206422e-06);
        p = step(p, r, 2.4801587325547743e-05);
        p = step(p, r, 0.00019841269874820627);
        p = step(p, r, 0.0013888888888883748);
        p = step(p, r, 0.008333333333326136);
        p = step(p, r, 0.04166666666666667);
        p = step(p, r, 0.1666666666666667);
        p = step(p, r, 0.5);
        return p.fma(r.mul(r), r);
    }

    private static DoubleVector exponent(DoubleVector x) {
        return x.fma(of(LOG2_E), of(ROUND)).sub(ROUND);
    }

    private static DoubleVector reduced(DoubleVector x, DoubleVector k) {
        return k.fma(of(-LN2_LOW), k.fma(of(-LN2_HIGH), x));
    }

    static DoubleVector exp(DoubleVector x) {
        DoubleVector c = x.max(-746).min(710); // beyond these the result is 0 or infinity; NaN stays
        DoubleVector k = exponent(c);
        return scale(expm1Near(reduced(c, k)).add(1), k);
    }

    /// e^(x + d) for a small d and |x| < 745.
    static DoubleVector exp(DoubleVector x, DoubleVector d) {
        DoubleVector k = exponent(x);
        return scale(expm1Near(reduced(x, k).add(d)).add(1), k);
    }

    static DoubleVector expm1(DoubleVector x) {
        DoubleVector c = x.max(-40).min(710);
        DoubleVector k = exponent(c);
        DoubleVector one = of(1).sub(inverse(k));
        DoubleVector y = scale(expm1Near(reduced(c, k)).add(one), k);
        return y.blend(x, x.abs().lt(TINY));
    }

    static DoubleVector sigmoid(DoubleVector x) {
        DoubleVector e = exp(x.abs().neg());
        return of(1).blend(e, x.lt(0)).div(e.add(1));
    }

    static DoubleVector softplus(DoubleVector x) {
        return log1p(exp(x.abs().neg())).add(x.max(0));
    }

    /// Where e^x alone would overflow.
    private static final double LARGE = 709;

    private static DoubleVector halfExp(DoubleVector a) {
        DoubleVector e = exp(a.mul(0.5));
        return e.mul(0.5).mul(e);
    }

    static DoubleVector sinh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector t = expm1(a);
        DoubleVector y = t.add(t.div(t.add(1))).mul(0.5);
        return signed(y.blend(halfExp(a), a.compare(VectorOperators.GT, LARGE)), x);
    }

    static DoubleVector cosh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector e = exp(a);
        DoubleVector y = e.mul(0.5).add(of(0.5).div(e));
        return y.blend(halfExp(a), a.compare(VectorOperators.GT, LARGE));
    }

    static DoubleVector tanh(DoubleVector x) {
        DoubleVector a = x.abs().min(22);
        DoubleVector t = expm1(a.add(a));
        VectorMask<Double> far = a.compare(VectorOperators.GT, 1);
        // t / (t + 2), beyond 1 as 1 - 2 / (t + 2)
        DoubleVector q = t.blend(-2, far).div(t.add(2));
        return signed(q.blend(q.add(1), far), x);
    }

    // --- logarithms

    /// ln of 2^k (1 + f), where 1 + f is between the roots of 1/2 and 2. With s = f / (2 + f) it is
    /// 2 (s + s³/3 + s⁵/5 + ...), of which the leading part of f is taken out.
    private static DoubleVector logOf(DoubleVector k, DoubleVector f) {
        DoubleVector s = f.div(f.add(2));
        DoubleVector z = s.mul(s);
        DoubleVector p = of(0.14616585424888623).fma(z, of(0.15331710618210773));
        p = step(p, z, 0.18182889455674947);
        p = step(p, z, 0.22222211130259878);
        p = step(p, z, 0.2857142862600327);
        p = step(p, z, 0.39999999999899444);
        p = step(p, z, 0.666666666666667);
        DoubleVector half = f.mul(f).mul(0.5);
        DoubleVector low = s.fma(p.fma(z, half), k.mul(LN2_LOW));
        return k.mul(LN2_HIGH).sub(half.sub(low).sub(f));
    }

    /// k + ROUND's bits for 2^k m with m between the roots of 1/2 and 2, from a number's bits put in place.
    static DoubleVector binaryExponent(LongVector shifted) {
        return shifted.lanewise(VectorOperators.LSHR, 52).or(Double.doubleToRawLongBits(0x1p52))
                .reinterpretAsDoubles().sub(0x1p52 + 1023);
    }

    static DoubleVector mantissa(LongVector shifted) {
        return shifted.and(FRACTION).add(ROOT_HALF_BITS).reinterpretAsDoubles();
    }

    static LongVector shifted(DoubleVector x) {
        return x.reinterpretAsLongs().add(ONE_BITS - ROOT_HALF_BITS);
    }

    /// Infinity, zero, what is below, and NaN.
    private static DoubleVector ends(DoubleVector x, DoubleVector y) {
        DoubleVector r = y.blend(x, x.eq(Double.POSITIVE_INFINITY));
        r = r.blend(Double.NEGATIVE_INFINITY, x.eq(0));
        return r.blend(Double.NaN, x.compare(VectorOperators.GE, 0).not());
    }

    static DoubleVector log(DoubleVector x) {
        VectorMask<Double> subnormal = x.lt(NORMAL);
        LongVector t = shifted(x.blend(x.mul(0x1p54), subnormal));
        DoubleVector k = binaryExponent(t);
        return ends(x, logOf(k.blend(k.sub(54), subnormal), mantissa(t).sub(1)));
    }

    static DoubleVector log1p(DoubleVector x) {
        DoubleVector u = x.add(1);
        DoubleVector v = u.sub(1);
        DoubleVector lost = of(1).sub(u.sub(v)).add(x.sub(v)); // 1 + x = u + lost
        LongVector t = shifted(u);
        DoubleVector k = binaryExponent(t);
        DoubleVector f = mantissa(t).sub(1).add(lost.mul(inverse(k)));
        return ends(u, logOf(k, f)).blend(x, x.abs().lt(TINY));
    }

    /// asinh, acosh and atanh of what were floats, with a float's precision to spare.
    static DoubleVector asinh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector t = a.mul(a);
        DoubleVector y = log1p(a.add(t.div(t.add(1).sqrt().add(1))));
        return signed(y.blend(a, a.eq(Double.POSITIVE_INFINITY)), x); // inf / inf above
    }

    static DoubleVector acosh(DoubleVector x) {
        DoubleVector t = x.sub(1);
        return log1p(t.add(t.add(2).mul(t).sqrt())).blend(Double.NaN, t.lt(0));
    }

    static DoubleVector atanh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector y = log1p(a.add(a).div(of(1).sub(a))).mul(0.5);
        return signed(y.blend(Double.NaN, a.compare(VectorOperators.GT, 1)), x);
    }
}
