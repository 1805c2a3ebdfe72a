package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
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

    /// Writes `e^(x - shift)` to `y` and returns its sum.
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

    /// The sum of `e^(x - shift)`.
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
            FloatVector e = FloatFunctions.exp(FloatVector.fromMemorySegment(S, ALL, x + 4L * i, ORDER).sub(m));
            e.intoMemorySegment(ALL, y + 4L * i, ORDER);
            sum = sum.add(e);
        }
        return Lanes.sum(sum);
    }

    private static double sumOfPart(long x, float shift, int n) {
        FloatVector m = FloatVector.broadcast(S, shift);
        FloatVector sum = FloatVector.zero(S);
        for (int i = 0; i < n; i += L) {
            sum = sum.add(FloatFunctions.exp(FloatVector.fromMemorySegment(S, ALL, x + 4L * i, ORDER).sub(m)));
        }
        return Lanes.sum(sum);
    }
}
