package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.gemm.Transpose;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The transforms of [Winograd]'s F(2 x 2, 3 x 3) on images whose channels are the lanes of vectors: sums of whole
/// vectors, with no exchange of lanes. A *point* is one vector, the same pixel of as many channels as it has lanes.
///
/// What is done with a tile or a window is one straight-line method, whose vectors C2 keeps in registers. They are too
/// long to be inlined on purpose: within a longer method they would exceed its nodes, and each vector be an object.
final class WinogradTransforms {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final MemorySegment ALL = Mem.ALL;
    private static final long MASK = Mem.MASK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// Channels of a point.
    static final int LANES = S.length();
    /// Bytes of a point.
    static final long POINT = 4L * LANES;
    /// Products of a tile: one for each of its 4 x 4 places.
    static final int PLACES = 16;

    private WinogradTransforms() {}

    /// Bytes from one place to the next where each takes `bytes`: the 16 points of a tile are in different sets of the
    /// cache, of which each holds fewer (with all in one, weights take ten times as long).
    static long apart(long bytes) {
        return (bytes + 4095 & -4096) + 4 * POINT;
    }

    /// `V = Bᵀ d B` of the tiles of a row, two points apart.
    ///
    /// @param d the first point of the first tile
    /// @param pitch bytes from a row of points to the next
    /// @param v where the first tile's first place goes; tiles follow each other
    /// @param step bytes from a place to the next
    static void input(long d, long pitch, int tiles, long v, long step) {
        for (int t = 0; t < tiles; t++) {
            inputTile(d + 2 * t * POINT, pitch, v + t * POINT, step);
        }
    }

    /// `Y = Aᵀ M A` of the tiles of a row.
    ///
    /// @param m the first tile's first place; tiles follow each other
    /// @param step bytes from a place to the next
    /// @param y the first point of the results
    /// @param width points of a row of results, which follow each other; a last tile may have one only
    /// @param both whether there is a second row
    /// @param waste a point that takes what lies outside
    static void output(long m, long step, int tiles, long y, int width, boolean both, long waste) {
        long pitch = width * POINT;
        for (int t = 0; t < tiles; t++) {
            long at = y + 2 * t * POINT;
            boolean right = 2 * t + 1 < width;
            outputTile(m + t * POINT, step, at, right ? at + POINT : waste, both ? at + pitch : waste,
                    both && right ? at + pitch + POINT : waste);
        }
    }

    private static FloatVector load(long at) {
        return FloatVector.fromMemorySegment(S, ALL, at, ORDER);
    }

    private static void inputTile(long d, long pitch, long v, long step) {
        long r0 = d & MASK;
        long r1 = r0 + pitch & MASK;
        long r2 = r1 + pitch & MASK;
        long r3 = r2 + pitch & MASK;
        FloatVector d0 = load(r0);
        FloatVector d1 = load(r1);
        FloatVector d2 = load(r2);
        FloatVector d3 = load(r3);
        FloatVector a0 = d0.sub(d2);
        FloatVector a1 = d1.add(d2);
        FloatVector a2 = d2.sub(d1);
        FloatVector a3 = d1.sub(d3);
        d0 = load(r0 + POINT);
        d1 = load(r1 + POINT);
        d2 = load(r2 + POINT);
        d3 = load(r3 + POINT);
        FloatVector b0 = d0.sub(d2);
        FloatVector b1 = d1.add(d2);
        FloatVector b2 = d2.sub(d1);
        FloatVector b3 = d1.sub(d3);
        d0 = load(r0 + 2 * POINT);
        d1 = load(r1 + 2 * POINT);
        d2 = load(r2 + 2 * POINT);
        d3 = load(r3 + 2 * POINT);
        FloatVector c0 = d0.sub(d2);
        FloatVector c1 = d1.add(d2);
        FloatVector c2 = d2.sub(d1);
        FloatVector c3 = d1.sub(d3);
        d0 = load(r0 + 3 * POINT);
        d1 = load(r1 + 3 * POINT);
        d2 = load(r2 + 3 * POINT);
        d3 = load(r3 + 3 * POINT);
        FloatVector e0 = d0.sub(d2);
        FloatVector e1 = d1.add(d2);
        FloatVector e2 = d2.sub(d1);
        FloatVector e3 = d1.sub(d3);
        long to = v & MASK;
        a0.sub(c0).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b0.add(c0).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c0.sub(b0).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b0.sub(e0).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        a1.sub(c1).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b1.add(c1).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c1.sub(b1).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b1.sub(e1).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        a2.sub(c2).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b2.add(c2).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c2.sub(b2).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b2.sub(e2).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        a3.sub(c3).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b3.add(c3).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c3.sub(b3).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        b3.sub(e3).intoMemorySegment(ALL, to, ORDER);
    }

