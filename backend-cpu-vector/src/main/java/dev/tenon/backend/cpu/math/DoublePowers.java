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

import dev.tenon.backend.cpu.Mem;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Powers of vectors of doubles, made as the functions of [DoubleFunctions] are.
final class DoublePowers {
    private static final VectorSpecies<Double> S = DoubleFunctions.S;
    private static final DoubleVector INFINITY = of(Double.POSITIVE_INFINITY);
    private static final DoubleVector MOST = of(1e300);
    private static final DoubleVector LEAST = of(1e-300);
    private static final DoubleVector WHOLE = of(0x1p51);
    private static final DoubleVector ONE = of(1);
    private static final DoubleVector THIRD = of(1.0 / 3);
    private static final DoubleVector THIRD_LOW = of(1.850371707708594e-17);
    private static final DoubleVector ZERO = of(0);
    private static final DoubleVector NAN = of(Double.NaN);
    private static final DoubleVector POWER_0 = of(0.06456808836091125);
    private static final DoubleVector POWER_1 = of(0.06642978717596676);
    private static final DoubleVector POWER_2 = of(0.07692787398231016);
    private static final DoubleVector POWER_3 = of(0.09090904123772271);
    private static final DoubleVector POWER_4 = of(0.1111111113555117);
    private static final DoubleVector POWER_5 = of(0.14285714285669254);
    private static final DoubleVector POWER_6 = of(0.20000000000000012);
    private static final DoubleVector EXP_LEAST = of(-746);
    private static final DoubleVector EXP_MOST = of(711);

    private static final MethodHandle[] LOOPS =
            Loops.binary(MethodHandles.lookup(), "quotients", "logarithms", "exponentials", "signs");
    private static final MethodHandle[] SHORT =
            Loops.binary(MethodHandles.lookup(), "products", "shortExponentials", "signs");

    private DoublePowers() {}

    /// Which lanes are for the scalar function: zeros, subnormals, infinities, NaN, and results near the ends of the
    /// range or beyond.
    private static VectorMask<Double> extreme(DoubleVector x, DoubleVector y, DoubleVector power) {
        DoubleVector a = x.abs();
        DoubleVector p = power.abs();
        VectorMask<Double> normal = a.compare(VectorOperators.GE, NORMAL).and(a.lt(INFINITY));
        VectorMask<Double> inside = p.compare(VectorOperators.GT, LEAST).and(p.lt(MOST));
        return normal.and(inside).and(y.abs().lt(WHOLE)).not();
    }

    /// The same of one lane.
    static boolean extreme(double x, double y, double power) {
        double a = Math.abs(x);
        double p = Math.abs(power);
        return !(a >= Double.MIN_NORMAL && a < Double.POSITIVE_INFINITY && p > 1e-300 && p < 1e300
                && Math.abs(y) < 0x1p51);
    }

    /// Two vectors that are the parts of one number each.
    private static void store(DoubleVector high, DoubleVector low, long z, long zl) {
        high.intoMemorySegment(Mem.ALL, z, ByteOrder.nativeOrder());
        low.intoMemorySegment(Mem.ALL, zl, ByteOrder.nativeOrder());
    }

    private static DoubleVector load(long at) {
        return DoubleVector.fromMemorySegment(S, Mem.ALL, at, ByteOrder.nativeOrder());
    }

    // Each of the loops does as much as the compiler keeps in registers. n is rounded up to whole vectors.

    /// The mantissa m of |x| as f = (m - 1) / (m + 1) = z + low.
    static boolean quotients(long x, long y, long z, long low, int n) {
        for (int i = 0; i < n; i += S.length()) {
            DoubleVector m = mantissa(shifted(load(x + 8L * i).abs()));
            DoubleVector d = m.add(ONE);
            DoubleVector f = m.sub(ONE).div(d);
            DoubleVector fl = f.neg().fma(m.sub(d.sub(ONE)), f.neg().fma(d, m.sub(ONE))).div(d);
            store(f, fl, z + 8L * i, low + 8L * i);
        }
        return true;
    }

