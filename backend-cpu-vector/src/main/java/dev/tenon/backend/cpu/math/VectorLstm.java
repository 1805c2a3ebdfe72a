package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// What an LSTM does with one sequence's gates at one step, and back: rows of floats, each function in a loop of its
/// own, since a loop with several would be too much for the compiler. Each loop runs over the whole vectors, then over
/// the last one under a mask.
public final class VectorLstm {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final FloatVector ONE = FloatVector.broadcast(S, 1f);
    private static final VectorMask<Float> WHOLE = S.maskAll(true);

    private VectorLstm() {}

    private static FloatVector load(long at, VectorMask<Float> m) {
        return FloatVector.fromMemorySegment(S, ALL, at, ORDER, m);
    }

    /// The lanes of the last vector of a row, if it is not a whole one.
    private static VectorMask<Float> rest(int n) {
        return S.indexInRange(0, n % L);
    }

    /// `sum = a + b`, `y = 1 / (1 + e^-sum)`.
    public static void logistic(long a, long b, long sum, long y, int n) {
        int whole = n & -L;
        logistic(a, b - a, sum - a, y - a, whole, WHOLE);
        if (whole < n) {
            logistic(a + 4L * whole, b - a, sum - a, y - a, n - whole, rest(n));
        }
    }

    private static void logistic(long a, long db, long ds, long dy, int n, VectorMask<Float> m) {
        for (long p = a, end = a + 4L * n; p < end; p += 4L * L) {
            FloatVector s = load(p, m).add(load(p + db, m));
            s.intoMemorySegment(ALL, p + ds, ORDER, m);
            FloatFunctions.logistic(s).intoMemorySegment(ALL, p + dy, ORDER, m);
        }
    }

    /// `sum = a + b`, `y = tanh(sum)`.
    public static void tangent(long a, long b, long sum, long y, int n) {
        int whole = n & -L;
        tangent(a, b - a, sum - a, y - a, whole, WHOLE);
        if (whole < n) {
            tangent(a + 4L * whole, b - a, sum - a, y - a, n - whole, rest(n));
        }
    }

    private static void tangent(long a, long db, long ds, long dy, int n, VectorMask<Float> m) {
        for (long p = a, end = a + 4L * n; p < end; p += 4L * L) {
            FloatVector s = load(p, m).add(load(p + db, m));
            s.intoMemorySegment(ALL, p + ds, ORDER, m);
            FloatFunctions.tanh(s).intoMemorySegment(ALL, p + dy, ORDER, m);
        }
    }

    /// `1 / (1 + e^-x)`.
    public static void logistic(long x, long y, int n) {
        int whole = n & -L;
        logistic(x, y - x, whole, WHOLE);
        if (whole < n) {
            logistic(x + 4L * whole, y - x, n - whole, rest(n));
        }
    }

    private static void logistic(long x, long dy, int n, VectorMask<Float> m) {
        for (long p = x, end = x + 4L * n; p < end; p += 4L * L) {
            FloatFunctions.logistic(load(p, m)).intoMemorySegment(ALL, p + dy, ORDER, m);
        }
    }

    /// `tanh(x)`.
    public static void tangent(long x, long y, int n) {
        int whole = n & -L;
        tangent(x, y - x, whole, WHOLE);
        if (whole < n) {
            tangent(x + 4L * whole, y - x, n - whole, rest(n));
        }
    }

    private static void tangent(long x, long dy, int n, VectorMask<Float> m) {
        for (long p = x, end = x + 4L * n; p < end; p += 4L * L) {
            FloatFunctions.tanh(load(p, m)).intoMemorySegment(ALL, p + dy, ORDER, m);
        }
    }

