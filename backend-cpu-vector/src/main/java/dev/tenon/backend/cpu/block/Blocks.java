package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.math.MathKernels;
import java.util.Optional;

/// Finds the block function for an expression's node: a vector one where there is one, otherwise a loop over elements.
///
/// Truth values take a byte each, 0 or 1; other kinds their natural size.
public final class Blocks {
    private final boolean vector;

    /// @param vector whether vector functions may be taken
    public Blocks(boolean vector) {
        this.vector = vector;
    }

    /// Whether vector functions may be taken.
    public boolean isVector() {
        return vector;
    }

    /// The size of an element of a kind in bytes.
    public static int bytes(Kind kind) {
        return kind.dtype().bytes();
    }

    /// A function of one value.
    public Fn1 unary(UnaryFn fn, Kind kind) {
        Optional<Fn1> fast = vector ? VectorTable.unary(fn, kind) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.unary(fn, kind, vector));
    }

    /// A function of two values.
    public Fn2 binary(BinaryFn fn, Kind kind) {
        Optional<Fn2> fast = vector ? VectorTable.binary(fn, kind) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.binary(fn, kind, vector));
    }

    /// For floats, the second value where the first compares with 0 as `fn` says (for `LE`: does not), otherwise 0;
    /// empty where there is no function for it.
    public Optional<Fn2> whereAboveZero(BinaryFn fn) {
        return vector ? VectorTable.whereAboveZero(fn) : Optional.empty();
    }

    /// For floats, the distribution function of the standard normal distribution; empty where there is none.
    public Optional<Fn1> normal() {
        return vector ? VectorTable.normal() : Optional.empty();
    }

    /// For floats, GELU: x times [#normal] of x; empty where there is none.
    public Optional<Fn1> gelu() {
        return vector ? VectorTable.gelu() : Optional.empty();
    }

    /// The choice between the second and the third operand by the first, a truth value.
    public Fn3 select(Kind kind) {
        Optional<Fn3> fast = vector ? VectorTable.select(kind) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.select(kind));
    }

    /// Word `word` of the random generator, of seed, stream and counter.
    public Fn3 random(int word) {
        return vector ? VectorPhilox.word(word) : Philox.word(word);
    }

    /// A conversion between different kinds.
    public Fn1 convert(Kind from, Kind to) {
        Optional<Fn1> fast = vector ? VectorTable.convert(from, to) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.convert(from, to));
    }

    /// From a dtype to its kind, where these differ.
    public Fn1 widen(DType dtype) {
        Optional<Fn1> fast = vector ? VectorTable.widen(dtype) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.widen(dtype));
    }

    /// From the kind of a dtype to the dtype, where these differ.
    public Fn1 narrow(DType dtype) {
        Optional<Fn1> fast = vector ? VectorTable.narrow(dtype) : Optional.empty();
        return fast.orElseGet(() -> ScalarTable.narrow(dtype));
    }

    /// Within the kind of a dtype that is narrower: the value as it is after having been stored.
    public Fn1 round(DType dtype) {
        return ScalarTable.round(dtype);
    }

    static MathKernels math(boolean vector) {
        return MathKernels.of(vector);
    }

    /// Repeats the element at `address` so that there are `n` of it.
    public static void fill(long address, int n, int bytes) {
        switch (bytes) {
            case 1 -> Mem.ALL.asSlice(address, n).fill(Mem.getByte(address));
            case 2 -> {
                short v = Mem.getShort(address);
                for (int i = 1; i < n; i++) {
                    Mem.putShort(address + 2L * i, v);
                }
            }
            case 4 -> {
                int v = Mem.getInt(address);
                for (int i = 1; i < n; i++) {
                    Mem.putInt(address + 4L * i, v);
                }
            }
            default -> {
                long v = Mem.getLong(address);
                for (int i = 1; i < n; i++) {
                    Mem.putLong(address + 8L * i, v);
                }
            }
        }
    }

    /// `n` integers from `start` in steps of `step`.
    public static void count(long start, long step, long out, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putLong(out + 8L * i, start + i * step);
        }
    }

    /// Copies bytes that lie together and do not overlap with where they go. Some hundred to some thousand of them are
    /// copied faster than by the general way, which is a call.
    public final void copyRow(long from, long to, long bytes) {
        if (isVector() && bytes >= 256 && bytes <= 1 << 14) {
            VectorCopy.run(from, to, bytes);
        } else {
            Mem.copy(from, to, bytes);
        }
    }

    /// Copies `n` elements between places that lie `fromStep` and `toStep` bytes apart.
    public static void move(long from, long fromStep, long to, long toStep, int n, int bytes) {
        if (fromStep == bytes && toStep == bytes) {
            if (n * (long) bytes >= 32) {
                Mem.copy(from, to, n * (long) bytes);
                return;
            }
        }
        switch (bytes) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    Mem.putByte(to + i * toStep, Mem.getByte(from + i * fromStep));
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    Mem.putShort(to + i * toStep, Mem.getShort(from + i * fromStep));
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    Mem.putInt(to + i * toStep, Mem.getInt(from + i * fromStep));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    Mem.putLong(to + i * toStep, Mem.getLong(from + i * fromStep));
                }
            }
        }
    }
}