    private static void outputTile(long m, long step, long y, long right, long below, long belowRight) {
        long r0 = m & MASK;
        long r1 = r0 + 4 * step & MASK;
        long r2 = r1 + 4 * step & MASK;
        long r3 = r2 + 4 * step & MASK;
        FloatVector m1 = load(r1);
        FloatVector m2 = load(r2);
        FloatVector a0 = load(r0).add(m1).add(m2);
        FloatVector a1 = m1.sub(m2).sub(load(r3));
        r0 = r0 + step & MASK;
        r1 = r1 + step & MASK;
        r2 = r2 + step & MASK;
        r3 = r3 + step & MASK;
        m1 = load(r1);
        m2 = load(r2);
        FloatVector b0 = load(r0).add(m1).add(m2);
        FloatVector b1 = m1.sub(m2).sub(load(r3));
        r0 = r0 + step & MASK;
        r1 = r1 + step & MASK;
        r2 = r2 + step & MASK;
        r3 = r3 + step & MASK;
        m1 = load(r1);
        m2 = load(r2);
        FloatVector c0 = load(r0).add(m1).add(m2);
        FloatVector c1 = m1.sub(m2).sub(load(r3));
        r0 = r0 + step & MASK;
        r1 = r1 + step & MASK;
        r2 = r2 + step & MASK;
        r3 = r3 + step & MASK;
        m1 = load(r1);
        m2 = load(r2);
        FloatVector e0 = load(r0).add(m1).add(m2);
        FloatVector e1 = m1.sub(m2).sub(load(r3));
        a0.add(b0).add(c0).intoMemorySegment(ALL, y & MASK, ORDER);
        b0.sub(c0).sub(e0).intoMemorySegment(ALL, right & MASK, ORDER);
        a1.add(b1).add(c1).intoMemorySegment(ALL, below & MASK, ORDER);
        b1.sub(c1).sub(e1).intoMemorySegment(ALL, belowRight & MASK, ORDER);
    }