    /// The next memory and state.
    ///
    /// @param gates what the functions of the four gates gave, `n` numbers each
    /// @param before the memory
    public static void next(long gates, long before, long memory, long state, int n) {
        int whole = n & -L;
        long row = 4L * n;
        next(gates, row, before - gates, memory - gates, state - gates, whole, WHOLE);
        if (whole < n) {
            next(gates + 4L * whole, row, before - gates, memory - gates, state - gates, n - whole, rest(n));
        }
    }

    private static void next(long gates, long row, long db, long dm, long ds, int n, VectorMask<Float> m) {
        for (long p = gates, end = gates + 4L * n; p < end; p += 4L * L) {
            FloatVector c = load(p, m).mul(load(p + 2 * row, m)).add(load(p + row, m).mul(load(p + db, m)));
            c.intoMemorySegment(ALL, p + dm, ORDER, m);
            load(p + 3 * row, m).mul(FloatFunctions.tanh(c)).intoMemorySegment(ALL, p + ds, ORDER, m);
        }
    }

    /// The gradients of the memory, to which that through the state is added, and of the output gate's sum.
    ///
    /// @param output what the function of the output gate gave
    /// @param memory the memory after the step
    /// @param ofState the gradient of the state
    /// @param ofMemory the gradient of the memory after the step
    /// @param ofSum the gradient of the output gate's sum
    public static void backOutput(long output, long memory, long ofState, long ofMemory, long ofSum, int n) {
        int whole = n & -L;
        backOutput(output, memory - output, ofState - output, ofMemory - output, ofSum - output, whole, WHOLE);
        if (whole < n) {
            backOutput(output + 4L * whole, memory - output, ofState - output, ofMemory - output, ofSum - output,
                    n - whole, rest(n));
        }
    }

    private static void backOutput(long output, long dm, long ds, long dc, long dg, int n, VectorMask<Float> m) {
        for (long p = output, end = output + 4L * n; p < end; p += 4L * L) {
            FloatVector o = load(p, m);
            FloatVector go = load(p + ds, m).mul(o);
            FloatVector shown = FloatFunctions.tanh(load(p + dm, m));
            FloatVector c = go.mul(ONE.sub(shown.mul(shown))).add(load(p + dc, m));
            c.intoMemorySegment(ALL, p + dc, ORDER, m);
            go.mul(shown).mul(ONE.sub(o)).intoMemorySegment(ALL, p + dg, ORDER, m);
        }
    }

    /// The gradients of the sums of the input, forget and cell gates, and of the memory before the step in the place of
    /// that after it.
    ///
    /// @param gates what the functions of the four gates gave
    /// @param before the memory before the step
    /// @param ofMemory the gradient of the memory
    /// @param ofSums the gradients of the sums of the four gates
    public static void backMemory(long gates, long before, long ofMemory, long ofSums, int n) {
        int whole = n & -L;
        long row = 4L * n;
        backMemory(gates, row, before - gates, ofMemory - gates, ofSums - gates, whole, WHOLE);
        if (whole < n) {
            backMemory(gates + 4L * whole, row, before - gates, ofMemory - gates, ofSums - gates, n - whole, rest(n));
        }
    }

    private static void backMemory(long gates, long row, long db, long dc, long dg, int n, VectorMask<Float> m) {
        for (long p = gates, end = gates + 4L * n; p < end; p += 4L * L) {
            FloatVector gc = load(p + dc, m);
            FloatVector i = load(p, m);
            FloatVector f = load(p + row, m);
            FloatVector g = load(p + 2 * row, m);
            FloatVector gi = gc.mul(i);
            FloatVector gf = gc.mul(f);
            long to = p + dg;
            gi.mul(g).mul(ONE.sub(i)).intoMemorySegment(ALL, to, ORDER, m);
            gf.mul(load(p + db, m)).mul(ONE.sub(f)).intoMemorySegment(ALL, to + row, ORDER, m);
            gi.mul(ONE.sub(g.mul(g))).intoMemorySegment(ALL, to + 2 * row, ORDER, m);
            gf.intoMemorySegment(ALL, p + dc, ORDER, m);
        }
    }
}
