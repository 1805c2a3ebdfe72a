package dev.tenon.backend.cpu.math;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Functions of vectors of floats, made as those of [DoubleFunctions] are: the same bits interpreted and compiled.
final class FloatFunctions {
    static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;

    /// Adding it rounds to an integer, which then stands in the low bits.
    private static final FloatVector ROUND = of(0x1.8p23f);
    private static final FloatVector LN2_HIGH = of(0.693145752f);
    private static final FloatVector LN2_LOW = of(1.42860677e-6f);
    private static final int ROOT_HALF_BITS = 0x3f3504f3;
    private static final IntVector ROOT_HALF = bits(ROOT_HALF_BITS);
    private static final IntVector ONE_LESS_ROOT_HALF = bits(0x3f800000 - ROOT_HALF_BITS);
    private static final IntVector FRACTION = bits(0x007fffff);
    private static final IntVector SIGN = bits(Integer.MIN_VALUE);
    private static final IntVector BIAS = bits(127);
    private static final IntVector ROUND_BITS = bits(0x4B400000);
    private static final IntVector TWO_23 = bits(0x4b000000);
    private static final FloatVector EXP_LEAST = of(-104f);
    private static final IntVector ONE_BITS = bits(0x3f800000);
    /// From here on powers are no longer subnormal.
    private static final FloatVector EXP_NORMAL = of(-87.3f);
    private static final FloatVector EXP_MOST = of(89f);
    private static final FloatVector MINUS_LN2_HIGH = of(-0.693145752f);
    private static final FloatVector MINUS_LN2_LOW = of(-1.42860677e-6f);
    private static final FloatVector EXP_0 = of(1.37805939e-3f);
    private static final FloatVector EXP_1 = of(8.37312452e-3f);
    private static final FloatVector EXP_2 = of(4.16695364e-2f);
    private static final FloatVector EXP_3 = of(1.66664720e-1f);
    private static final FloatVector EXP_4 = of(4.99999851e-1f);
    private static final FloatVector ONE = of(1f);
    private static final FloatVector ZERO = of(0f);
    private static final FloatVector ERF_0 = of(-1.72853470e-5f);
    private static final FloatVector ERF_1 = of(3.83197126e-4f);
    private static final FloatVector ERF_2 = of(-3.88396438e-3f);
    private static final FloatVector ERF_3 = of(2.42546219e-2f);
    private static final FloatVector ERF_4 = of(-1.06777877e-1f);
    private static final FloatVector ERF_5 = of(-6.34846687e-1f);
    private static final FloatVector ERF_6 = of(-1.28717512e-1f);
    private static final FloatVector ERF_7 = of(-5.96761703e-4f);
    private static final FloatVector ERF_8 = of(4.99119423e-3f);
    private static final FloatVector ERF_9 = of(-2.67681349e-2f);
    private static final FloatVector ERF_10 = of(1.12819925e-1f);
    private static final FloatVector ERF_11 = of(-3.76125336e-1f);
    private static final FloatVector ERF_12 = of(1.28379166e-1f);
    /// 4, from where on the result is 1.
    private static final IntVector ERF_MOST = bits(0x40800000);
    private static final FloatVector ERF_NEAR = of(0.927734375f);
    private static final FloatVector MOST_EXPONENT = of(127f);
    private static final FloatVector EXPM1_LEAST = of(-18f);
    private static final FloatVector LOG2_E = of(1.442695041f);
    private static final FloatVector EXPM1_0 = of(0.00019890991f);
    private static final FloatVector EXPM1_1 = of(0.001393365f);
    private static final FloatVector EXPM1_2 = of(0.00833331f);
    private static final FloatVector EXPM1_3 = of(0.041666467f);
    private static final FloatVector EXPM1_4 = of(0.16666667f);
    private static final FloatVector HALF = of(0.5f);
    private static final FloatVector TINY = of(0x1p-25f);
    private static final FloatVector LOG_0 = of(0.06971612f);
    private static final FloatVector LOG_1 = of(-0.11479734f);
    private static final FloatVector LOG_2 = of(0.1168542f);
    private static final FloatVector LOG_3 = of(-0.12425687f);
    private static final FloatVector LOG_4 = of(0.14249058f);
    private static final FloatVector LOG_5 = of(-0.16667803f);
    private static final FloatVector LOG_6 = of(0.20000716f);
    private static final FloatVector LOG_7 = of(-0.24999997f);
    private static final FloatVector LOG_8 = of(0.3333333f);
    private static final FloatVector MINUS_HALF = of(-0.5f);
    private static final FloatVector EXPONENT_ZERO = of(0x1p23f + 127);
    private static final FloatVector INFINITY = of(Float.POSITIVE_INFINITY);
    private static final FloatVector MINUS_INFINITY = of(Float.NEGATIVE_INFINITY);
    private static final FloatVector NAN = of(Float.NaN);
    private static final FloatVector ROOT_2_MINUS_1 = of(0.41421354f);
    private static final FloatVector TANH_MOST = of(10f);
    private static final FloatVector TANH_0 = of(0.0022927448f);
    private static final FloatVector TANH_1 = of(-0.008343945f);
    private static final FloatVector TANH_2 = of(0.021768918f);
    private static final FloatVector TANH_3 = of(-0.053959258f);
    private static final FloatVector TANH_4 = of(0.13333304f);
    private static final FloatVector TANH_5 = of(-0.33333334f);
    private static final FloatVector NEAR = of(0.625f);

