package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType.Kind;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Reductions of blocks, a vector at a time.
final class VectorReductions extends Reductions {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final int L = F.length();
    private static final int H = D.length();
    /// Floats that are summed before their sum goes on in double precision.
    private static final int PART = 1024;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    @Override
    public double sum(Kind kind, long x, int n) {
        if (kind == Kind.F64) {
            return n < 4 * H ? super.sum(kind, x, n) : doubles(x, n);
        }
        int whole = n & -4 * L;
        double s = whole == 0 ? 0 : floats(x, whole);
        for (int i = whole; i < n; i++) {
            s += Mem.getFloat(x + 4L * i);
        }
        return s;
    }

    /// The sum of a multiple of four vectors, each lane of which goes on in double precision after [#PART] elements.
    private static double floats(long x, int n) {
        DoubleVector low = DoubleVector.zero(D);
        DoubleVector high = low;
        for (int from = 0; from < n; from += PART) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (int i = from, to = Math.min(n, from + PART); i < to; i += 4 * L) {
                long p = x + 4L * i & Mem.MASK;
                a = a.add(FloatVector.fromMemorySegment(F, ALL, p, ORDER));
                b = b.add(FloatVector.fromMemorySegment(F, ALL, p + 4L * L, ORDER));
                c = c.add(FloatVector.fromMemorySegment(F, ALL, p + 8L * L, ORDER));
                d = d.add(FloatVector.fromMemorySegment(F, ALL, p + 12L * L, ORDER));
            }
            FloatVector part = a.add(b).add(c.add(d));
            low = low.add(part.convertShape(VectorOperators.F2D, D, 0));
            high = high.add(part.convertShape(VectorOperators.F2D, D, 1));
        }
        return Lanes.sum(low.add(high));
    }

    /// Each lane is a compensated sum of its own.
    private static double doubles(long x, int n) {
        DoubleVector s = DoubleVector.zero(D);
        DoubleVector lost = s;
        int i = 0;
        for (; i <= n - H; i += H) {
            DoubleVector v = DoubleVector.fromMemorySegment(D, ALL, x + 8L * i, ORDER);
            DoubleVector t = s.add(v);
            DoubleVector back = t.sub(s);
            lost = lost.add(s.sub(t.sub(back)).add(v.sub(back)));
            s = t;
        }
        double sum = Lanes.sum(s);
        double rest = 0;
        for (; i < n; i++) {
            rest += Mem.getDouble(x + 8L * i);
        }
        double correction = Lanes.sum(lost);
        return sum + rest + (Double.isNaN(correction) ? 0 : correction);
    }

    @Override
    public double extreme(Kind kind, long x, int n, boolean max) {
        if (kind == Kind.F32 && n >= L) {
            return max ? largest(x, n) : smallest(x, n);
        }
        return super.extreme(kind, x, n, max);
    }

    private static double largest(long x, int n) {
        FloatVector a = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            a = a.max(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
            b = b.max(FloatVector.fromMemorySegment(F, ALL, x + 4L * (i + L), ORDER));
        }
        // The last vector may take some elements again, which does not matter.
        a = a.max(FloatVector.fromMemorySegment(F, ALL, x + 4L * (n - L), ORDER));
        if (i <= n - L) {
            b = b.max(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
        }
        return a.max(b).reduceLanes(VectorOperators.MAX);
    }

    private static double smallest(long x, int n) {
        FloatVector a = FloatVector.broadcast(F, Float.POSITIVE_INFINITY);
        FloatVector b = a;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            a = a.min(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
            b = b.min(FloatVector.fromMemorySegment(F, ALL, x + 4L * (i + L), ORDER));
        }
        a = a.min(FloatVector.fromMemorySegment(F, ALL, x + 4L * (n - L), ORDER));
        if (i <= n - L) {
            b = b.min(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
        }
        return a.min(b).reduceLanes(VectorOperators.MIN);
    }

    @Override
    public int find(Kind kind, long x, int n, double wanted) {
        if (kind != Kind.F32 || Double.isNaN(wanted)) {
            return super.find(kind, x, n, wanted);
        }
        FloatVector w = FloatVector.broadcast(F, (float) wanted);
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> m = FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER).eq(w);
            if (m.anyTrue()) {
                return i + m.firstTrue();
            }
        }
        int rest = super.find(kind, x + 4L * i, n - i, wanted);
        return rest < 0 ? -1 : i + rest;
    }

    @Override
    public int beyond(long x, int from, int n, float bound, boolean above) {
        int i = above ? above(x, from, n, bound) : below(x, from, n, bound);
        return i < n ? super.beyond(x, i, n, bound, above) : n;
    }

    /// The first four vectors with such an element, or where less than four are left.
    private static int above(long x, int from, int n, float bound) {
        FloatVector b = FloatVector.broadcast(F, bound);
        int i = from;
        for (; i <= n - 4 * L; i += 4 * L) {
            long p = x + 4L * i & Mem.MASK;
            // NaN is not at most the bound either.
            VectorMask<Float> within = FloatVector.fromMemorySegment(F, ALL, p, ORDER).compare(VectorOperators.LE, b)
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 4L * L, ORDER).compare(VectorOperators.LE, b))
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 8L * L, ORDER).compare(VectorOperators.LE, b))
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 12L * L, ORDER).compare(VectorOperators.LE, b));
            if (!within.allTrue()) {
                return i;
            }
        }
        return i;
    }

    private static int below(long x, int from, int n, float bound) {
        FloatVector b = FloatVector.broadcast(F, bound);
        int i = from;
        for (; i <= n - 4 * L; i += 4 * L) {
            long p = x + 4L * i & Mem.MASK;
            VectorMask<Float> within = FloatVector.fromMemorySegment(F, ALL, p, ORDER).compare(VectorOperators.GE, b)
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 4L * L, ORDER).compare(VectorOperators.GE, b))
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 8L * L, ORDER).compare(VectorOperators.GE, b))
                    .and(FloatVector.fromMemorySegment(F, ALL, p + 12L * L, ORDER).compare(VectorOperators.GE, b));
            if (!within.allTrue()) {
                return i;
            }
        }
        return i;
    }
}
