package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.gemm.Workspace;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Maxima of windows over planes of floats, with column strides of 1 and 2, and where they are.
///
/// Each row of a plane is first copied with its border of -infinity, for a stride of 2 as one row of its even and one
/// of its odd places. Then what neighbouring windows have at one of their places lies side by side.
final class VectorMaxPool {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> J = LongVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final IntVector IOTA = IntVector.zero(I).addIndex(1);
    private static final IntVector EVEN = IOTA.add(IOTA);
    private static final IntVector ODD = EVEN.add(1);
    private static final int NOWHERE = Integer.MIN_VALUE;
    private static final FloatVector ZERO = FloatVector.zero(S);

    private final ConvShape s;
    private final int step;
    /// Elements in a copied row.
    private final int width;
    /// For each column of a window, its distance in bytes from the window's first place in the copy of a row.
    private final long[] taps;

    private VectorMaxPool(ConvShape s) {
        this.s = s;
        step = s.stride()[2];
        int columns = s.kernel()[2];
        int reach = (columns - 1) * s.dilation()[2] / step;
        width = Math.max(s.out()[2], L) + reach;
        taps = new long[columns];
        for (int t = 0; t < columns; t++) {
            int column = t * s.dilation()[2];
            taps[t] = 4L * (column % step * width + column / step);
        }
    }

    /// Pooling, or null where it is none of two axes with a stride that is done here.
    static VectorMaxPool of(ConvShape s) {
        boolean flat = s.in()[0] == 1 && s.kernel()[0] == 1 && s.out()[0] == 1 && s.pad()[0] == 0;
        return VectorPool.AVAILABLE && flat && s.stride()[2] <= 2 ? new VectorMaxPool(s) : null;
    }

    /// Memory for a plane's copied rows, with -infinity in it: borders keep that, all else is written for each plane.
    /// Behind them is room for the results of less than a vector.
    long rows() {
        int n = s.in()[1] * step * width + L;
        long copy = Workspace.get().memory(Workspace.BORDERED, 4L * n + 12L * L);
        for (int i = 0; i < n; i++) {
            Mem.putFloat(copy + 4L * i, Float.NEGATIVE_INFINITY);
        }
        return copy;
    }

    /// One plane.
    ///
    /// @param copy what [#rows] gave this thread
    /// @param indices where the indices go as longs
    void plane(long copy, long x, long y, long indices) {
        int height = s.in()[1];
        int across = s.in()[2];
        long row = 4L * step * width;
        int wide = s.out()[2];
        int dilation = s.dilation()[1];
        int copied = 0;
        boolean finite = true;
        long few = copy + height * row + 4L * L;
        for (int o = 0; o < s.out()[1]; o++) {
            int top = o * s.stride()[1] - s.pad()[1];
            int first = top >= 0 ? 0 : (-top + dilation - 1) / dilation;
            int last = top >= height ? 0 : Math.min(s.kernel()[1], (height - top + dilation - 1) / dilation);
            // Rows are copied when they are first needed: then they are still in the nearest cache.
            for (int end = Math.min(height, top + (s.kernel()[1] - 1) * dilation + 1); copied < end; copied++) {
                finite &= copyRow(x + 4L * copied * across, copy + copied * row);
            }
            long from = copy + (top + (long) first * dilation) * row;
            int at = (top + first * dilation) * across;
            for (int next = 0; next < wide; next += L) {
                // The last vector takes some windows again rather than only a part of its lanes.
                int j = wide < L ? 0 : Math.min(next, wide - L);
                long values = wide < L ? few : y + 4L * (o * wide + j);
                long positions = wide < L ? few + 4L * L : indices + 8L * (o * wide + j);
                int column = j * step - s.pad()[2];
                int n = last - first;
                boolean lost;
                if (!finite || n <= 0) {
                    lost = windows(from + 4L * j, n, dilation * row, at + column, dilation * across, values, positions);
                } else if (taps.length == 3) {
                    lost = three(from + 4L * j, n, dilation * row, taps[1], taps[2], at + column, dilation * across,
                            s.dilation()[2], step, values, positions);
                } else {
                    lost = numbers(from + 4L * j, n, dilation * row, taps, at + column, dilation * across,
                            s.dilation()[2], step, values, positions);
                }
                if (lost) {
                    found(n, column, at, Math.min(L, wide), positions);
                }
            }
            if (wide < L) {
                Mem.copy(few, y + 4L * o * wide, 4L * wide);
                Mem.copy(few + 4L * L, indices + 8L * o * wide, 8L * wide);
            }
        }
    }

