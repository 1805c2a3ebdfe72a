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
        double s = 0;
        for (int i = 0; i < n; i += PART) {
            s += floats(x + 4L * i, Math.min(PART, n - i));
        }
        return s;
    }

    private static double floats(long x, int n) {
        int i = 0;
        double rest = 0;
        if (n >= L) {
            FloatVector a = FloatVector.zero(F);
            FloatVector b = a;
            FloatVector c = a;
            FloatVector d = a;
            for (; i <= n - 4 * L; i += 4 * L) {
                a = a.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
                b = b.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * (i + L), ORDER));
                c = c.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * (i + 2 * L), ORDER));
                d = d.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * (i + 3 * L), ORDER));
            }
            for (; i <= n - L; i += L) {
                a = a.add(FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER));
            }
            rest = Lanes.sum(a.add(b).add(c.add(d)));
        }
        for (; i < n; i++) {
            rest += Mem.getFloat(x + 4L * i);
        }
        return rest;
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
}
