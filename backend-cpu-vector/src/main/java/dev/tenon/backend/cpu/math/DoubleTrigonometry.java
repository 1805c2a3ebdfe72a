package dev.tenon.backend.cpu.math;

import static dev.tenon.backend.cpu.math.DoubleFunctions.signed;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Trigonometric functions of vectors of doubles and their inverses, made as those of [DoubleFunctions] are.
final class DoubleTrigonometry {
    private static final VectorSpecies<Double> S = DoubleFunctions.S;
    /// Adding it rounds to an integer, which then stands in the low bits.
    private static final double ROUND = 0x1.8p52;
    private static final double TWO_OVER_PI = 0.6366197723675814;
    /// π/2 is the sum of the three.
    private static final double HALF_PI = 1.5707963267948966;
    private static final double HALF_PI_LOW = 6.123233995736766e-17;
    private static final double HALF_PI_LOWEST = -1.4973849048591698e-33;
    /// Up to here π/2 to 160 bits reduces an argument well enough.
    private static final double REACH = 0x1p20;

    private DoubleTrigonometry() {}

    private static DoubleVector of(double v) {
        return DoubleVector.broadcast(S, v);
    }

    private static DoubleVector step(DoubleVector p, DoubleVector x, double c) {
        return p.fma(x, of(c));
    }

    /// Which lanes are too large for [#sin], [#cos] and [#tan].
    static VectorMask<Double> far(DoubleVector x) {
        return x.abs().compare(VectorOperators.GT, REACH);
    }

    /// How many times π/2 fits, plus ROUND.
    private static DoubleVector turns(DoubleVector x) {
        return x.fma(of(TWO_OVER_PI), of(ROUND));
    }

    /// sin(r + d) for |r| <= π/4 and a small d.
    private static DoubleVector sinNear(DoubleVector r, DoubleVector d) {
        DoubleVector z = r.mul(r);
        DoubleVector p = of(-7.586636882825159e-13).fma(z, of(1.6058530596645953e-10));
        p = step(p, z, -2.50521062259944e-08);
        p = step(p, z, 2.755731921932058e-06);
        p = step(p, z, -0.0001984126984126504);
        p = step(p, z, 0.008333333333333331);
        p = step(p, z, -0.16666666666666666);
        DoubleVector cube = z.mul(r);
        return r.add(p.fma(cube, z.fma(d.mul(-0.5), d)));
    }

    /// cos(r + d) for |r| <= π/4 and a small d.
    private static DoubleVector cosNear(DoubleVector r, DoubleVector d) {
        DoubleVector z = r.mul(r);
        DoubleVector p = of(-1.138254464534925e-11).fma(z, of(2.087614504941318e-09));
        p = step(p, z, -2.755731726587808e-07);
        p = step(p, z, 2.48015872987544e-05);
        p = step(p, z, -0.0013888888888887389);
        p = step(p, z, 0.041666666666666664);
        DoubleVector half = z.mul(0.5);
        DoubleVector w = of(1).sub(half);
        DoubleVector lost = of(1).sub(w).sub(half);
        return w.add(p.fma(z.mul(z), lost.sub(r.mul(d))));
    }

    /// sin of x + quarter π/2.
    private static DoubleVector sin(DoubleVector x, int quarter) {
        DoubleVector t = turns(x);
        DoubleVector k = t.sub(ROUND);
        DoubleVector r0 = k.fma(of(-HALF_PI), x); // exact
        DoubleVector r = k.fma(of(-HALF_PI_LOW), r0);
        DoubleVector d = k.fma(of(-HALF_PI_LOWEST), k.fma(of(-HALF_PI_LOW), r0.sub(r)));
        LongVector n = t.reinterpretAsLongs().add(quarter);
        VectorMask<Double> odd = n.lanewise(VectorOperators.LSHL, 63).lt(0).cast(S);
        DoubleVector y = sinNear(r, d).blend(cosNear(r, d), odd);
        LongVector sign = n.lanewise(VectorOperators.LSHR, 1).lanewise(VectorOperators.LSHL, 63);
        return y.reinterpretAsLongs().lanewise(VectorOperators.XOR, sign).reinterpretAsDoubles();
    }

    static DoubleVector sin(DoubleVector x) {
        return sin(x, 0).blend(x, x.abs().lt(0x1p-28));
    }

    static DoubleVector cos(DoubleVector x) {
        return sin(x, 1);
    }