    /// `U = G g Gᵀ` of the nine taps of as many windows as there are lanes.
    ///
    /// @param g the first tap
    /// @param tap bytes from a tap to the next; negative for windows turned by 180 degrees, from their last tap
    /// @param u where the first place goes
    /// @param step bytes from a place to the next
    static void weights(long g, long tap, long u, long step) {
        FloatVector h = FloatVector.broadcast(S, 0.5f);
        long r0 = g & MASK;
        long r1 = r0 + 3 * tap & MASK;
        long r2 = r1 + 3 * tap & MASK;
        FloatVector a0 = load(r0);
        FloatVector a3 = load(r2);
        FloatVector as = a0.add(a3).mul(h);
        FloatVector ad = load(r1).mul(h);
        FloatVector a1 = as.add(ad);
        FloatVector a2 = as.sub(ad);
        r0 = r0 + tap & MASK;
        r1 = r1 + tap & MASK;
        r2 = r2 + tap & MASK;
        FloatVector b0 = load(r0);
        FloatVector b3 = load(r2);
        FloatVector bs = b0.add(b3).mul(h);
        FloatVector bd = load(r1).mul(h);
        FloatVector b1 = bs.add(bd);
        FloatVector b2 = bs.sub(bd);
        r0 = r0 + tap & MASK;
        r1 = r1 + tap & MASK;
        r2 = r2 + tap & MASK;
        FloatVector c0 = load(r0);
        FloatVector c3 = load(r2);
        FloatVector cs = c0.add(c3).mul(h);
        FloatVector cd = load(r1).mul(h);
        FloatVector c1 = cs.add(cd);
        FloatVector c2 = cs.sub(cd);
        long to = u & MASK;
        FloatVector s = a0.add(c0).mul(h);
        FloatVector d = b0.mul(h);
        a0.intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.add(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.sub(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c0.intoMemorySegment(ALL, to, ORDER);
        s = a1.add(c1).mul(h);
        d = b1.mul(h);
        to = to + step & MASK;
        a1.intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.add(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.sub(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c1.intoMemorySegment(ALL, to, ORDER);
        s = a2.add(c2).mul(h);
        d = b2.mul(h);
        to = to + step & MASK;
        a2.intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.add(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.sub(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c2.intoMemorySegment(ALL, to, ORDER);
        s = a3.add(c3).mul(h);
        d = b3.mul(h);
        to = to + step & MASK;
        a3.intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.add(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        s.sub(d).intoMemorySegment(ALL, to, ORDER);
        to = to + step & MASK;
        c3.intoMemorySegment(ALL, to, ORDER);
    }

    /// Copies points.
    static void copy(long from, long to, long points) {
        long d = to - from;
        for (long p = from, end = from + points * POINT; p < end; p += POINT) {
            load(p).intoMemorySegment(ALL, p + d, ORDER);
        }
    }

    /// Whether no number of some points is infinite or NaN.
    static boolean finite(long at, int points) {
        // Zero times anything finite is zero.
        FloatVector zero = FloatVector.zero(S);
        FloatVector a = zero;
        FloatVector b = zero;
        FloatVector c = zero;
        FloatVector d = zero;
        long four = at + (points & -4) * POINT;
        long end = at + points * POINT;
        for (long p = at; p < four; p += 4 * POINT) {
            a = load(p).fma(zero, a);
            b = load(p + POINT).fma(zero, b);
            c = load(p + 2 * POINT).fma(zero, c);
            d = load(p + 3 * POINT).fma(zero, d);
        }
        for (long p = four; p < end; p += POINT) {
            a = load(p).fma(zero, a);
        }
        return a.add(b).add(c.add(d)).eq(zero).allTrue();
    }

    /// Planes to points: `to[j][i] = from[i][j]` for `j < length`, from `rows` planes of contiguous floats, `step`
    /// bytes apart. Lanes from `rows` on hold numbers of the last plane.
    static void turn(long from, long step, int rows, int length, long to) {
        if (Transpose.side(4) == LANES && length >= LANES) {
            Transpose.run(4, from, step, rows, length, to, POINT);
            return;
        }
        for (int i = 0; i < LANES; i++) {
            long row = from + Math.min(i, rows - 1) * step;
            for (int j = 0; j < length; j++) {
                Mem.putInt(to + j * POINT + 4L * i, Mem.getInt(row + 4L * j));
            }
        }
    }

    /// Points to planes: `to[i][j] = from[j][i]` for `i < rows` and `j < length`.
    static void turnBack(long from, int rows, int length, long to, long step) {
        if (Transpose.side(4) == LANES && length >= LANES && rows == LANES) {
            for (int j = 0; j < length; j += LANES) {
                int at = Math.min(j, length - LANES);
                Transpose.run(4, from + at * POINT, POINT, LANES, LANES, to + 4L * at, step);
            }
            return;
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < length; j++) {
                Mem.putInt(to + i * step + 4L * j, Mem.getInt(from + j * POINT + 4L * i));
            }
        }
    }
}
