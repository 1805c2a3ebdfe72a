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
/// interpolation at Chebyshev's points, and `..._0` is the coefficient of the highest power. Where a lane is beyond a
/// reduction's range, [java.lang.StrictMath] computes it.
///
/// Constants are vectors in static fields: the compiler's budget for inlining is counted in nodes of its graph, of
/// which a field takes a few and a broadcast a hundred. Beyond the budget vectors become objects, ten times slower.
final class DoubleFunctions {
    static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;

    /// Adding it rounds to an integer, which then stands in the low bits.
    static final DoubleVector ROUND = of(0x1.8p52);
    private static final DoubleVector LOG2_E = of(1.4426950408889634);
    /// Its last 20 bits are zeros, so that products with exponents are exact.
    static final DoubleVector LN2_HIGH = of(0.6931471804855391);
    static final DoubleVector LN2_LOW = of(7.440617110012397e-11);
    private static final long ROOT_HALF_BITS = 0x3fe6a09e667f3bcdL;
    private static final LongVector ROOT_HALF = bits(ROOT_HALF_BITS);
    private static final LongVector ONE_LESS_ROOT_HALF = bits(0x3ff0000000000000L - ROOT_HALF_BITS);
    private static final LongVector FRACTION = bits(0x000fffffffffffffL);
    private static final LongVector SIGN = bits(Long.MIN_VALUE);
    private static final LongVector BIAS = bits(1023);
    private static final LongVector TWO_52 = bits(Double.doubleToRawLongBits(0x1p52));
    static final DoubleVector NORMAL = of(Double.MIN_NORMAL);
    private static final DoubleVector TINY = of(0x1p-54);
    private static final DoubleVector MOST_EXPONENT = of(1023);
    private static final DoubleVector HALF = of(0.5);
    private static final DoubleVector EXPM1_0 = of(2.0914686968086876e-09);
    private static final DoubleVector EXPM1_1 = of(2.5105217004720745e-08);
    private static final DoubleVector EXPM1_2 = of(2.75572736431103e-07);
    private static final DoubleVector EXPM1_3 = of(2.7557255400206422e-06);
    private static final DoubleVector EXPM1_4 = of(2.4801587325547743e-05);
    private static final DoubleVector EXPM1_5 = of(0.00019841269874820627);
    private static final DoubleVector EXPM1_6 = of(0.0013888888888883748);
    private static final DoubleVector EXPM1_7 = of(0.008333333333326136);
    private static final DoubleVector EXPM1_8 = of(0.04166666666666667);
    private static final DoubleVector EXPM1_9 = of(0.1666666666666667);
    private static final DoubleVector MINUS_LN2_LOW = LN2_LOW.neg();
    private static final DoubleVector MINUS_LN2_HIGH = LN2_HIGH.neg();
    private static final DoubleVector EXP_LEAST = of(-746);
    private static final DoubleVector EXP_MOST = of(711);
    private static final DoubleVector ONE = of(1);
    private static final DoubleVector TWO = of(2);
    private static final DoubleVector EXPM1_LEAST = of(-40);
    private static final DoubleVector ZERO = of(0);
    private static final DoubleVector QUARTER = of(0.25);
    private static final DoubleVector TANH_MOST = of(44);
    private static final DoubleVector LARGE = of(1e300);
    private static final DoubleVector LOG_OF_0 = of(0.14616585424888623);
    private static final DoubleVector LOG_OF_1 = of(0.15331710618210773);
    private static final DoubleVector LOG_OF_2 = of(0.18182889455674947);
    private static final DoubleVector LOG_OF_3 = of(0.22222211130259878);
    private static final DoubleVector LOG_OF_4 = of(0.2857142862600327);
    private static final DoubleVector LOG_OF_5 = of(0.39999999999899444);
    private static final DoubleVector LOG_OF_6 = of(0.666666666666667);
    private static final DoubleVector EXPONENT_ZERO = of(0x1p52 + 1023);
    private static final DoubleVector INFINITY = of(Double.POSITIVE_INFINITY);
    private static final DoubleVector MINUS_INFINITY = of(Double.NEGATIVE_INFINITY);
    private static final DoubleVector NAN = of(Double.NaN);
    private static final DoubleVector SUBNORMAL_SHIFT = of(54);

