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
    private static final float ROUND = 0x1.8p23f;
    private static final float LN2_HIGH = 0.693145752f;
    private static final float LN2_LOW = 1.42860677e-6f;
    private static final int ROOT_HALF_BITS = 0x3f3504f3;
    private static final int ONE_BITS = 0x3f800000;

    private FloatFunctions() {}

    private static FloatVector of(float v) {
        return FloatVector.broadcast(S, v);
    }

    /// p x + c.
    private static FloatVector step(FloatVector p, FloatVector x, float c) {
        return p.fma(x, of(c));
    }

    /// The magnitude of one with the sign of the other.
    private static FloatVector signed(FloatVector magnitude, FloatVector sign) {
        return magnitude.reinterpretAsInts().or(sign.reinterpretAsInts().and(Integer.MIN_VALUE))
                .reinterpretAsFloats();
    }

    /// 2^n * e^r with |r| <= ln 2 / 2. The factor is applied in two halves so that subnormal results are rounded
    /// once and nothing overflows early.
    static FloatVector exp(FloatVector x) {
        FloatVector c = x.max(-104f).min(89f); // beyond these the result is 0 or infinity; NaN stays
        FloatVector t = c.lanewise(VectorOperators.FMA, 1.442695041f,
                12582912f); // 1.5 * 2^23: rounds to an integer in the low bits
        FloatVector k = t.sub(12582912f);
        FloatVector r = k.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, -0.693145752f), c);
        r = k.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, -1.42860677e-6f), r);
        FloatVector p = r.lanewise(VectorOperators.FMA, 1.37805939e-3f, 8.37312452e-3f);
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 4.16695364e-2f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1.66664720e-1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 4.99999851e-1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1f));
        p = p.lanewise(VectorOperators.FMA, r, FloatVector.broadcast(S, 1f));
        IntVector n = t.reinterpretAsInts().sub(0x4B400000);
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        FloatVector s1 = half.lanewise(VectorOperators.LSHL, 23).add(0x3f800000).reinterpretAsFloats();
        FloatVector s2 = n.sub(half).lanewise(VectorOperators.LSHL, 23).add(0x3f800000).reinterpretAsFloats();
        return p.mul(s1).mul(s2);
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        FloatVector num = FloatVector.broadcast(S, 1f).blend(e, x.lt(0f));
        FloatVector d = e.add(1f);
        FloatVector q = num.div(d);
        // One step of refinement with what the sum and the quotient lost; 1 - q is 1 / d where it matters, at x < 0.
        FloatVector lost = e.sub(d.sub(1f));
        FloatVector r = q.neg().lanewise(VectorOperators.FMA, d, num);
        r = q.neg().lanewise(VectorOperators.FMA, lost, r);
        return r.lanewise(VectorOperators.FMA, FloatVector.broadcast(S, 1f).sub(q), q);
    }

    /// Two polynomials after N. Juffa: x + x * p(x^2) near zero, 1 - exp(q(|x|)) beyond.
    static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector s = x.mul(x);
        FloatVector q = a.lanewise(VectorOperators.FMA, -1.72853470e-5f, 3.83197126e-4f);
        FloatVector u = a.lanewise(VectorOperators.FMA, -3.88396438e-3f, 2.42546219e-2f);
        q = q.lanewise(VectorOperators.FMA, s, u);
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -1.06777877e-1f));
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -6.34846687e-1f));
        q = q.lanewise(VectorOperators.FMA, a, FloatVector.broadcast(S, -1.28717512e-1f));
        q = q.lanewise(VectorOperators.FMA, a, a.neg());
        FloatVector far = FloatVector.broadcast(S, 1f).sub(exp(q));
        FloatVector p = s.lanewise(VectorOperators.FMA, -5.96761703e-4f, 4.99119423e-3f);
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, -2.67681349e-2f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, 1.12819925e-1f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, -3.76125336e-1f));
        p = p.lanewise(VectorOperators.FMA, s, FloatVector.broadcast(S, 1.28379166e-1f));
        FloatVector near = p.lanewise(VectorOperators.FMA, x, x);
        FloatVector sign = x.reinterpretAsInts().and(0x80000000).or(far.reinterpretAsInts()).reinterpretAsFloats();
        return near.blend(sign, a.lt(0.927734375f).not());
    }

    /// 2^k for k + ROUND.
    private static FloatVector power(FloatVector rounded) {
        return rounded.reinterpretAsInts().add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /// 2^-k, or 0 where that is subnormal.
    private static FloatVector inverse(FloatVector k) {
        return power(of(ROUND).sub(k.min(127f)));
    }

    /// e^x - 1 with x = k ln 2 + r as 2^k ((e^r - 1) + (1 - 2^-k)).
    static FloatVector expm1(FloatVector x) {
        FloatVector c = x.max(-18f).min(89f);
        FloatVector k = c.fma(of(1.442695041f), of(ROUND)).sub(ROUND);
        FloatVector r = k.fma(of(-LN2_LOW), k.fma(of(-LN2_HIGH), c));
        FloatVector p = of(0.00019890991f).fma(r, of(0.001393365f));
        p = step(p, r, 0.00833331f);
        p = step(p, r, 0.041666467f);
        p = step(p, r, 0.16666667f);
        p = step(p, r, 0.5f);
        p = p.fma(r.mul(r), r);
        p = p.add(of(1f).sub(inverse(k)));
        FloatVector half = k.fma(of(0.5f), of(ROUND));
        FloatVector y = p.mul(power(half)).mul(power(k.sub(half.sub(ROUND)).add(ROUND)));
        return y.blend(x, x.abs().lt(0x1p-25f));
    }

    /// (ln(1 + f) - f + f²/2) / f³ where 1 + f is between the roots of 1/2 and 2.
    private static FloatVector logSeries(FloatVector f) {
        FloatVector p = of(0.06971612f).fma(f, of(-0.11479734f));
        p = step(p, f, 0.1168542f);
        p = step(p, f, -0.12425687f);
        p = step(p, f, 0.14249058f);
        p = step(p, f, -0.16667803f);
        p = step(p, f, 0.20000716f);
        p = step(p, f, -0.24999997f);
        return step(p, f, 0.3333333f);
    }

    /// ln(2^k (1 + f)).
    private static FloatVector logOf(FloatVector k, FloatVector f) {
        FloatVector z = f.mul(f);
        FloatVector low = logSeries(f).fma(z.mul(f), k.mul(LN2_LOW));
        FloatVector y = z.fma(of(-0.5f), low).add(f);
        return k.fma(of(LN2_HIGH), y);
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1f);
        FloatVector v = u.sub(1f);
        FloatVector lost = of(1f).sub(u.sub(v)).add(x.sub(v)); // 1 + x = u + lost
        IntVector t = u.reinterpretAsInts().add(ONE_BITS - ROOT_HALF_BITS);
        FloatVector k = t.lanewise(VectorOperators.LSHR, 23).or(0x4b000000).reinterpretAsFloats().sub(0x1p23f + 127);
        FloatVector m = t.and(0x007fffff).add(ROOT_HALF_BITS).reinterpretAsFloats();
        FloatVector f = m.sub(1f).add(lost.mul(inverse(k)));
        FloatVector y = logOf(k, f).blend(x, x.abs().lt(0x1p-25f));
        y = y.blend(x, x.eq(Float.POSITIVE_INFINITY)).blend(Float.NEGATIVE_INFINITY, u.eq(0f));
        return y.blend(Float.NaN, u.compare(VectorOperators.GE, 0f).not());
    }

    /// max(x, 0) + ln(1 + e^-|x|). The sum is between 1 and 2: no exponent need be taken out of it.
    static FloatVector softplus(FloatVector x) {
        FloatVector e = exp(x.abs().neg());
        VectorMask<Float> upper = e.compare(VectorOperators.GT, 0.41421354f);
        FloatVector k = of(0f).blend(1f, upper);
        FloatVector f = e.blend(e.sub(1f).mul(0.5f), upper); // (1 + e) / 2 - 1
        return logOf(k, f).add(x.max(0f));
    }

    /// x + x³ p(x²) near zero, 1 - 2 / (e^2|x| + 1) beyond.
    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs().min(10f);
        FloatVector far = of(1f).sub(of(2f).div(exp(a.add(a)).add(1f)));
        FloatVector z = a.mul(a);
        FloatVector p = of(0.0022927448f).fma(z, of(-0.008343945f));
        p = step(p, z, 0.021768918f);
        p = step(p, z, -0.053959258f);
        p = step(p, z, 0.13333304f);
        p = step(p, z, -0.33333334f);
        FloatVector near = p.fma(z.mul(a), a);
        return signed(far.blend(near, a.lt(0.625f)), x);
    }
}