    private FloatFunctions() {}

    private static IntVector bits(int v) {
        return IntVector.broadcast(S.withLanes(int.class), v);
    }

    private static FloatVector of(float v) {
        return FloatVector.broadcast(S, v);
    }

    /// The magnitude of one with the sign of the other.
    private static FloatVector signed(FloatVector magnitude, FloatVector sign) {
        return magnitude.reinterpretAsInts().or(sign.reinterpretAsInts().and(SIGN))
                .reinterpretAsFloats();
    }

    /// No less than `least` and no more than [#EXP_MOST]; NaN stays. Two comparisons: the minimum of floats, which
    /// tells zeros apart, is six instructions.
    private static FloatVector limited(FloatVector x, FloatVector least) {
        FloatVector c = x.blend(least, x.compare(VectorOperators.LT, least));
        return c.blend(EXP_MOST, c.compare(VectorOperators.GT, EXP_MOST));
    }

    /// e^x for -80 < x <= 0: neither limits nor subnormal results. Where x is NaN it is anything.
    private static FloatVector expOfNegative(FloatVector x) {
        FloatVector t = x.fma(LOG2_E, ROUND);
        FloatVector k = t.sub(ROUND);
        FloatVector r = k.fma(MINUS_LN2_HIGH, x);
        r = k.fma(MINUS_LN2_LOW, r);
        FloatVector p = r.fma(EXP_0, EXP_1);
        p = p.fma(r, EXP_2);
        p = p.fma(r, EXP_3);
        p = p.fma(r, EXP_4);
        p = p.fma(r, ONE);
        p = p.fma(r, ONE);
        // The low bits of t are the exponent; all above them are shifted out.
        return p.reinterpretAsInts().add(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats();
    }

    /// e^x for x <= 88: 0 where that is subnormal, NaN where x is NaN. Neither limits nor two factors.
    static FloatVector expOfAtMost(FloatVector x) {
        FloatVector t = x.fma(LOG2_E, ROUND);
        FloatVector k = t.sub(ROUND);
        FloatVector r = k.fma(MINUS_LN2_HIGH, x);
        r = k.fma(MINUS_LN2_LOW, r);
        FloatVector p = r.fma(EXP_0, EXP_1);
        p = p.fma(r, EXP_2);
        p = p.fma(r, EXP_3);
        p = p.fma(r, EXP_4);
        p = p.fma(r, ONE);
        p = p.fma(r, ONE);
        // The low bits of t are the exponent; a product, unlike a sum of exponents, leaves NaN what it is.
        FloatVector scale = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS)
                .reinterpretAsFloats();
        return p.mul(scale).blend(ZERO, x.compare(VectorOperators.LT, EXP_NORMAL));
    }

