package dev.tenon.backend.cpu.gemm;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Weighted sums of shifted rows of doubles, and the sums of products that are the gradient of their weights.
///
/// Four rows are made at a time, a vector of each, so that a weight is read once for four multiplications. A window of
/// 3 x 3 over neighbouring rows has its nine weights in registers and reads each row of the input once for up to three
/// rows of the result. Where rows end within a vector the last one begins earlier and computes some points again.
final class StencilsF64 {
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final long V = 8L * L;
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfDouble ELEMENT = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private static final VectorShuffle<Double> EVEN = VectorShuffle.fromOp(S, i -> 2 * i % L);
    private static final VectorShuffle<Double> ODD = VectorShuffle.fromOp(S, i -> 2 * i % L + 1);
    private static final VectorMask<Double> HIGH = S.indexInRange(-L / 2, L / 2);

    private static final VectorShuffle<Double> LOW_TWICE = VectorShuffle.fromOp(S, i -> i / 2);
    private static final VectorShuffle<Double> HIGH_TWICE = VectorShuffle.fromOp(S, i -> L / 2 + i / 2);
    private static final VectorMask<Double> SECOND = VectorMask.fromLong(S, 0xAAAAAAAAAAAAAAAAL);

    private StencilsF64() {}

    /// See [GemmKernel#splitRows], for one part or two.
    static void split(long src, int len, int rows, int parts, long dst, long pitch) {
        for (int r = 0; r < rows; r++, src += 8L * len, dst += parts * pitch) {
            if (parts == 1) {
                copy(src, len, dst, pitch);
            } else {
                halve(src, len, dst, pitch);
            }
        }
    }

    private static void copy(long src, int len, long dst, long pitch) {
        int i = 0;
        for (; i <= len - L; i += L) {
            DoubleVector.fromMemorySegment(S, ALL, src + 8L * i & MASK, ORDER)
                    .intoMemorySegment(ALL, dst + 8L * i & MASK, ORDER);
        }
        if (i < len) {
            DoubleVector.fromMemorySegment(S, ALL, src + 8L * i & MASK, ORDER, S.indexInRange(i, len))
                    .intoMemorySegment(ALL, dst + 8L * i & MASK, ORDER);
            i += L;
        }
        for (; 8L * i < pitch; i += L) {
            DoubleVector.zero(S).intoMemorySegment(ALL, dst + 8L * i & MASK, ORDER);
        }
    }

    private static void halve(long src, int len, long dst, long pitch) {
        for (long i = 0; i < pitch; i += V) {
            int left = len - (int) (i / 4);
            DoubleVector x = DoubleVector.zero(S);
            DoubleVector y = DoubleVector.zero(S);
            if (left >= 2 * L) {
                x = DoubleVector.fromMemorySegment(S, ALL, src + 2 * i & MASK, ORDER);
                y = DoubleVector.fromMemorySegment(S, ALL, src + 2 * i + V & MASK, ORDER);
            } else if (left > 0) {
                x = DoubleVector.fromMemorySegment(S, ALL, src + 2 * i & MASK, ORDER, S.indexInRange(0, left));
                y = DoubleVector.fromMemorySegment(S, ALL, src + 2 * i + V & MASK, ORDER, S.indexInRange(L, left));
            }
            x.rearrange(EVEN).blend(y.rearrange(EVEN), HIGH).intoMemorySegment(ALL, dst + i & MASK, ORDER);
            x.rearrange(ODD).blend(y.rearrange(ODD), HIGH).intoMemorySegment(ALL, dst + pitch + i & MASK, ORDER);
        }
    }

