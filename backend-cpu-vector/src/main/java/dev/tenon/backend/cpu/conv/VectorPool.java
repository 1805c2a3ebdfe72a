package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Pooling of floats with strides 1 and 2, a vector of neighbouring outputs at a time, where all of a window's
/// columns are inside.
final class VectorPool {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final IntVector IOTA = IntVector.zero(I).addIndex(1);
    /// Every second lane of a pair of vectors.
    private static final IntVector EVEN = IOTA.add(IOTA);

    /// Needs masked loads that do not touch what is masked off, and selection from two vectors in one instruction.
    static final boolean AVAILABLE = System.getProperty("os.arch").equals("amd64") && L == 16;

    private VectorPool() {}

    /// Sums of `n` windows side by side, times `scale`; the parameters are those of [#max].
    static void sum(long x, int stride, int rows, long rowStep, int taps, long tapStep, float scale, int n, long y) {
        for (int i = 0; i < n; i += L) {
            int len = Math.min(L, n - i);
            long from = x + 4L * i * stride;
            VectorMask<Float> m = S.indexInRange(0, len);
            if (stride == 1) {
                sum1(from, rows, rowStep, taps, tapStep, scale, m, y + 4L * i);
            } else {
                VectorMask<Integer> low = I.indexInRange(0, 2 * len - 1);
                VectorMask<Integer> high = I.indexInRange(L, 2 * len - 1);
                sum2(from, rows, rowStep, taps, tapStep, scale, m, low, high, y + 4L * i);
            }
        }
    }

    private static void sum1(
            long x, int rows, long rowStep, int taps, long tapStep, float scale, VectorMask<Float> m, long y) {
        FloatVector sum = FloatVector.zero(S);
        for (int r = 0; r < rows; r++) {
            long q = x + r * rowStep;
            for (int t = 0; t < taps; t++, q += tapStep) {
                FloatVector v = FloatVector.fromMemorySegment(S, ALL, q, ORDER, m);
                sum = sum.add(v);
            }
        }
        sum.mul(scale).intoMemorySegment(ALL, y, ORDER, m);
    }

    private static void sum2(
            long x, int rows, long rowStep, int taps, long tapStep, float scale, VectorMask<Float> m,
                    VectorMask<Integer> low, VectorMask<Integer> high, long y) {
        FloatVector sum = FloatVector.zero(S);
        for (int r = 0; r < rows; r++) {
            long q = x + r * rowStep;
            for (int t = 0; t < taps; t++, q += tapStep) {
                IntVector lo = IntVector.fromMemorySegment(I, ALL, q, ORDER, low);
                IntVector hi = IntVector.fromMemorySegment(I, ALL, q + 4L * L, ORDER, high);
                FloatVector v = EVEN.selectFrom(lo, hi).reinterpretAsFloats();
                sum = sum.add(v);
            }
        }
        sum.mul(scale).intoMemorySegment(ALL, y, ORDER, m);
    }
}
