package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.Lanes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What normalisations do with rows of floats. Sums are taken in vectors over at most [#PART] elements and in double
/// precision beyond them.
public final class VectorNorm {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    /// Elements that are summed in single precision.
    private static final int PART = 1024;
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorNorm() {}

    private static FloatVector load(long at) {
        return FloatVector.fromMemorySegment(S, ALL, at, ORDER);
    }

    /// The sum of `(x - mean)²`.
    public static double squares(long x, float mean, long n) {
        double s = 0;
        for (long i = 0; i < n; i += PART) {
            s += squaresOfPart(x + 4 * i, mean, (int) Math.min(PART, n - i));
        }
        return s;
    }

    private static double squaresOfPart(long x, float mean, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector u = load(x + 4L * i).sub(m);
            FloatVector v = load(x + 4L * (i + L)).sub(m);
            a = u.fma(u, a);
            b = v.fma(v, b);
        }
        for (; i <= n - L; i += L) {
            FloatVector u = load(x + 4L * i).sub(m);
            a = u.fma(u, a);
        }
        double s = Lanes.sum(a.add(b));
        for (; i < n; i++) {
            float u = Mem.getFloat(x + 4L * i) - mean;
            s += u * u;
        }
        return s;
    }

    /// The sum of `g (x - mean)`.
    public static double product(long g, long x, float mean, long n) {
        double s = 0;
        for (long i = 0; i < n; i += PART) {
            s += productOfPart(g + 4 * i, x + 4 * i, mean, (int) Math.min(PART, n - i));
        }
        return s;
    }

    private static double productOfPart(long g, long x, float mean, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            a = load(x + 4L * i).sub(m).fma(load(g + 4L * i), a);
            b = load(x + 4L * (i + L)).sub(m).fma(load(g + 4L * (i + L)), b);
        }
        for (; i <= n - L; i += L) {
            a = load(x + 4L * i).sub(m).fma(load(g + 4L * i), a);
        }
        double s = Lanes.sum(a.add(b));
        for (; i < n; i++) {
            s += Mem.getFloat(g + 4L * i) * (Mem.getFloat(x + 4L * i) - mean);
        }
        return s;
    }

    /// `y = a (x - mean) + c`.
    public static void affine(long x, float mean, long y, float a, float c, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector va = FloatVector.broadcast(S, a);
        FloatVector vc = FloatVector.broadcast(S, c);
        int i = 0;
        for (; i <= n - L; i += L) {
            load(x + 4L * i).sub(m).fma(va, vc).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(y + 4L * i, Math.fma(Mem.getFloat(x + 4L * i) - mean, a, c));
        }
    }

    /// `y = a g + b (x - mean) + c`.
    public static void affine(long g, long x, float mean, long y, float a, float b, float c, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector va = FloatVector.broadcast(S, a);
        FloatVector vb = FloatVector.broadcast(S, b);
        FloatVector vc = FloatVector.broadcast(S, c);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector r = load(x + 4L * i).sub(m).fma(vb, vc);
            load(g + 4L * i).fma(va, r).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            float r = Math.fma(Mem.getFloat(x + 4L * i) - mean, b, c);
            Mem.putFloat(y + 4L * i, Math.fma(Mem.getFloat(g + 4L * i), a, r));
        }
    }

    /// `y = (x - mean) scale w + b` with vectors w and b.
    public static void normalize(long x, float mean, float scale, long w, long b, long y, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector r = FloatVector.broadcast(S, scale);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = load(x + 4L * i).sub(m).mul(r);
            v.fma(load(w + 4L * i), load(b + 4L * i)).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            float v = (Mem.getFloat(x + 4L * i) - mean) * scale;
            Mem.putFloat(y + 4L * i, Math.fma(v, Mem.getFloat(w + 4L * i), Mem.getFloat(b + 4L * i)));
        }
    }

    /// `y = w (g - along) scale`, the gradient of what a softmax was taken of.
    public static void weighted(long w, long g, float along, float scale, long y, int n) {
        FloatVector m = FloatVector.broadcast(S, along);
        FloatVector r = FloatVector.broadcast(S, scale);
        int i = 0;
        for (; i <= n - L; i += L) {
            load(g + 4L * i).sub(m).mul(load(w + 4L * i)).mul(r).intoMemorySegment(ALL, y + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(y + 4L * i, (Mem.getFloat(g + 4L * i) - along) * Mem.getFloat(w + 4L * i) * scale);
        }
    }

    /// Adds `g (x - mean) scale` to one vector and `g` to another.
    public static void accumulate(long g, long x, float mean, float scale, long toScale, long toShift, int n) {
        FloatVector m = FloatVector.broadcast(S, mean);
        FloatVector r = FloatVector.broadcast(S, scale);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = load(g + 4L * i);
            load(x + 4L * i).sub(m).mul(r).fma(v, load(toScale + 4L * i))
                    .intoMemorySegment(ALL, toScale + 4L * i, ORDER);
            v.add(load(toShift + 4L * i)).intoMemorySegment(ALL, toShift + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            float v = Mem.getFloat(g + 4L * i);
            float normal = (Mem.getFloat(x + 4L * i) - mean) * scale;
            Mem.putFloat(toScale + 4L * i, Math.fma(normal, v, Mem.getFloat(toScale + 4L * i)));
            Mem.putFloat(toShift + 4L * i, v + Mem.getFloat(toShift + 4L * i));
        }
    }
}
