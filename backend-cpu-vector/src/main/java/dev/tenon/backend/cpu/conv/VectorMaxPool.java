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

    /// One plane.
    ///
    /// @param indices where the indices go as longs
    void plane(long x, long y, long indices) {
        int height = s.in()[1];
        int across = s.in()[2];
        long row = 4L * step * width;
        long copy = Workspace.get().memory(Workspace.BORDERED, height * row + 4L * L);
        for (int i = 0; i < height; i++) {
            for (int f = 0; f < step; f++) {
                copyRow(x + 4L * i * across, across, f - s.pad()[2], copy + i * row + 4L * f * width);
            }
        }
        int wide = s.out()[2];
        for (int o = 0; o < s.out()[1]; o++) {
            int top = o * s.stride()[1] - s.pad()[1];
            int dilation = s.dilation()[1];
            int first = top >= 0 ? 0 : (-top + dilation - 1) / dilation;
            int last = top >= height ? 0 : Math.min(s.kernel()[1], (height - top + dilation - 1) / dilation);
            long from = copy + (top + (long) first * dilation) * row;
            int at = (top + first * dilation) * across;
            for (int next = 0; next < wide; next += L) {
                // The last vector takes some windows again rather than only a part of its lanes.
                int j = wide < L ? 0 : Math.min(next, wide - L);
                windows(from + 4L * j, last - first, dilation * row, j * step - s.pad()[2], at, dilation * across,
                        Math.min(L, wide - j), y + 4L * (o * wide + j),
                        indices + 8L * (o * wide + j));
            }
        }
    }

    /// A row's elements number `shift`, `shift + step` and so on, -infinity where there are none.
    private void copyRow(long x, int n, int shift, long dst) {
        int lo = shift >= 0 ? 0 : (-shift + step - 1) / step;
        int hi = Math.max(lo, Math.min(width, (n - shift + step - 1) / step));
        for (int i = 0; i < lo; i++) {
            Mem.putFloat(dst + 4L * i, Float.NEGATIVE_INFINITY);
        }
        for (int i = hi; i < width; i++) {
            Mem.putFloat(dst + 4L * i, Float.NEGATIVE_INFINITY);
        }
        long from = x + 4L * (lo * step + shift);
        if (step == 1) {
            Mem.copy(from, dst + 4L * lo, 4L * (hi - lo));
        } else {
            everySecond(from, hi - lo, dst + 4L * lo);
        }
    }

    private static void everySecond(long x, int n, long dst) {
        int i = 0;
        if (n > L) {
            for (; i < n - L; i += L) {
                IntVector low = IntVector.fromMemorySegment(I, ALL, x + 8L * i, ORDER);
                IntVector high = IntVector.fromMemorySegment(I, ALL, x + 8L * i + 4L * L, ORDER);
                EVEN.selectFrom(low, high).intoMemorySegment(ALL, dst + 4L * i, ORDER);
            }
            // The last, ending with the last element so that nothing behind it is read.
            long end = x + 8L * (n - L) - 4;
            IntVector low = IntVector.fromMemorySegment(I, ALL, end, ORDER);
            IntVector high = IntVector.fromMemorySegment(I, ALL, end + 4L * L, ORDER);
            ODD.selectFrom(low, high).intoMemorySegment(ALL, dst + 4L * (n - L), ORDER);
            return;
        }
        for (; i < n; i++) {
            Mem.putFloat(dst + 4L * i, Mem.getFloat(x + 8L * i));
        }
    }

    /// Some windows side by side.
    ///
    /// @param from the first place of the first window
    /// @param column that place's column, which may lie outside
    /// @param at the index of its row's first element
    private void windows(long from, int rows, long rowStep, int column, int at, int rowIndices, int n, long y,
            long indices) {
        FloatVector best = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(I, NOWHERE);
        int dilation = s.dilation()[2];
        for (int r = 0; r < rows; r++) {
            int index = at + column + r * rowIndices;
            long row = from + r * rowStep;
            for (int t = 0; t < taps.length; t++, index += dilation) {
                FloatVector v = FloatVector.fromMemorySegment(S, ALL, row + taps[t] & Mem.MASK, ORDER);
                // Larger, or the first that is no number.
                VectorMask<Float> better = v.compare(VectorOperators.LE, best).not()
                        .and(best.compare(VectorOperators.EQ, best));
                best = best.blend(v, better);
                where = where.blend(index, better.cast(I));
            }
        }
        boolean lost = where.compare(VectorOperators.EQ, NOWHERE).anyTrue();
        where = where.add(step == 1 ? IOTA : EVEN);
        LongVector low = (LongVector) where.convertShape(VectorOperators.I2L, J, 0);
        LongVector high = (LongVector) where.convertShape(VectorOperators.I2L, J, 1);
        if (n == L) {
            best.intoMemorySegment(ALL, y, ORDER);
            low.intoMemorySegment(ALL, indices, ORDER);
            high.intoMemorySegment(ALL, indices + 4L * L, ORDER);
        } else {
            best.intoMemorySegment(ALL, y, ORDER, S.indexInRange(0, n));
            low.intoMemorySegment(ALL, indices, ORDER, J.indexInRange(0, n));
            high.intoMemorySegment(ALL, indices + 4L * L, ORDER, J.indexInRange(L / 2, n));
        }
        if (lost) {
            found(rows, column, at, n, indices);
        }
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