    private DoubleFunctions() {}

    private static LongVector bits(long v) {
        return LongVector.broadcast(S.withLanes(long.class), v);
    }

    static DoubleVector of(double v) {
        return DoubleVector.broadcast(S, v);
    }

    /// The magnitude of one with the sign of the other.
    static DoubleVector signed(DoubleVector magnitude, DoubleVector sign) {
        return magnitude.reinterpretAsLongs().or(sign.reinterpretAsLongs().and(SIGN))
                .reinterpretAsDoubles();
    }

    // --- exponentials

    /// 2^k for k + ROUND; 0 for k = -1023.
    private static DoubleVector power(DoubleVector rounded) {
        return rounded.reinterpretAsLongs().add(BIAS).lanewise(VectorOperators.LSHL, 52).reinterpretAsDoubles();
    }

    /// 2^-k, or 0 where that is subnormal.
    private static DoubleVector inverse(DoubleVector k) {
        return power(ROUND.sub(k.min(MOST_EXPONENT)));
    }

    /// p 2^k, in two halves: subnormal results are rounded once and nothing overflows early.
    private static DoubleVector scale(DoubleVector p, DoubleVector k) {
        DoubleVector half = k.fma(HALF, ROUND);
        DoubleVector rest = k.sub(half.sub(ROUND)).add(ROUND);
        return p.mul(power(half)).mul(power(rest));
    }

    /// e^r - 1 for |r| <= ln 2 / 2.
    private static DoubleVector expm1Near(DoubleVector r) {
        DoubleVector p = EXPM1_0.fma(r, EXPM1_1);
        p = p.fma(r, EXPM1_2);
        p = p.fma(r, EXPM1_3);
        p = p.fma(r, EXPM1_4);
        p = p.fma(r, EXPM1_5);
        p = p.fma(r, EXPM1_6);
        p = p.fma(r, EXPM1_7);
        p = p.fma(r, EXPM1_8);
        p = p.fma(r, EXPM1_9);
        p = p.fma(r, HALF);
        return p.fma(r.mul(r), r);
    }

    private static DoubleVector exponent(DoubleVector x) {
        return x.fma(LOG2_E, ROUND).sub(ROUND);
    }