    /// Copies a row between its borders and says whether all it has is finite.
    private boolean copyRow(long x, long dst) {
        int n = s.in()[2];
        int pad = s.pad()[2];
        if (step == 1) {
            Mem.copy(x, dst + 4L * pad, 4L * Math.min(n, width - pad));
            return finite(x, n);
        }
        // Element x[2 k] lies in the row of those whose distance from the first place, 2 k + pad, is even or odd.
        long even = dst + 4L * ((pad & 1) * width + pad / 2);
        long odd = dst + 4L * ((1 - (pad & 1)) * width + (pad + 1) / 2);
        int evens = Math.min((n + 1) / 2, width - pad / 2);
        int odds = Math.min(n / 2, width - (pad + 1) / 2);
        int both = Math.min(evens, odds);
        boolean finite = both >= L ? split(x, both, even, odd) : splitFew(x, both, even, odd);
        for (int k = both; k < evens; k++) {
            finite &= put(x + 8L * k, even + 4L * k);
        }
        for (int k = both; k < odds; k++) {
            finite &= put(x + 8L * k + 4, odd + 4L * k);
        }
        return finite;
    }

    private static boolean put(long from, long to) {
        float v = Mem.getFloat(from);
        Mem.putFloat(to, v);
        return Float.isFinite(v);
    }

