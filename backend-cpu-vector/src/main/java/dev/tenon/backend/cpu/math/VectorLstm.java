package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// What an LSTM does with one sequence's gates at one step, and back: rows of floats, each function in a loop of its
/// own, since a loop with several would be too much for the compiler.
public final class VectorLstm {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final FloatVector ONE = FloatVector.broadcast(S, 1f);

    private VectorLstm() {}

    private static FloatVector load(long at, VectorMask<Float> m) {
        return FloatVector.fromMemorySegment(S, ALL, at, ORDER, m);
    }

    /// `sum = a + b`, `y = 1 / (1 + e^-sum)`.
    public static void logistic(long a, long b, long sum, long y, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            FloatVector s = load(a + 4L * i, m).add(load(b + 4L * i, m));
            s.intoMemorySegment(ALL, sum + 4L * i, ORDER, m);
            FloatFunctions.sigmoid(s).intoMemorySegment(ALL, y + 4L * i, ORDER, m);
        }
    }

    /// `sum = a + b`, `y = tanh(sum)`.
    public static void tangent(long a, long b, long sum, long y, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            FloatVector s = load(a + 4L * i, m).add(load(b + 4L * i, m));
            s.intoMemorySegment(ALL, sum + 4L * i, ORDER, m);
            FloatFunctions.tanh(s).intoMemorySegment(ALL, y + 4L * i, ORDER, m);
        }
    }

    /// `1 / (1 + e^-x)`.
    public static void logistic(long x, long y, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            FloatFunctions.sigmoid(load(x + 4L * i, m)).intoMemorySegment(ALL, y + 4L * i, ORDER, m);
        }
    }

    /// `tanh(x)`.
    public static void tangent(long x, long y, int n) {
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            FloatFunctions.tanh(load(x + 4L * i, m)).intoMemorySegment(ALL, y + 4L * i, ORDER, m);
        }
    }

    /// The next memory and state.
    ///
    /// @param gates what the functions of the four gates gave, `n` numbers each
    /// @param before the memory
    public static void next(long gates, long before, long memory, long state, int n) {
        long row = 4L * n;
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            long g = gates + 4L * i;
            FloatVector c = load(g, m).mul(load(g + 2 * row, m)).add(load(g + row, m).mul(load(before + 4L * i, m)));
            c.intoMemorySegment(ALL, memory + 4L * i, ORDER, m);
            load(g + 3 * row, m).mul(FloatFunctions.tanh(c)).intoMemorySegment(ALL, state + 4L * i, ORDER, m);
        }
    }

    /// The gradients of the memory, to which that through the state is added, and of the output gate's sum.
    ///
    /// @param gates what the functions of the four gates gave
    /// @param memory the memory after the step
    /// @param ofState the gradient of the state
    /// @param ofMemory the gradient of the memory after the step
    /// @param ofSum the gradient of the output gate's sum
    public static void backOutput(long gates, long memory, long ofState, long ofMemory, long ofSum, int n) {
        long output = gates + 12L * n;
        for (int i = 0; i < n; i += L) {
            VectorMask<Float> m = S.indexInRange(i, n);
            FloatVector o = load(output + 4L * i, m);
            FloatVector go = load(ofState + 4L * i, m).mul(o);
            FloatVector shown = FloatFunctions.tanh(load(memory + 4L * i, m));
            FloatVector rest = ONE.sub(shown.mul(shown));
            go.mul(rest).add(load(ofMemory + 4L * i, m)).intoMemorySegment(ALL, ofMemory + 4L * i, ORDER, m);
            go.mul(shown).mul(ONE.sub(o)).intoMemorySegment(ALL, ofSum + 4L * i, ORDER, m);
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
        long row = 4L * n;
        for (int k = 0; k < n; k += L) {
            VectorMask<Float> m = S.indexInRange(k, n);
            long at = gates + 4L * k;
            long to = ofSums + 4L * k;
            FloatVector gc = load(ofMemory + 4L * k, m);
            FloatVector i = load(at, m);
            FloatVector f = load(at + row, m);
            FloatVector g = load(at + 2 * row, m);
            FloatVector gi = gc.mul(i);
            FloatVector gf = gc.mul(f);
            gi.mul(g).mul(ONE.sub(i)).intoMemorySegment(ALL, to, ORDER, m);
            gf.mul(load(before + 4L * k, m)).mul(ONE.sub(f)).intoMemorySegment(ALL, to + row, ORDER, m);
            gi.mul(ONE.sub(g.mul(g))).intoMemorySegment(ALL, to + 2 * row, ORDER, m);
            gf.intoMemorySegment(ALL, ofMemory + 4L * k, ORDER, m);
        }
    }
}
