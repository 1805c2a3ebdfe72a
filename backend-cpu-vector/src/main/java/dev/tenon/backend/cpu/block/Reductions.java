package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Reducer;
import dev.tenon.backend.cpu.Mem;

/// Sums, products and extremes of blocks, with loops over elements; vector ones override what they can.
///
/// Sums of a block are taken in several accumulators and in double precision beyond them: the error does not grow with
/// the
/// length.
public class Reductions {
    /// Reductions in loops over elements.
    public Reductions() {}

    /// The vector ones where `vector`, otherwise loops.
    public static Reductions of(boolean vector) {
        return vector ? VectorTable.reductions() : new Reductions();
    }

    /// The sum of floating-point numbers.
    public double sum(Kind kind, long x, int n) {
        double s = 0;
        if (kind == Kind.F32) {
            for (int i = 0; i < n; i++) {
                s += Mem.getFloat(x + 4L * i);
            }
            return s;
        }
        double lost = 0;
        for (int i = 0; i < n; i++) {
            double v = Mem.getDouble(x + 8L * i);
            double t = s + v;
            lost += Math.abs(s) >= Math.abs(v) ? s - t + v : v - t + s;
            s = t;
        }
        return Double.isNaN(lost) ? s : s + lost;
    }

    /// The sum of integers.
    public long sumIntegers(Kind kind, long x, int n) {
        long s = 0;
        for (int i = 0; i < n; i++) {
            s += integer(kind, x, i);
        }
        return s;
    }

    /// The largest (`max`) or smallest number; NaN if there is one.
    public double extreme(Kind kind, long x, int n, boolean max) {
        double m = max ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            double v = kind == Kind.F32 ? Mem.getFloat(x + 4L * i) : Mem.getDouble(x + 8L * i);
            m = max ? Math.max(m, v) : Math.min(m, v);
        }
        return m;
    }

    /// The first position of a number, of NaN if it is that, or -1.
    public int find(Kind kind, long x, int n, double wanted) {
        boolean nan = Double.isNaN(wanted);
        for (int i = 0; i < n; i++) {
            double v = kind == Kind.F32 ? Mem.getFloat(x + 4L * i) : Mem.getDouble(x + 8L * i);
            if (v == wanted || nan && v != v) {
                return i;
            }
        }
        return -1;
    }

    /// The first position from `from` on near which a float may be larger (`above`) or smaller than a bound, or be NaN;
    /// none before it is. `n` if there is none.
    public int beyond(long x, int from, int n, float bound, boolean above) {
        for (int i = from; i < n; i++) {
            float v = Mem.getFloat(x + 4L * i);
            if (!(above ? v <= bound : v >= bound)) {
                return i;
            }
        }
        return n;
    }

    /// The product of floating-point numbers.
    public final double product(Kind kind, long x, int n) {
        double p = 1;
        for (int i = 0; i < n; i++) {
            p *= kind == Kind.F32 ? Mem.getFloat(x + 4L * i) : Mem.getDouble(x + 8L * i);
        }
        return p;
    }

    /// Combines integers or truth values with what is there.
    public final long combine(Reducer reducer, Kind kind, long x, int n, long start) {
        long m = start;
        switch (reducer) {
            case SUM -> m += sumIntegers(kind, x, n);
            case PROD -> {
                for (int i = 0; i < n; i++) {
                    m *= integer(kind, x, i);
                }
            }
            case MAX -> {
                for (int i = 0; i < n; i++) {
                    m = Math.max(m, integer(kind, x, i));
                }
            }
            case MIN -> {
                for (int i = 0; i < n; i++) {
                    m = Math.min(m, integer(kind, x, i));
                }
            }
            case ANY -> {
                for (int i = 0; i < n; i++) {
                    m |= integer(kind, x, i);
                }
            }
            case ALL -> {
                for (int i = 0; i < n; i++) {
                    m &= integer(kind, x, i);
                }
            }
            case ARGMAX, ARGMIN -> throw new IllegalArgumentException(reducer + " combines no values");
        }
        return m;
    }

    /// Element number `i` of a block of integers or truth values.
    public static long integer(Kind kind, long x, int i) {
        return switch (kind) {
            case BOOL -> Mem.getByte(x + i);
            case I32 -> Mem.getInt(x + 4L * i);
            default -> Mem.getLong(x + 8L * i);
        };
    }

    /// Element number `i` of a block of floating-point numbers.
    public static double number(Kind kind, long x, int i) {
        return kind == Kind.F32 ? Mem.getFloat(x + 4L * i) : Mem.getDouble(x + 8L * i);
    }
}