    /// 2^n * e^r with |r| <= ln 2 / 2. The factor is applied in two halves so that subnormal results are rounded
    /// once and nothing overflows early.
    static FloatVector exp(FloatVector x) {
        FloatVector c = limited(x, EXP_LEAST); // beyond these the result is 0 or infinity; NaN stays
        FloatVector t = c.fma(LOG2_E, ROUND);
        FloatVector k = t.sub(ROUND);
        FloatVector r = k.fma(MINUS_LN2_HIGH, c);
        r = k.fma(MINUS_LN2_LOW, r);
        FloatVector p = r.fma(EXP_0, EXP_1);
        p = p.fma(r, EXP_2);
        p = p.fma(r, EXP_3);
        p = p.fma(r, EXP_4);
        p = p.fma(r, ONE);
        p = p.fma(r, ONE);
        IntVector n = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        FloatVector s1 = half.add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        FloatVector s2 = n.sub(half).add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return p.mul(s1).mul(s2);
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        FloatVector num = ONE.blend(e, x.lt(ZERO));
        FloatVector d = e.add(ONE);
        FloatVector q = num.div(d);
        // One step of refinement with what the sum and the quotient lost; 1 - q is 1 / d where it matters, at x < 0.
        FloatVector lost = e.sub(d.sub(ONE));
        FloatVector r = q.neg().fma(d, num);
        r = q.neg().fma(lost, r);
        return r.fma(ONE.sub(q), q);
    }

    /// The same within two units in the last place, for the gates of recurrent layers: neither subnormal results nor a
    /// step of refinement.
    static FloatVector logistic(FloatVector x) {
        FloatVector e = expOfAtMost(x.abs().neg());
        return ONE.blend(e, x.compare(VectorOperators.LT, ZERO)).div(e.add(ONE));
    }

    /// Two polynomials after N. Juffa: x + x * p(x^2) near zero, 1 - exp(q(|x|)) beyond.
    static FloatVector erf(FloatVector x) {
        // As integers, magnitudes order as they do as floats; NaN is above all, and far is not taken for it.
        FloatVector a = x.abs().reinterpretAsInts().min(ERF_MOST).reinterpretAsFloats();
        FloatVector s = a.mul(a);
        FloatVector q = a.fma(ERF_0, ERF_1);
        FloatVector u = a.fma(ERF_2, ERF_3);
        q = q.fma(s, u);
        q = q.fma(a, ERF_4);
        q = q.fma(a, ERF_5);
        q = q.fma(a, ERF_6);
        q = q.fma(a, a.neg());
        FloatVector far = ONE.sub(expOfNegative(q));
        FloatVector p = s.fma(ERF_7, ERF_8);
        p = p.fma(s, ERF_9);
        p = p.fma(s, ERF_10);
        p = p.fma(s, ERF_11);
        p = p.fma(s, ERF_12);
        FloatVector near = p.fma(x, x);
        FloatVector sign = x.reinterpretAsInts().and(SIGN).or(far.reinterpretAsInts()).reinterpretAsFloats();
        return near.blend(sign, x.abs().compare(VectorOperators.GE, ERF_NEAR));
    }

