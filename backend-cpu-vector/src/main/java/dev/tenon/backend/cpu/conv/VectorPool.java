package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Pooling of floats with strides 1 and 2, a vector of neighbouring outputs at a time, where all of a window's
/// columns are inside.
final class VectorPool {

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> J = LongVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final IntVector IOTA = IntVector.zero(I).addIndex(1);
    /// Every second lane of a pair of vectors.
    private static final IntVector EVEN = IOTA.add(IOTA);

    /// Needs masked loads that do not touch what is masked off, and selection from two vectors in one instruction.
    static final boolean AVAILABLE = System.getProperty("os.arch").equals("amd64") && L == 16;

    private VectorPool() {}

    /// Maxima of `n` windows side by side.
    ///
    /// @param x the address of the first element of the first window
    /// @param stride columns from window to window, 1 or 2
    /// @param rows rows of a window, `rowStep` bytes and `rowIndices` elements apart
    /// @param taps elements in a row, `tapStep` bytes and `tapIndices` elements apart
    /// @param at the first element's index in its plane
    /// @param y where the maxima go
    /// @param indices where their indices go as longs, or 0
    static void max(
            long x, int stride, int rows, long rowStep, int taps, long tapStep, int at, int rowIndices,
                    int tapIndices, int n, long y,
            long indices) {
        for (int i = 0; i < n; i += L) {
            int len = Math.min(L, n - i);
            long from = x + 4L * i * stride;
            long to = indices == 0 ? 0 : indices + 8L * i;
            VectorMask<Float> m = S.indexInRange(0, len);
            if (stride == 1) {
                max1(from, rows, rowStep, taps, tapStep, at + i, rowIndices, tapIndices, m, y + 4L * i, to, len);
            } else {
                VectorMask<Integer> low = I.indexInRange(0, 2 * len - 1);
                VectorMask<Integer> high = I.indexInRange(L, 2 * len - 1);
                max2(from, rows, rowStep, taps, tapStep, at + 2 * i, rowIndices, tapIndices, m, low, high, y
                        + 4L * i, to, len);
            }
        }
    }

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

    /// Where a value takes the place of the best so far: larger, or the first NaN.
    private static VectorMask<Float> better(FloatVector v, FloatVector best) {
        VectorMask<Float> firstNaN = v.test(VectorOperators.IS_NAN).andNot(best.test(VectorOperators.IS_NAN));
        return v.compare(VectorOperators.GT, best).or(firstNaN);
    }

    private static void max1(
            long x, int rows, long rowStep, int taps, long tapStep, int at, int rowIndices, int tapIndices,
                    VectorMask<Float> m, long y, long indices,
            int len) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, at);
        for (int r = 0; r < rows; r++) {
            long q = x + r * rowStep;
            int index = at + r * rowIndices;
            for (int t = 0; t < taps; t++, q += tapStep, index += tapIndices) {
                FloatVector v = FloatVector.fromMemorySegment(S, ALL, q, ORDER, m);
                VectorMask<Float> better = better(v, best);
                best = best.blend(v, better);
                where = where.blend(index, better.cast(I));
            }
        }
        best.intoMemorySegment(ALL, y, ORDER, m);
        if (indices != 0) {
            storeIndices(where.add(IOTA), indices, len);
        }
    }

    private static void max2(
            long x, int rows, long rowStep, int taps, long tapStep, int at, int rowIndices, int tapIndices,
                    VectorMask<Float> m, VectorMask<Integer> low, VectorMask<Integer> high, long y, long indices,
            int len) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, at);
        for (int r = 0; r < rows; r++) {
            long q = x + r * rowStep;
            int index = at + r * rowIndices;
            for (int t = 0; t < taps; t++, q += tapStep, index += tapIndices) {
                IntVector lo = IntVector.fromMemorySegment(I, ALL, q, ORDER, low);
                IntVector hi = IntVector.fromMemorySegment(I, ALL, q + 4L * L, ORDER, high);
                FloatVector v = EVEN.selectFrom(lo, hi).reinterpretAsFloats();
                VectorMask<Float> better = better(v, best);
                best = best.blend(v, better);
                where = where.blend(index, better.cast(I));
            }
        }
        best.intoMemorySegment(ALL, y, ORDER, m);
        if (indices != 0) {
            storeIndices(where.add(IOTA.add(IOTA)), indices, len);
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

    private static void storeIndices(IntVector where, long to, int len) {
        LongVector first = (LongVector) where.convertShape(VectorOperators.I2L, J, 0);
        LongVector second = (LongVector) where.convertShape(VectorOperators.I2L, J, 1);
        first.intoMemorySegment(ALL, to, ORDER, J.indexInRange(0, len));
        second.intoMemorySegment(ALL, to + 4L * L, ORDER, J.indexInRange(L / 2, len));
    }
}