    static DoubleVector tan(DoubleVector x) {
        DoubleVector t = turns(x);
        DoubleVector k = t.sub(ROUND);
        DoubleVector r0 = k.fma(of(-HALF_PI), x);
        DoubleVector r = k.fma(of(-HALF_PI_LOW), r0);
        DoubleVector d = k.fma(of(-HALF_PI_LOWEST), k.fma(of(-HALF_PI_LOW), r0.sub(r)));
        DoubleVector s = sinNear(r, d);
        DoubleVector c = cosNear(r, d);
        VectorMask<Double> odd = t.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 63).lt(0).cast(S);
        DoubleVector y = s.blend(c.neg(), odd).div(c.blend(s, odd));
        return y.blend(x, x.abs().lt(0x1p-28));
    }

    /// (asin(√z) - √z) / √z for z <= 1/4.
    private static DoubleVector asinSeries(DoubleVector z) {
        DoubleVector p = of(0.02877844261259304).fma(z, of(-0.014881409392818066));
        p = step(p, z, 0.017419357964884856);
        p = step(p, z, 0.00545087818772055);
        p = step(p, z, 0.010324318288744113);
        p = step(p, z, 0.011478952690257387);
        p = step(p, z, 0.013971235301124539);
        p = step(p, z, 0.017352391265909227);
        p = step(p, z, 0.022372173002005596);
        p = step(p, z, 0.030381944137085216);
        p = step(p, z, 0.04464285714637338);
        p = step(p, z, 0.07499999999998425);
        p = step(p, z, 0.16666666666666669);
        return p.mul(z);
    }

    /// Near zero the series; beyond 1/2, π/2 - 2 asin(√((1 - x) / 2)).
    static DoubleVector asin(DoubleVector x) {
        DoubleVector a = x.abs();
        VectorMask<Double> near = a.lt(0.5);
        DoubleVector q = of(1).sub(a).mul(0.5);
        DoubleVector z = q.blend(a.mul(a), near);
        DoubleVector s = q.sqrt().blend(a, near);
        DoubleVector p = asinSeries(z).mul(s);
        DoubleVector lost = s.neg().fma(s, q).div(s.add(s).max(Double.MIN_NORMAL)); // √q = s + lost
        DoubleVector two = s.add(s);
        DoubleVector h = of(HALF_PI).sub(two);
        DoubleVector low = of(HALF_PI).sub(h).sub(two).add(HALF_PI_LOW).sub(lost.add(p).mul(2));
        return signed(h.add(low).blend(s.add(p), near), x);
    }

    /// π/2 - asin(x) near zero; beyond 1/2, 2 asin(√((1 - x) / 2)), and π less that for negative x.
    static DoubleVector acos(DoubleVector x) {
        DoubleVector a = x.abs();
        VectorMask<Double> near = a.lt(0.5);
        DoubleVector q = of(1).sub(a).mul(0.5);
        DoubleVector z = q.blend(a.mul(a), near);
        DoubleVector s = q.sqrt().blend(x, near);
        DoubleVector p = asinSeries(z).mul(s);
        DoubleVector lost = s.neg().fma(s, q).div(s.add(s).max(Double.MIN_NORMAL)).blend(0, near);
        DoubleVector rest = p.add(lost);
        DoubleVector right = s.add(rest);
        // π/2 - (s + rest); twice that for negative x
        DoubleVector h = of(HALF_PI).sub(s);
        DoubleVector low = of(HALF_PI).sub(h).sub(s).add(of(HALF_PI_LOW).sub(rest));
        DoubleVector left = h.add(low);
        return left.blend(right.add(right), near.not()).blend(left.add(left), near.not().and(x.lt(0)));
    }

    /// The angle whose tangent is num / den, for num, den >= 0: taking π/4 or π/2 away brings it below π/8.
    private static DoubleVector angle(DoubleVector num, DoubleVector den) {
        VectorMask<Double> high = num.compare(VectorOperators.GT, den.mul(2.414213562373095));
        VectorMask<Double> middle = num.compare(VectorOperators.GT, den.mul(0.41421356237309503)).andNot(high);
        DoubleVector n = num.blend(num.sub(den), middle).blend(den.neg(), high);
        DoubleVector d = den.blend(num.add(den), middle).blend(num, high);
        DoubleVector t = n.div(d);
        DoubleVector z = t.mul(t);
        DoubleVector p = atanSeries(z).mul(t);
        DoubleVector base = of(0).blend(HALF_PI / 2, middle).blend(HALF_PI, high);
        DoubleVector baseLow = of(0).blend(HALF_PI_LOW / 2, middle).blend(HALF_PI_LOW, high);
        return base.add(t.add(p.add(baseLow)));
    }

    /// (atan(√z) - √z) / √z for √z <= √2 - 1.
    private static DoubleVector atanSeries(DoubleVector z) {
        DoubleVector p = of(-0.019162068915902573).fma(z, of(0.03921955253255129));
        p = step(p, z, -0.05085030492810941);
        p = step(p, z, 0.058580687568615106);
        p = step(p, z, -0.06664502215671447);
        p = step(p, z, 0.07692182535116648);
        p = step(p, z, -0.09090904549884611);
        p = step(p, z, 0.11111111014561013);
        p = step(p, z, -0.14285714284657894);
        p = step(p, z, 0.1999999999999548);
        p = step(p, z, -0.3333333333333333);
        return p.mul(z);
    }

    static DoubleVector atan(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector y = angle(a.min(0x1p60), of(1));
        return signed(y, x);
    }

    /// Which lanes [#atan2] leaves to the scalar function: zeros, infinities, NaN, and quotients out of range.
    static VectorMask<Double> extreme(DoubleVector y, DoubleVector x) {
        DoubleVector a = y.abs();
        DoubleVector b = x.abs();
        DoubleVector most = a.max(b);
        return most.lt(0x1p500).and(a.min(b).compare(VectorOperators.GT, 0x1p-500)).not();
    }

    static DoubleVector atan2(DoubleVector y, DoubleVector x) {
        DoubleVector r = angle(y.abs(), x.abs());
        DoubleVector left = of(2 * HALF_PI).sub(r.sub(2 * HALF_PI_LOW));
        return signed(r.blend(left, x.lt(0)), y);
    }
}