    private static DoubleVector reduced(DoubleVector x, DoubleVector k) {
        return k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, x));
    }

    static DoubleVector exp(DoubleVector x) {
        DoubleVector c = x.max(EXP_LEAST).min(EXP_MOST); // beyond these the result is 0 or infinity; NaN stays
        DoubleVector k = exponent(c);
        return scale(expm1Near(reduced(c, k)).add(ONE), k);
    }

    /// e^(x + d) for a small d and |x| < 745.
    static DoubleVector exp(DoubleVector x, DoubleVector d) {
        DoubleVector k = exponent(x);
        return scale(expm1Near(reduced(x, k).add(d)).add(ONE), k);
    }

    static DoubleVector expm1(DoubleVector x) {
        DoubleVector c = x.max(EXPM1_LEAST).min(EXP_MOST);
        DoubleVector k = exponent(c);
        DoubleVector y = scale(expm1Near(reduced(c, k)).add(ONE.sub(inverse(k))), k);
        return y.blend(x, x.abs().lt(TINY));
    }

    /// (e^a - 1) / 2 for a >= 0.
    private static DoubleVector halfExpm1(DoubleVector a) {
        DoubleVector c = a.min(EXP_MOST);
        DoubleVector k = exponent(c);
        DoubleVector p = expm1Near(reduced(c, k)).add(ONE.sub(inverse(k)));
        return p.mul(power(k.sub(TWO).add(ROUND))).mul(TWO); // 2^1024 alone would overflow
    }

    static DoubleVector sigmoid(DoubleVector x) {
        DoubleVector e = exp(x.abs().neg());
        return ONE.blend(e, x.lt(ZERO)).div(e.add(ONE));
    }

    static DoubleVector sinh(DoubleVector x) {
        DoubleVector u = halfExpm1(x.abs());
        return signed(u.add(u.min(LARGE).div(u.add(u).add(ONE))), x);
    }

    static DoubleVector cosh(DoubleVector x) {
        DoubleVector c = x.abs().min(EXP_MOST);
        DoubleVector k = exponent(c);
        DoubleVector h = expm1Near(reduced(c, k)).add(ONE).mul(power(k.sub(TWO).add(ROUND))).mul(TWO);
        return h.add(QUARTER.div(h));
    }

    static DoubleVector tanh(DoubleVector x) {
        DoubleVector u = halfExpm1(x.add(x).abs().min(TANH_MOST));
        return signed(u.div(u.add(ONE)), x);
    }

    // --- logarithms

    /// ln of 2^k (1 + f), where 1 + f is between the roots of 1/2 and 2. With s = f / (2 + f) it is
    /// 2 (s + s³/3 + s⁵/5 + ...), of which the leading part of f is taken out.
    private static DoubleVector logOf(DoubleVector k, DoubleVector f) {
        DoubleVector s = f.div(f.add(TWO));
        DoubleVector z = s.mul(s);
        DoubleVector p = LOG_OF_0.fma(z, LOG_OF_1);
        p = p.fma(z, LOG_OF_2);
        p = p.fma(z, LOG_OF_3);
        p = p.fma(z, LOG_OF_4);
        p = p.fma(z, LOG_OF_5);
        p = p.fma(z, LOG_OF_6);
        DoubleVector half = f.mul(f).mul(HALF);
        DoubleVector low = s.fma(p.fma(z, half), k.mul(LN2_LOW));
        return k.mul(LN2_HIGH).sub(half.sub(low).sub(f));
    }

    /// k + ROUND's bits for 2^k m with m between the roots of 1/2 and 2, from a number's bits put in place.
    static DoubleVector binaryExponent(LongVector shifted) {
        return shifted.lanewise(VectorOperators.LSHR, 52).or(TWO_52)
                .reinterpretAsDoubles().sub(EXPONENT_ZERO);
    }

    static DoubleVector mantissa(LongVector shifted) {
        return shifted.and(FRACTION).add(ROOT_HALF).reinterpretAsDoubles();
    }

    static LongVector shifted(DoubleVector x) {
        return x.reinterpretAsLongs().add(ONE_LESS_ROOT_HALF);
    }

    /// Infinity, zero, what is below, and NaN.
    private static DoubleVector ends(DoubleVector x, DoubleVector y) {
        DoubleVector r = y.blend(x, x.eq(INFINITY));
        r = r.blend(MINUS_INFINITY, x.eq(ZERO));
        return r.blend(NAN, x.compare(VectorOperators.GE, ZERO).not());
    }

    static DoubleVector log(DoubleVector x) {
        VectorMask<Double> subnormal = x.lt(NORMAL);
        LongVector t = shifted(x.blend(x.mul(0x1p54), subnormal));
        DoubleVector k = binaryExponent(t);
        return ends(x, logOf(k.blend(k.sub(SUBNORMAL_SHIFT), subnormal), mantissa(t).sub(ONE)));
    }

    static DoubleVector log1p(DoubleVector x) {
        DoubleVector u = x.add(ONE);
        DoubleVector v = u.sub(ONE);
        DoubleVector lost = ONE.sub(u.sub(v)).add(x.sub(v)); // 1 + x = u + lost
        LongVector t = shifted(u);
        DoubleVector k = binaryExponent(t);
        DoubleVector f = mantissa(t).sub(ONE).add(lost.mul(inverse(k)));
        return ends(u, logOf(k, f)).blend(x, x.abs().lt(TINY));
    }

    /// asinh, acosh and atanh of what were floats, with a float's precision to spare.
    static DoubleVector asinh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector t = a.mul(a);
        DoubleVector y = log1p(a.add(t.div(t.add(ONE).sqrt().add(ONE))));
        return signed(y.blend(a, a.eq(INFINITY)), x); // inf / inf above
    }

    static DoubleVector acosh(DoubleVector x) {
        DoubleVector t = x.sub(ONE);
        return log1p(t.add(t.add(TWO).mul(t).sqrt())).blend(NAN, t.lt(ZERO));
    }

    static DoubleVector atanh(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector y = log1p(a.add(a).div(ONE.sub(a))).mul(HALF);
        return signed(y.blend(NAN, a.compare(VectorOperators.GT, ONE)), x);
    }
}