    /// 2^k for k + ROUND.
    private static FloatVector power(FloatVector rounded) {
        return rounded.reinterpretAsInts().add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /// 2^-k, or 0 where that is subnormal.
    private static FloatVector inverse(FloatVector k) {
        return power(ROUND.sub(k.min(MOST_EXPONENT)));
    }

    /// e^x - 1 with x = k ln 2 + r as 2^k ((e^r - 1) + (1 - 2^-k)).
    static FloatVector expm1(FloatVector x) {
        FloatVector c = limited(x, EXPM1_LEAST);
        FloatVector k = c.fma(LOG2_E, ROUND).sub(ROUND);
        FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, c));
        FloatVector p = EXPM1_0.fma(r, EXPM1_1);
        p = p.fma(r, EXPM1_2);
        p = p.fma(r, EXPM1_3);
        p = p.fma(r, EXPM1_4);
        p = p.fma(r, HALF);
        p = p.fma(r.mul(r), r);
        p = p.add(ONE.sub(inverse(k)));
        FloatVector half = k.fma(HALF, ROUND);
        FloatVector y = p.mul(power(half)).mul(power(k.sub(half.sub(ROUND)).add(ROUND)));
        return y.blend(x, x.abs().lt(TINY));
    }

    /// (ln(1 + f) - f + f²/2) / f³ where 1 + f is between the roots of 1/2 and 2.
    private static FloatVector logSeries(FloatVector f) {
        FloatVector p = LOG_0.fma(f, LOG_1);
        p = p.fma(f, LOG_2);
        p = p.fma(f, LOG_3);
        p = p.fma(f, LOG_4);
        p = p.fma(f, LOG_5);
        p = p.fma(f, LOG_6);
        p = p.fma(f, LOG_7);
        return p.fma(f, LOG_8);
    }

    /// ln(2^k (1 + f)).
    private static FloatVector logOf(FloatVector k, FloatVector f) {
        FloatVector z = f.mul(f);
        FloatVector low = logSeries(f).fma(z.mul(f), k.mul(LN2_LOW));
        FloatVector y = z.fma(MINUS_HALF, low).add(f);
        return k.fma(LN2_HIGH, y);
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(ONE);
        FloatVector v = u.sub(ONE);
        FloatVector lost = ONE.sub(u.sub(v)).add(x.sub(v)); // 1 + x = u + lost
        IntVector t = u.reinterpretAsInts().add(ONE_LESS_ROOT_HALF);
        FloatVector k = t.lanewise(VectorOperators.LSHR, 23).or(TWO_23).reinterpretAsFloats().sub(EXPONENT_ZERO);
        FloatVector m = t.and(FRACTION).add(ROOT_HALF).reinterpretAsFloats();
        FloatVector f = m.sub(ONE).add(lost.mul(inverse(k)));
        FloatVector y = logOf(k, f).blend(x, x.abs().lt(TINY));
        y = y.blend(x, x.eq(INFINITY)).blend(MINUS_INFINITY, u.eq(ZERO));
        return y.blend(NAN, u.compare(VectorOperators.GE, ZERO).not());
    }

    /// max(x, 0) + ln(1 + e^-|x|). The sum is between 1 and 2: no exponent need be taken out of it.
    static FloatVector softplus(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        VectorMask<Float> upper = e.compare(VectorOperators.GT, ROOT_2_MINUS_1);
        FloatVector k = ZERO.blend(ONE, upper);
        FloatVector f = e.blend(e.sub(ONE).mul(HALF), upper); // (1 + e) / 2 - 1
        return logOf(k, f).add(x.max(ZERO));
    }

    /// x + x³ p(x²) near zero, 1 - 2 e^-2|x| / (1 + e^-2|x|) beyond.
    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector least = a.blend(TANH_MOST, a.compare(VectorOperators.GT, TANH_MOST));
        // 1 - 2 e / (1 + e) with e = e^-2|x|.
        FloatVector e = expOfNegative(least.add(least).neg());
        FloatVector far = ONE.sub(e.add(e).div(ONE.add(e)));
        FloatVector z = a.mul(a);
        FloatVector p = TANH_0.fma(z, TANH_1);
        p = p.fma(z, TANH_2);
        p = p.fma(z, TANH_3);
        p = p.fma(z, TANH_4);
        p = p.fma(z, TANH_5);
        FloatVector near = p.fma(z.mul(a), a);
        return signed(near.blend(far, a.compare(VectorOperators.GE, NEAR)), x);
    }
}
