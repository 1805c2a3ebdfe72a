package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Powers of e and their sum in one pass over a row of floats. Sums are taken in vectors over at most [#PART] elements
/// and in double precision beyond them.
public final class VectorSoftmax {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final int PART = 1024;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorSoftmax() {}

    /// The largest element but for NaN, which the powers then show. The comparison and choice are two instructions; the
    /// maximum that keeps NaN is six.
    public static float largest(long x, int n) {
        int whole = n & -L;
        float most = whole == 0 ? Float.NEGATIVE_INFINITY : largestOfVectors(x, whole);
        for (int i = whole; i < n; i++) {
            float v = Mem.getFloat(x + 4L * i);
            most = v > most ? v : most;
        }
        return most;
    }

    private static float largestOfVectors(long x, int n) {
        FloatVector a = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector b = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector c = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector d = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            long p = x + 4L * i & Mem.MASK;
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, p, ORDER);
            a = a.blend(v, v.compare(VectorOperators.GT, a));
            v = FloatVector.fromMemorySegment(S, ALL, p + 4L * L, ORDER);
            b = b.blend(v, v.compare(VectorOperators.GT, b));
            v = FloatVector.fromMemorySegment(S, ALL, p + 8L * L, ORDER);
            c = c.blend(v, v.compare(VectorOperators.GT, c));
            v = FloatVector.fromMemorySegment(S, ALL, p + 12L * L, ORDER);
            d = d.blend(v, v.compare(VectorOperators.GT, d));
        }
        for (; i < n; i += L) {
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, x + 4L * i & Mem.MASK, ORDER);
            a = a.blend(v, v.compare(VectorOperators.GT, a));
        }
        return a.max(b).max(c.max(d)).reduceLanes(VectorOperators.MAX);
    }

    /// Writes `e^(x - shift)` to `y` and returns its sum; no `x - shift` is above 88, powers below 2^-126 count as 0.
    public static double powers(long x, float shift, long y, long n) {
        double sum = 0;
        for (long i = 0; i < n; i += PART) {
            int m = (int) Math.min(PART, n - i);
            int whole = m & -L;
            sum += powersOfPart(x + 4 * i, shift, y + 4 * i, whole);
            if (whole < m) {
                long t = padded(x + 4 * (i + whole), m - whole);
                sum += powersOfPart(t, shift, t, L);
                Mem.copy(t, y + 4 * (i + whole), 4L * (m - whole));
            }
        }
        return sum;
    }

    /// The sum of `e^(x - shift)`, as [#powers] has it.
    public static double sum(long x, float shift, long n) {
        double sum = 0;
        for (long i = 0; i < n; i += PART) {
            int m = (int) Math.min(PART, n - i);
            int whole = m & -L;
            sum += sumOfPart(x + 4 * i, shift, whole);
            if (whole < m) {
                sum += sumOfPart(padded(x + 4 * (i + whole), m - whole), shift, L);
            }
        }
        return sum;
    }

    /// A vector whose last elements have the power 0.
    private static long padded(long x, int n) {
        long t = Scratch.address();
        Mem.copy(x, t, 4L * n);
        for (int i = n; i < L; i++) {
            Mem.putFloat(t + 4L * i, Float.NEGATIVE_INFINITY);
        }
        return t;
    }

    private static double powersOfPart(long x, float shift, long y, int n) {
        FloatVector m = FloatVector.broadcast(S, shift);
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            FloatVector e = FloatFunctions.expOfAtMost(FloatVector.fromMemorySegment(S, ALL, x + 4L * i, ORDER).sub(m));
            e.intoMemorySegment(ALL, y + 4L * i, ORDER);
            sum = sum.add(e);
        }
        return Lanes.sum(sum);
    }

    private static double sumOfPart(long x, float shift, int n) {
        FloatVector m = FloatVector.broadcast(S, shift);
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            sum = sum.add(FloatFunctions.expOfAtMost(FloatVector.fromMemorySegment(S, ALL, x + 4L * i, ORDER).sub(m)));
        }
        return Lanes.sum(sum);
    }
}