    private static boolean finite(long x, int n) {
        FloatVector sum = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - L; i += L) {
            sum = FloatVector.fromMemorySegment(S, ALL, x + 4L * i, ORDER).fma(ZERO, sum);
        }
        boolean finite = sum.compare(VectorOperators.EQ, ZERO).allTrue();
        for (; i < n; i++) {
            finite &= Float.isFinite(Mem.getFloat(x + 4L * i));
        }
        return finite;
    }

    /// At least a vector of pairs, ending with a vector that takes some again; zero times what is not finite is NaN.
    private static boolean split(long x, int n, long even, long odd) {
        FloatVector sum = FloatVector.zero(S);
        for (int next = 0; next < n; next += L) {
            int i = Math.min(next, n - L);
            IntVector low = IntVector.fromMemorySegment(I, ALL, x + 8L * i & Mem.MASK, ORDER);
            IntVector high = IntVector.fromMemorySegment(I, ALL, x + 8L * i + 4L * L & Mem.MASK, ORDER);
            sum = low.reinterpretAsFloats().fma(ZERO, sum);
            sum = high.reinterpretAsFloats().fma(ZERO, sum);
            EVEN.selectFrom(low, high).intoMemorySegment(ALL, even + 4L * i & Mem.MASK, ORDER);
            ODD.selectFrom(low, high).intoMemorySegment(ALL, odd + 4L * i & Mem.MASK, ORDER);
        }
        return sum.compare(VectorOperators.EQ, ZERO).allTrue();
    }

    private static boolean splitFew(long x, int n, long even, long odd) {
        IntVector low = IntVector.fromMemorySegment(I, ALL, x, ORDER, I.indexInRange(0, 2 * n));
        IntVector high = IntVector.fromMemorySegment(I, ALL, x + 4L * L, ORDER, I.indexInRange(L, 2 * n));
        VectorMask<Integer> m = I.indexInRange(0, n);
        EVEN.selectFrom(low, high).intoMemorySegment(ALL, even, ORDER, m);
        ODD.selectFrom(low, high).intoMemorySegment(ALL, odd, ORDER, m);
        FloatVector sum = high.reinterpretAsFloats().fma(ZERO, low.reinterpretAsFloats().mul(ZERO));
        return sum.compare(VectorOperators.EQ, ZERO).allTrue();
    }

    /// Windows side by side of three columns, all of whose elements are numbers.
    ///
    /// @param from the first place of the first window
    /// @param index the index of that place, which may lie outside
    /// @return whether there are windows with nothing but -infinity
    private static boolean three(long from, int rows, long rowStep, long tap1, long tap2, int index, int rowIndices,
            int dilation, int step, long y, long indices) {
        // Not constants: where a loop changes an object, it makes objects.
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, NOWHERE);
        for (int r = 0; r < rows; r++) {
            long row = from + r * rowStep;
            int i = index + r * rowIndices;
            FloatVector v = FloatVector.fromMemorySegment(S, ALL, row & Mem.MASK, ORDER);
            VectorMask<Float> better = v.compare(VectorOperators.GT, best);
            best = best.blend(v, better);
            where = where.blend(i, better.cast(I));
            v = FloatVector.fromMemorySegment(S, ALL, row + tap1 & Mem.MASK, ORDER);
            better = v.compare(VectorOperators.GT, best);
            best = best.blend(v, better);
            where = where.blend(i + dilation, better.cast(I));
            v = FloatVector.fromMemorySegment(S, ALL, row + tap2 & Mem.MASK, ORDER);
            better = v.compare(VectorOperators.GT, best);
            best = best.blend(v, better);
            where = where.blend(i + 2 * dilation, better.cast(I));
        }
        // Written out in each of these methods: a call would make objects of the vectors.
        best.intoMemorySegment(ALL, y & Mem.MASK, ORDER);
        IntVector at = where.add(step == 1 ? IOTA : EVEN);
        at.convertShape(VectorOperators.I2L, J, 0).intoMemorySegment(ALL, indices & Mem.MASK, ORDER);
        at.convertShape(VectorOperators.I2L, J, 1).intoMemorySegment(ALL, indices + 4L * L & Mem.MASK, ORDER);
        return where.compare(VectorOperators.EQ, NOWHERE).anyTrue();
    }

    /// As [#three] for any number of columns.
    private static boolean numbers(long from, int rows, long rowStep, long[] taps, int index, int rowIndices,
            int dilation, int step, long y, long indices) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, NOWHERE);
        for (int r = 0; r < rows; r++) {
            long row = from + r * rowStep;
            int i = index + r * rowIndices;
            for (int t = 0; t < taps.length; t++, i += dilation) {
                FloatVector v = FloatVector.fromMemorySegment(S, ALL, row + taps[t] & Mem.MASK, ORDER);
                VectorMask<Float> better = v.compare(VectorOperators.GT, best);
                best = best.blend(v, better);
                where = where.blend(i, better.cast(I));
            }
        }
        // Written out in each of these methods: a call would make objects of the vectors.
        best.intoMemorySegment(ALL, y & Mem.MASK, ORDER);
        IntVector at = where.add(step == 1 ? IOTA : EVEN);
        at.convertShape(VectorOperators.I2L, J, 0).intoMemorySegment(ALL, indices & Mem.MASK, ORDER);
        at.convertShape(VectorOperators.I2L, J, 1).intoMemorySegment(ALL, indices + 4L * L & Mem.MASK, ORDER);
        return where.compare(VectorOperators.EQ, NOWHERE).anyTrue();
    }

    /// As [#three], with NaN and infinities.
    private boolean windows(long from, int rows, long rowStep, int index, int rowIndices, long y, long indices) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, NOWHERE);
        for (int r = 0; r < rows; r++) {
            long row = from + r * rowStep;
            int i = index + r * rowIndices;
            for (int t = 0; t < taps.length; t++, i += s.dilation()[2]) {
                FloatVector v = FloatVector.fromMemorySegment(S, ALL, row + taps[t] & Mem.MASK, ORDER);
                // Larger, or the first that is no number.
                VectorMask<Float> better = v.compare(VectorOperators.LE, best).not()
                        .and(best.compare(VectorOperators.EQ, best));
                best = best.blend(v, better);
                where = where.blend(i, better.cast(I));
            }
        }
        // Written out in each of these methods: a call would make objects of the vectors.
        best.intoMemorySegment(ALL, y & Mem.MASK, ORDER);
        IntVector at = where.add(step == 1 ? IOTA : EVEN);
        at.convertShape(VectorOperators.I2L, J, 0).intoMemorySegment(ALL, indices & Mem.MASK, ORDER);
        at.convertShape(VectorOperators.I2L, J, 1).intoMemorySegment(ALL, indices + 4L * L & Mem.MASK, ORDER);
        return where.compare(VectorOperators.EQ, NOWHERE).anyTrue();
    }

    /// Windows of nothing but -infinity: the first place inside counts.
    private void found(int rows, int column, int at, int n, long indices) {
        for (int i = 0; i < n; i++) {
            if (Mem.getLong(indices + 8L * i) >= 0) {
                continue;
            }
            long index = -1;
            for (int t = taps.length - 1; rows > 0 && t >= 0; t--) {
                int place = column + i * step + t * s.dilation()[2];
                index = place >= 0 && place < s.in()[2] ? at + place : index;
            }
            Mem.putLong(indices + 8L * i, index);
        }
    }
}
