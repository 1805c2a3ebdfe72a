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
    private static final DoubleVector ROUND = of(0x1.8p52);
    private static final DoubleVector TWO_OVER_PI = of(0.6366197723675814);
    /// π/2 is the sum of the three.
    private static final DoubleVector HALF_PI = of(1.5707963267948966);
    private static final DoubleVector HALF_PI_LOW = of(6.123233995736766e-17);
    private static final DoubleVector HALF_PI_LOWEST = of(-1.4973849048591698e-33);
    /// Up to here π/2 to 160 bits reduces an argument well enough.
    static final double REACH = 0x1p20;
    private static final DoubleVector SIN_0 = of(-7.586636882825159e-13);
    private static final DoubleVector SIN_1 = of(1.6058530596645953e-10);
    private static final DoubleVector SIN_2 = of(-2.50521062259944e-08);
    private static final DoubleVector SIN_3 = of(2.755731921932058e-06);
    private static final DoubleVector SIN_4 = of(-0.0001984126984126504);
    private static final DoubleVector SIN_5 = of(0.008333333333333331);
    private static final DoubleVector SIN_6 = of(-0.16666666666666666);
    private static final DoubleVector MINUS_HALF = of(-0.5);
    private static final DoubleVector COS_0 = of(-1.138254464534925e-11);
    private static final DoubleVector COS_1 = of(2.087614504941318e-09);
    private static final DoubleVector COS_2 = of(-2.755731726587808e-07);
    private static final DoubleVector COS_3 = of(2.48015872987544e-05);
    private static final DoubleVector COS_4 = of(-0.0013888888888887389);
    private static final DoubleVector COS_5 = of(0.041666666666666664);
    private static final DoubleVector HALF = of(0.5);
    private static final DoubleVector ONE = of(1);
    private static final DoubleVector MINUS_HALF_PI = HALF_PI.neg();
    private static final DoubleVector MINUS_HALF_PI_LOW = HALF_PI_LOW.neg();
    private static final DoubleVector MINUS_HALF_PI_LOWEST = HALF_PI_LOWEST.neg();
    private static final DoubleVector TINY = of(0x1p-28);
    private static final DoubleVector ASIN_0 = of(0.02877844261259304);
    private static final DoubleVector ASIN_1 = of(-0.014881409392818066);
    private static final DoubleVector ASIN_2 = of(0.017419357964884856);
    private static final DoubleVector ASIN_3 = of(0.00545087818772055);
    private static final DoubleVector ASIN_4 = of(0.010324318288744113);
    private static final DoubleVector ASIN_5 = of(0.011478952690257387);
    private static final DoubleVector ASIN_6 = of(0.013971235301124539);
    private static final DoubleVector ASIN_7 = of(0.017352391265909227);
    private static final DoubleVector ASIN_8 = of(0.022372173002005596);
    private static final DoubleVector ASIN_9 = of(0.030381944137085216);
    private static final DoubleVector ASIN_10 = of(0.04464285714637338);
    private static final DoubleVector ASIN_11 = of(0.07499999999998425);
    private static final DoubleVector ASIN_12 = of(0.16666666666666669);
    private static final DoubleVector NORMAL = of(Double.MIN_NORMAL);
    private static final DoubleVector TWO = of(2);
    private static final DoubleVector ZERO = of(0);
    private static final DoubleVector ROOT_2_PLUS_1 = of(2.414213562373095);
    private static final DoubleVector ROOT_2_MINUS_1 = of(0.41421356237309503);
    private static final DoubleVector QUARTER_PI = HALF_PI.mul(HALF);
    private static final DoubleVector QUARTER_PI_LOW = HALF_PI_LOW.mul(HALF);
    private static final DoubleVector ATAN_0 = of(-0.019162068915902573);
    private static final DoubleVector ATAN_1 = of(0.03921955253255129);
    private static final DoubleVector ATAN_2 = of(-0.05085030492810941);
    private static final DoubleVector ATAN_3 = of(0.058580687568615106);
    private static final DoubleVector ATAN_4 = of(-0.06664502215671447);
    private static final DoubleVector ATAN_5 = of(0.07692182535116648);
    private static final DoubleVector ATAN_6 = of(-0.09090904549884611);
    private static final DoubleVector ATAN_7 = of(0.11111111014561013);
    private static final DoubleVector ATAN_8 = of(-0.14285714284657894);
    private static final DoubleVector ATAN_9 = of(0.1999999999999548);
    private static final DoubleVector ATAN_10 = of(-0.3333333333333333);
    private static final DoubleVector TWO_60 = of(0x1p60);
    private static final DoubleVector PI = HALF_PI.add(HALF_PI);
    private static final DoubleVector PI_LOW = HALF_PI_LOW.add(HALF_PI_LOW);

    private DoubleTrigonometry() {}

    private static DoubleVector of(double v) {
        return DoubleVector.broadcast(S, v);
    }

    /// How many times π/2 fits, plus ROUND.
    private static DoubleVector turns(DoubleVector x) {
        return x.fma(TWO_OVER_PI, ROUND);
    }

    /// sin(r + d) for |r| <= π/4 and a small d.
    private static DoubleVector sinNear(DoubleVector r, DoubleVector d) {
        DoubleVector z = r.mul(r);
        DoubleVector p = SIN_0.fma(z, SIN_1);
        p = p.fma(z, SIN_2);
        p = p.fma(z, SIN_3);
        p = p.fma(z, SIN_4);
        p = p.fma(z, SIN_5);
        p = p.fma(z, SIN_6);
        DoubleVector cube = z.mul(r);
        return r.add(p.fma(cube, z.fma(d.mul(MINUS_HALF), d)));
    }

    /// cos(r + d) for |r| <= π/4 and a small d.
    private static DoubleVector cosNear(DoubleVector r, DoubleVector d) {
        DoubleVector z = r.mul(r);
        DoubleVector p = COS_0.fma(z, COS_1);
        p = p.fma(z, COS_2);
        p = p.fma(z, COS_3);
        p = p.fma(z, COS_4);
        p = p.fma(z, COS_5);
        DoubleVector half = z.mul(HALF);
        DoubleVector w = ONE.sub(half);
        DoubleVector lost = ONE.sub(w).sub(half);
        return w.add(p.fma(z.mul(z), lost.sub(r.mul(d))));
    }

    /// sin of x + quarter π/2.
    private static DoubleVector sin(DoubleVector x, int quarter) {
        DoubleVector t = turns(x);
        DoubleVector k = t.sub(ROUND);
        DoubleVector r0 = k.fma(MINUS_HALF_PI, x); // exact
        DoubleVector r = k.fma(MINUS_HALF_PI_LOW, r0);
        DoubleVector d = k.fma(MINUS_HALF_PI_LOWEST, k.fma(MINUS_HALF_PI_LOW, r0.sub(r)));
        LongVector n = t.reinterpretAsLongs().add(quarter);
        VectorMask<Double> odd = n.lanewise(VectorOperators.LSHL, 63).lt(0).cast(S);
        DoubleVector y = sinNear(r, d).blend(cosNear(r, d), odd);
        LongVector sign = n.lanewise(VectorOperators.LSHR, 1).lanewise(VectorOperators.LSHL, 63);
        return y.reinterpretAsLongs().lanewise(VectorOperators.XOR, sign).reinterpretAsDoubles();
    }

    static DoubleVector sin(DoubleVector x) {
        return sin(x, 0).blend(x, x.abs().lt(TINY));
    }

    static DoubleVector cos(DoubleVector x) {
        return sin(x, 1);
    }

    static DoubleVector tan(DoubleVector x) {
        DoubleVector t = turns(x);
        DoubleVector k = t.sub(ROUND);
        DoubleVector r0 = k.fma(MINUS_HALF_PI, x);
        DoubleVector r = k.fma(MINUS_HALF_PI_LOW, r0);
        DoubleVector d = k.fma(MINUS_HALF_PI_LOWEST, k.fma(MINUS_HALF_PI_LOW, r0.sub(r)));
        DoubleVector s = sinNear(r, d);
        DoubleVector c = cosNear(r, d);
        VectorMask<Double> odd = t.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 63).lt(0).cast(S);
        DoubleVector y = s.blend(c.neg(), odd).div(c.blend(s, odd));
        return y.blend(x, x.abs().lt(TINY));
    }

    /// (asin(√z) - √z) / √z for z <= 1/4.
    private static DoubleVector asinSeries(DoubleVector z) {
        DoubleVector p = ASIN_0.fma(z, ASIN_1);
        p = p.fma(z, ASIN_2);
        p = p.fma(z, ASIN_3);
        p = p.fma(z, ASIN_4);
        p = p.fma(z, ASIN_5);
        p = p.fma(z, ASIN_6);
        p = p.fma(z, ASIN_7);
        p = p.fma(z, ASIN_8);
        p = p.fma(z, ASIN_9);
        p = p.fma(z, ASIN_10);
        p = p.fma(z, ASIN_11);
        p = p.fma(z, ASIN_12);
        return p.mul(z);
    }

    /// Near zero the series; beyond 1/2, π/2 - 2 asin(√((1 - x) / 2)).
    static DoubleVector asin(DoubleVector x) {
        DoubleVector a = x.abs();
        VectorMask<Double> near = a.lt(HALF);
        DoubleVector q = ONE.sub(a).mul(HALF);
        DoubleVector z = q.blend(a.mul(a), near);
        DoubleVector s = q.sqrt().blend(a, near);
        DoubleVector p = asinSeries(z).mul(s);
        DoubleVector lost = s.neg().fma(s, q).div(s.add(s).max(NORMAL)); // √q = s + lost
        DoubleVector two = s.add(s);
        DoubleVector h = HALF_PI.sub(two);
        DoubleVector low = HALF_PI.sub(h).sub(two).add(HALF_PI_LOW).sub(lost.add(p).mul(TWO));
        return signed(h.add(low).blend(s.add(p), near), x);
    }

    /// π/2 - asin(x) near zero; beyond 1/2, 2 asin(√((1 - x) / 2)), and π less that for negative x.
    static DoubleVector acos(DoubleVector x) {
        DoubleVector a = x.abs();
        VectorMask<Double> near = a.lt(HALF);
        DoubleVector q = ONE.sub(a).mul(HALF);
        DoubleVector z = q.blend(a.mul(a), near);
        DoubleVector s = q.sqrt().blend(x, near);
        DoubleVector p = asinSeries(z).mul(s);
        DoubleVector lost = s.neg().fma(s, q).div(s.add(s).max(NORMAL)).blend(ZERO, near);
        DoubleVector rest = p.add(lost);
        DoubleVector right = s.add(rest);
        // π/2 - (s + rest); twice that for negative x
        DoubleVector h = HALF_PI.sub(s);
        DoubleVector low = HALF_PI.sub(h).sub(s).add(HALF_PI_LOW.sub(rest));
        DoubleVector left = h.add(low);
        return left.blend(right.add(right), near.not()).blend(left.add(left), near.not().and(x.lt(ZERO)));
    }

    /// The angle whose tangent is num / den, for num, den >= 0: taking π/4 or π/2 away brings it below π/8.
    private static DoubleVector angle(DoubleVector num, DoubleVector den) {
        VectorMask<Double> high = num.compare(VectorOperators.GT, den.mul(ROOT_2_PLUS_1));
        VectorMask<Double> middle = num.compare(VectorOperators.GT, den.mul(ROOT_2_MINUS_1)).andNot(high);
        DoubleVector n = num.blend(num.sub(den), middle).blend(den.neg(), high);
        DoubleVector d = den.blend(num.add(den), middle).blend(num, high);
        DoubleVector t = n.div(d);
        DoubleVector z = t.mul(t);
        DoubleVector p = atanSeries(z).mul(t);
        DoubleVector base = ZERO.blend(QUARTER_PI, middle).blend(HALF_PI, high);
        DoubleVector baseLow = ZERO.blend(QUARTER_PI_LOW, middle).blend(HALF_PI_LOW, high);
        return base.add(t.add(p.add(baseLow)));
    }

    /// (atan(√z) - √z) / √z for √z <= √2 - 1.
    private static DoubleVector atanSeries(DoubleVector z) {
        DoubleVector p = ATAN_0.fma(z, ATAN_1);
        p = p.fma(z, ATAN_2);
        p = p.fma(z, ATAN_3);
        p = p.fma(z, ATAN_4);
        p = p.fma(z, ATAN_5);
        p = p.fma(z, ATAN_6);
        p = p.fma(z, ATAN_7);
        p = p.fma(z, ATAN_8);
        p = p.fma(z, ATAN_9);
        p = p.fma(z, ATAN_10);
        return p.mul(z);
    }

    static DoubleVector atan(DoubleVector x) {
        DoubleVector a = x.abs();
        DoubleVector y = angle(a.min(TWO_60), ONE);
        return signed(y, x);
    }

    /// What [#atan2] leaves to the scalar function: zeros, infinities, NaN, and quotients out of range.
    static boolean extreme(double y, double x) {
        double a = Math.abs(y);
        double b = Math.abs(x);
        return !(Math.max(a, b) < 0x1p500 && Math.min(a, b) > 0x1p-500);
    }

    static DoubleVector atan2(DoubleVector y, DoubleVector x) {
        DoubleVector r = angle(y.abs(), x.abs());
        DoubleVector left = PI.sub(r.sub(PI_LOW));
        return signed(r.blend(left, x.lt(ZERO)), y);
    }
}
