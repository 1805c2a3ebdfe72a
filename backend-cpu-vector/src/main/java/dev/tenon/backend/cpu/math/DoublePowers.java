package dev.tenon.backend.cpu.math;

import static dev.tenon.backend.cpu.math.DoubleFunctions.LN2_HIGH;
import static dev.tenon.backend.cpu.math.DoubleFunctions.LN2_LOW;
import static dev.tenon.backend.cpu.math.DoubleFunctions.NORMAL;
import static dev.tenon.backend.cpu.math.DoubleFunctions.ROUND;
import static dev.tenon.backend.cpu.math.DoubleFunctions.binaryExponent;
import static dev.tenon.backend.cpu.math.DoubleFunctions.exp;
import static dev.tenon.backend.cpu.math.DoubleFunctions.log;
import static dev.tenon.backend.cpu.math.DoubleFunctions.mantissa;
import static dev.tenon.backend.cpu.math.DoubleFunctions.of;
import static dev.tenon.backend.cpu.math.DoubleFunctions.shifted;
import static dev.tenon.backend.cpu.math.DoubleFunctions.step;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Powers of vectors of doubles, made as the functions of [DoubleFunctions] are.
final class DoublePowers {
    private DoublePowers() {}

    /// Which lanes are for the scalar function: zeros, subnormals, infinities, NaN, and results near the ends of the
    /// range or beyond.
    static VectorMask<Double> extreme(DoubleVector x, DoubleVector y, DoubleVector power) {
        DoubleVector a = x.abs();
        DoubleVector p = power.abs();
        VectorMask<Double> normal = a.compare(VectorOperators.GE, NORMAL).and(a.lt(Double.POSITIVE_INFINITY));
        VectorMask<Double> inside = p.compare(VectorOperators.GT, 1e-300).and(p.lt(1e300));
        return normal.and(inside).and(y.abs().lt(0x1p51)).not();
    }

    /// x^y as e^(y ln |x|) with a logarithm of twice a double's precision. Of a negative x only
    /// powers with whole y exist.
    static DoubleVector power(DoubleVector x, DoubleVector y) {
        LongVector t = shifted(x.abs());
        DoubleVector k = binaryExponent(t);
        DoubleVector m = mantissa(t);
        // f = (m - 1) / (m + 1) as f + fl
        DoubleVector n = m.sub(1);
        DoubleVector d = m.add(1);
        DoubleVector f = n.div(d);
        DoubleVector fl = f.neg().fma(m.sub(d.sub(1)), f.neg().fma(d, n)).div(d);
        // s = f² as s + sl, and a third of it
        DoubleVector s = f.mul(f);
        DoubleVector sl = f.fma(f, s.neg()).add(f.add(f).mul(fl));
        DoubleVector third = s.mul(1.0 / 3);
        DoubleVector thirdLow = s.fma(of(1.0 / 3), third.neg()).add(s.fma(of(1.850371707708594e-17), sl.mul(1.0 / 3)));
        DoubleVector rest = thirdLow.add(s.mul(s).mul(powerSeries(s)));
        // ln m = 2 f (1 + s/3 + ...)
        DoubleVector g = f.add(f);
        DoubleVector p = g.mul(third);
        DoubleVector pl = g.fma(third, p.neg()).add(g.mul(rest));
        DoubleVector high = g.add(p);
        DoubleVector low = p.sub(high.sub(g)).add(pl).add(fl.add(fl).mul(third.add(1)));
        return sign(powerOf(y, k, high, low), x, y);
    }

    /// With the sign of x^y, which is NaN for a negative x unless y is whole.
    private static DoubleVector sign(DoubleVector r, DoubleVector x, DoubleVector y) {
        DoubleVector rounded = y.add(ROUND);
        LongVector odd = rounded.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 63).and(x.reinterpretAsLongs());
        return r.reinterpretAsLongs().or(odd).reinterpretAsDoubles()
                .blend(Double.NaN, x.lt(0).and(rounded.sub(ROUND).compare(VectorOperators.NE, y)));
    }

    private static DoubleVector powerSeries(DoubleVector s) {
        DoubleVector q = of(0.06456808836091125).fma(s, of(0.06642978717596676));
        q = step(q, s, 0.07692787398231016);
        q = step(q, s, 0.09090904123772271);
        q = step(q, s, 0.1111111113555117);
        q = step(q, s, 0.14285714285669254);
        return step(q, s, 0.20000000000000012);
    }

    /// e^(y (k ln 2 + high + low)).
    private static DoubleVector powerOf(DoubleVector y, DoubleVector k, DoubleVector high, DoubleVector low) {
        DoubleVector e = k.mul(LN2_HIGH);
        DoubleVector l = e.add(high);
        DoubleVector ll = high.sub(l.sub(e)).add(k.fma(of(LN2_LOW), low));
        DoubleVector z = y.mul(l);
        return exp(z.max(-746).min(710), y.fma(l, z.neg()).add(y.mul(ll)));
    }

    /// [#power] with a logarithm of a double's precision: enough for what is rounded to a float.
    static DoubleVector shortPower(DoubleVector x, DoubleVector y) {
        return sign(exp(log(x.abs()).mul(y)), x, y);
    }
}