    /// See [GemmKernel#joinRows], for one part or two.
    static void join(long src, long pitch, int parts, int len, long dst) {
        if (parts == 1) {
            for (int i = 0; i < len; i += L) {
                DoubleVector.fromMemorySegment(S, ALL, src + 8L * i & MASK, ORDER)
                        .intoMemorySegment(ALL, dst + 8L * i & MASK, ORDER, S.indexInRange(i, len));
            }
            return;
        }
        for (int i = 0; i < len; i += 2 * L, src += V) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, src & MASK, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, src + pitch & MASK, ORDER);
            long q = dst + 8L * i & MASK;
            x.rearrange(LOW_TWICE).blend(y.rearrange(LOW_TWICE), SECOND)
                    .intoMemorySegment(ALL, q, ORDER, S.indexInRange(i, len));
            x.rearrange(HIGH_TWICE).blend(y.rearrange(HIGH_TWICE), SECOND)
                    .intoMemorySegment(ALL, q + V, ORDER, S.indexInRange(i + L, len));
        }
    }

    /// See [GemmKernel#weighRows].
    static void weigh(long from, long fromStep, long[] offsets, long w, int rows, int len, long dst, long dstStep) {
        if (rows < 4 && len >= 4 * L) { // the vectors of a row take the part of rows
            for (int r = 0; r < rows; r++) {
                weigh(from + r * fromStep, V, offsets, w, len / L, L, dst + r * dstStep, V);
                long rest = 8L * (len - L);
                one(from + r * fromStep + rest, offsets, w, S.maskAll(true), dst + r * dstStep + rest);
            }
            return;
        }
        boolean square = isSquare(offsets, fromStep);
        VectorMask<Double> m = S.indexInRange(0, len);
        for (int r = 0; r <= rows - 4; r = r < rows - 4 ? Math.min(r + 4, rows - 4) : rows) {
            long p = from + r * fromStep;
            long q = dst + r * dstStep;
            if (square) {
                square(p, fromStep, offsets, w, len, q, dstStep);
                continue;
            }
            for (int i = 0; i < len; i += L) {
                long o = 8L * Math.max(0, Math.min(i, len - L));
                four(p + o, fromStep, offsets, w, m, q + o, dstStep);
            }
        }
        for (int r = 0; rows < 4 && r < rows; r++) {
            for (int i = 0; i < len; i += L) {
                one(from + r * fromStep + 8L * i, offsets, w, S.indexInRange(i, len), dst + r * dstStep + 8L * i);
            }
        }
    }

    /// Whether offsets are those of 3 x 3 taps whose rows are as far apart as the points are.
    private static boolean isSquare(long[] offsets, long step) {
        boolean square = offsets.length == 9;
        for (int t = 3; square && t < 9; t++) {
            square = offsets[t] - offsets[t - 3] == step;
        }
        return square;
    }

    /// Four rows of 3 x 3 windows.
    private static void square(long from, long step, long[] offsets, long w, int len, long dst, long dstStep) {
        long v = w & MASK;
        DoubleVector w0 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v));
        DoubleVector w1 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 8));
        DoubleVector w2 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 16));
        DoubleVector w3 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 24));
        DoubleVector w4 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 32));
        DoubleVector w5 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 40));
        DoubleVector w6 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 48));
        DoubleVector w7 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 56));
        DoubleVector w8 = DoubleVector.broadcast(S, ALL.get(ELEMENT, v + 64));
        VectorMask<Double> m = S.indexInRange(0, len);
        long a = from + offsets[0];
        long b = offsets[1] - offsets[0];
        long c = offsets[2] - offsets[0];
        for (int i = 0; i < len; i += L) {
            long o = 8L * Math.max(0, Math.min(i, len - L));
            long p = a + o & MASK;
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            DoubleVector y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            DoubleVector z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            DoubleVector s0 = w2.fma(z, w1.fma(y, w0.mul(x)));
            p = p + step & MASK;
            x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            s0 = w5.fma(z, w4.fma(y, w3.fma(x, s0)));
            DoubleVector s1 = w2.fma(z, w1.fma(y, w0.mul(x)));
            p = p + step & MASK;
            x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            s0 = w8.fma(z, w7.fma(y, w6.fma(x, s0)));
            s1 = w5.fma(z, w4.fma(y, w3.fma(x, s1)));
            DoubleVector s2 = w2.fma(z, w1.fma(y, w0.mul(x)));
            p = p + step & MASK;
            x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            s1 = w8.fma(z, w7.fma(y, w6.fma(x, s1)));
            s2 = w5.fma(z, w4.fma(y, w3.fma(x, s2)));
            DoubleVector s3 = w2.fma(z, w1.fma(y, w0.mul(x)));
            p = p + step & MASK;
            x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            s2 = w8.fma(z, w7.fma(y, w6.fma(x, s2)));
            s3 = w5.fma(z, w4.fma(y, w3.fma(x, s3)));
            p = p + step & MASK;
            x = DoubleVector.fromMemorySegment(S, ALL, p, ORDER);
            y = DoubleVector.fromMemorySegment(S, ALL, p + b & MASK, ORDER);
            z = DoubleVector.fromMemorySegment(S, ALL, p + c & MASK, ORDER);
            s3 = w8.fma(z, w7.fma(y, w6.fma(x, s3)));
            long q = dst + o & MASK;
            s0.intoMemorySegment(ALL, q, ORDER, m);
            s1.intoMemorySegment(ALL, q + dstStep & MASK, ORDER, m);
            s2.intoMemorySegment(ALL, q + 2 * dstStep & MASK, ORDER, m);
            s3.intoMemorySegment(ALL, q + 3 * dstStep & MASK, ORDER, m);
        }
    }

    /// A vector of each of four rows.
    private static void four(long from, long step, long[] offsets, long w, VectorMask<Double> m, long dst,
            long dstStep) {
        DoubleVector s0 = DoubleVector.zero(S);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        for (int t = 0; t < offsets.length; t++, w += 8) {
            long p = from + offsets[t] & MASK;
            DoubleVector f = DoubleVector.broadcast(S, ALL.get(ELEMENT, w & MASK));
            s0 = f.fma(DoubleVector.fromMemorySegment(S, ALL, p, ORDER), s0);
            s1 = f.fma(DoubleVector.fromMemorySegment(S, ALL, p + step & MASK, ORDER), s1);
            s2 = f.fma(DoubleVector.fromMemorySegment(S, ALL, p + 2 * step & MASK, ORDER), s2);
            s3 = f.fma(DoubleVector.fromMemorySegment(S, ALL, p + 3 * step & MASK, ORDER), s3);
        }
        long q = dst & MASK;
        s0.intoMemorySegment(ALL, q, ORDER, m);
        s1.intoMemorySegment(ALL, q + dstStep & MASK, ORDER, m);
        s2.intoMemorySegment(ALL, q + 2 * dstStep & MASK, ORDER, m);
        s3.intoMemorySegment(ALL, q + 3 * dstStep & MASK, ORDER, m);
    }

    private static void one(long from, long[] offsets, long w, VectorMask<Double> m, long dst) {
        DoubleVector s = DoubleVector.zero(S);
        for (int t = 0; t < offsets.length; t++, w += 8) {
            DoubleVector x = DoubleVector.fromMemorySegment(S, ALL, from + offsets[t] & MASK, ORDER);
            s = x.fma(DoubleVector.broadcast(S, ALL.get(ELEMENT, w & MASK)), s);
        }
        s.intoMemorySegment(ALL, dst & MASK, ORDER, m);
    }

    /// See [GemmKernel#dotRows].
    static void dot(long from, long fromStep, long[] offsets, long y, long yStep, int rows, int len, long sums) {
        if (rows < 4 && len >= 2 * L) { // the vectors of a row take the part of rows
            for (int r = 0; r < rows; r++, from += fromStep, y += yStep) {
                int whole = len / L;
                dot(from, V, offsets, y, V, whole, L, sums);
                dot(from + V * whole, V, offsets, y + V * whole, V, 1, len % L, sums);
            }
            return;
        }
        int taps = offsets.length;
        for (int i = 0; i < len; i += L) {
            long p = from + 8L * i;
            long q = y + 8L * i;
            int t = 0;
            for (; i <= len - L && t <= taps - 9; t += 9) {
                dotNine(p, fromStep, offsets, t, q, yStep, rows, sums + V * t);
            }
            for (; i <= len - L && t <= taps - 3; t += 3) {
                dotThree(p, fromStep, offsets, t, q, yStep, rows, sums + V * t);
            }
            VectorMask<Double> m = S.indexInRange(i, len);
            for (; t <= taps - 3; t += 3) {
                dotThreePart(p, fromStep, offsets, t, q, yStep, rows, m, sums + V * t);
            }
            for (; t < taps; t++) {
                dotOne(p + offsets[t], fromStep, q, yStep, rows, m, sums + V * t);
            }
        }
    }

    private static void dotNine(long from, long step, long[] offsets, int t, long y, long yStep, int rows, long sums) {
        DoubleVector z = DoubleVector.zero(S);
        DoubleVector s0 = z, s1 = z, s2 = z, s3 = z, s4 = z, s5 = z, s6 = z, s7 = z, s8 = z;
        long o0 = offsets[t], o1 = offsets[t + 1], o2 = offsets[t + 2], o3 = offsets[t + 3], o4 = offsets[t + 4];
        long o5 = offsets[t + 5], o6 = offsets[t + 6], o7 = offsets[t + 7], o8 = offsets[t + 8];
        for (int r = 0; r < rows; r++, from += step, y += yStep) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, y & MASK, ORDER);
            s0 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o0 & MASK, ORDER), s0);
            s1 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o1 & MASK, ORDER), s1);
            s2 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o2 & MASK, ORDER), s2);
            s3 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o3 & MASK, ORDER), s3);
            s4 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o4 & MASK, ORDER), s4);
            s5 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o5 & MASK, ORDER), s5);
            s6 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o6 & MASK, ORDER), s6);
            s7 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o7 & MASK, ORDER), s7);
            s8 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o8 & MASK, ORDER), s8);
        }
        long q = sums & MASK;
        DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(s0).intoMemorySegment(ALL, q, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + V, ORDER).add(s1).intoMemorySegment(ALL, q + V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 2 * V, ORDER).add(s2).intoMemorySegment(ALL, q + 2 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 3 * V, ORDER).add(s3).intoMemorySegment(ALL, q + 3 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 4 * V, ORDER).add(s4).intoMemorySegment(ALL, q + 4 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 5 * V, ORDER).add(s5).intoMemorySegment(ALL, q + 5 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 6 * V, ORDER).add(s6).intoMemorySegment(ALL, q + 6 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 7 * V, ORDER).add(s7).intoMemorySegment(ALL, q + 7 * V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 8 * V, ORDER).add(s8).intoMemorySegment(ALL, q + 8 * V, ORDER);
    }

    private static void dotThree(long from, long step, long[] offsets, int t, long y, long yStep, int rows, long sums) {
        DoubleVector s0 = DoubleVector.zero(S);
        DoubleVector s1 = DoubleVector.zero(S);
        DoubleVector s2 = DoubleVector.zero(S);
        long o0 = offsets[t], o1 = offsets[t + 1], o2 = offsets[t + 2];
        for (int r = 0; r < rows; r++, from += step, y += yStep) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, y & MASK, ORDER);
            s0 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o0 & MASK, ORDER), s0);
            s1 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o1 & MASK, ORDER), s1);
            s2 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o2 & MASK, ORDER), s2);
        }
        long q = sums & MASK;
        DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(s0).intoMemorySegment(ALL, q, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + V, ORDER).add(s1).intoMemorySegment(ALL, q + V, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + 2 * V, ORDER).add(s2).intoMemorySegment(ALL, q + 2 * V, ORDER);
    }

    /// The lanes that are masked off may hold anything in `from`: the next row, say, which may not be finite.
    private static void dotThreePart(long from, long step, long[] offsets, int t, long y, long yStep, int rows,
            VectorMask<Double> m, long sums) {
        DoubleVector s0 = DoubleVector.zero(S);
        DoubleVector s1 = DoubleVector.zero(S);
        DoubleVector s2 = DoubleVector.zero(S);
        long o0 = offsets[t], o1 = offsets[t + 1], o2 = offsets[t + 2];
        for (int r = 0; r < rows; r++, from += step, y += yStep) {
            DoubleVector v = DoubleVector.fromMemorySegment(S, ALL, y & MASK, ORDER, m);
            s0 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o0 & MASK, ORDER), s0);
            s1 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o1 & MASK, ORDER), s1);
            s2 = v.fma(DoubleVector.fromMemorySegment(S, ALL, from + o2 & MASK, ORDER), s2);
        }
        DoubleVector z = DoubleVector.zero(S);
        long q = sums & MASK;
        DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(z.blend(s0, m)).intoMemorySegment(ALL, q, ORDER);
        DoubleVector.fromMemorySegment(S, ALL, q + V, ORDER).add(z.blend(s1, m)).intoMemorySegment(ALL, q + V, ORDER);
        q += 2 * V;
        DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(z.blend(s2, m)).intoMemorySegment(ALL, q, ORDER);
    }

    private static void dotOne(long from, long step, long y, long yStep, int rows, VectorMask<Double> m, long sums) {
        DoubleVector s = DoubleVector.zero(S);
        for (int r = 0; r < rows; r++, from += step, y += yStep) {
            s = DoubleVector.fromMemorySegment(S, ALL, y & MASK, ORDER, m)
                    .fma(DoubleVector.fromMemorySegment(S, ALL, from & MASK, ORDER), s);
        }
        long q = sums & MASK;
        DoubleVector.fromMemorySegment(S, ALL, q, ORDER).add(DoubleVector.zero(S).blend(s, m))
                .intoMemorySegment(ALL, q, ORDER);
    }
}