    /// ln |x| as z + low, from f, with twice a double's precision: ln m = 2 f (1 + f²/3 + ...).
    static boolean logarithms(long x, long y, long z, long low, int n) {
        for (int i = 0; i < n; i += S.length()) {
            DoubleVector f = load(z + 8L * i);
            DoubleVector fl = load(low + 8L * i);
            DoubleVector s = f.mul(f);
            DoubleVector sl = f.fma(f, s.neg()).add(f.add(f).mul(fl));
            DoubleVector third = s.mul(THIRD);
            DoubleVector rest = s.fma(THIRD, third.neg()).add(s.fma(THIRD_LOW, sl.mul(THIRD)));
            rest = s.mul(s).fma(series(s), rest);
            DoubleVector g = f.add(f);
            DoubleVector p = g.mul(third);
            DoubleVector pl = g.fma(third, p.neg()).add(g.mul(rest));
            DoubleVector h = g.add(p);
            DoubleVector hl = p.sub(h.sub(g)).add(pl).add(fl.add(fl).mul(third.add(ONE)));
            DoubleVector k = binaryExponent(shifted(load(x + 8L * i).abs()));
            DoubleVector e = k.mul(LN2_HIGH);
            DoubleVector l = e.add(h);
            store(l, h.sub(l.sub(e)).add(k.fma(LN2_LOW, hl)), z + 8L * i, low + 8L * i);
        }
        return true;
    }

    private static DoubleVector series(DoubleVector s) {
        DoubleVector q = POWER_0.fma(s, POWER_1);
        q = q.fma(s, POWER_2);
        q = q.fma(s, POWER_3);
        q = q.fma(s, POWER_4);
        q = q.fma(s, POWER_5);
        return q.fma(s, POWER_6);
    }

    /// z = e^(y (z + low)).
    static boolean exponentials(long x, long y, long z, long low, int n) {
        for (int i = 0; i < n; i += S.length()) {
            DoubleVector l = load(z + 8L * i);
            DoubleVector b = load(y + 8L * i);
            DoubleVector p = b.mul(l);
            DoubleVector pl = b.fma(l, p.neg()).add(b.mul(load(low + 8L * i)));
            exp(p.max(EXP_LEAST).min(EXP_MOST), pl)
                    .intoMemorySegment(Mem.ALL, z + 8L * i, ByteOrder.nativeOrder());
        }
        return true;
    }

    /// Gives z, which is |x|^y, the sign of x^y; NaN for a negative x unless y is whole.
    ///
    /// @return whether all lanes were ordinary; otherwise some of z are wrong
    static boolean signs(long x, long y, long z, long low, int n) {
        VectorMask<Double> extreme = S.maskAll(false);
        for (int i = 0; i < n; i += S.length()) {
            DoubleVector a = load(x + 8L * i);
            DoubleVector b = load(y + 8L * i);
            DoubleVector r = load(z + 8L * i);
            extreme = extreme.or(extreme(a, b, r));
            DoubleVector rounded = b.add(ROUND);
            LongVector odd = rounded.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 63)
                    .and(a.reinterpretAsLongs());
            r.reinterpretAsLongs().or(odd).reinterpretAsDoubles()
                    .blend(NAN, a.lt(ZERO).and(rounded.sub(ROUND).compare(VectorOperators.NE, b)))
                    .intoMemorySegment(Mem.ALL, z + 8L * i, ByteOrder.nativeOrder());
        }
        return !extreme.anyTrue();
    }

    /// z = y ln |x|, for what were floats.
    static boolean products(long x, long y, long z, long low, int n) {
        for (int i = 0; i < n; i += S.length()) {
            log(load(x + 8L * i).abs()).mul(load(y + 8L * i))
                    .intoMemorySegment(Mem.ALL, z + 8L * i, ByteOrder.nativeOrder());
        }
        return true;
    }

    /// z = e^z.
    static boolean shortExponentials(long x, long y, long z, long low, int n) {
        for (int i = 0; i < n; i += S.length()) {
            exp(load(z + 8L * i)).intoMemorySegment(Mem.ALL, z + 8L * i, ByteOrder.nativeOrder());
        }
        return true;
    }

    /// z = x^y for n numbers and as many more as make whole vectors.
    ///
    /// @param floats whether a float's precision is enough
    static void power(long x, long y, long z, long low, int n, boolean floats) {
        boolean ordinary = true;
        for (MethodHandle loop : floats ? SHORT : LOOPS) {
            ordinary = Loops.run(loop, x, y, z, low, n);
        }
        for (int i = 0; i < n && !ordinary; i++) {
            double u = Mem.getDouble(x + 8L * i);
            double v = Mem.getDouble(y + 8L * i);
            if (extreme(u, v, Mem.getDouble(z + 8L * i))) {
                Mem.putDouble(z + 8L * i, BinaryFn.POW.apply(u, v));
            }
        }
    }
}
