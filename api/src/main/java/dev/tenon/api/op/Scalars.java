package dev.tenon.api.op;

import dev.tenon.api.Context;
import dev.tenon.api.spi.Recorder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Numbers that an op is given at each run, such as a learning rate or a random stream's position. They are part of the
/// op but not of the key under which its prepared kernel is cached. Immutable, compared by value.
public final class Scalars {
    /// No numbers.
    public static final Scalars NONE = new Scalars(new long[0]);

    private static final Scalars[] ZEROS = new Scalars[16];

    static {
        ZEROS[0] = NONE;
        for (int i = 1; i < ZEROS.length; i++) {
            ZEROS[i] = new Scalars(new long[i]);
        }
    }

    /// Computes numbers anew for each run of a captured graph. Compared by identity: numbers of one source are drawn
    /// once in a run and shared by all ops that use them, such as dropout and its gradient.
    public interface Source {
        /// The numbers for a run, as bits (see [#ofBits]).
        long[] next();
    }

    /// A slot whose number is the one at `index` of a source.
    private record Slot(Source source, int index) {}

    private final long[] bits;
    private final @Nullable Slot @Nullable [] slots;

    private Scalars(long[] bits) {
        this(bits, null);
    }

    private Scalars(long[] bits, @Nullable Slot @Nullable [] slots) {
        this.bits = bits;
        this.slots = slots;
    }

    /// Numbers that depend on the moment, such as the position of a random stream or a learning rate: computed now, or,
    /// where a graph is being captured, at each of its runs.
    ///
    /// @param key the same for numbers that are to be the same within one run of the graph
    public static Scalars perRun(Object key, int size, Source source) {
        Recorder recorder = Context.recorder();
        return recorder == null ? new Scalars(source.next()) : recorder.perRun(key, source, size);
    }

    /// Floating-point numbers that depend on the moment, such as a learning rate: computed now, or, where a graph is
    /// being captured, at each of its runs.
    public static Scalars perRun(int size, Supplier<double[]> numbers) {
        return perRun(new Object(), size, () -> of(numbers.get()).bits);
    }

    /// Numbers that a source gives at each run of a captured graph. For recorders.
    public static Scalars of(Source source, int size) {
        Slot[] s = new Slot[size];
        for (int i = 0; i < size; i++) {
            s[i] = new Slot(source, i);
        }
        return new Scalars(new long[size], s);
    }

    /// The sources of these numbers, each once; empty where all are fixed.
    public List<Source> sources() {
        if (slots == null) {
            return List.of();
        }
        return Arrays.stream(slots).filter(Objects::nonNull).map(Slot::source).distinct().toList();
    }

    /// The numbers of one run.
    ///
    /// @param values what each source gave
    public Scalars resolved(Function<Source, long[]> values) {
        if (slots == null) {
            return this;
        }
        long[] b = bits.clone();
        for (int i = 0; i < b.length; i++) {
            Slot s = slots[i];
            if (s != null) {
                b[i] = values.apply(s.source)[s.index];
            }
        }
        return new Scalars(b);
    }

    /// Floating-point numbers.
    public static Scalars of(double... values) {
        long[] b = new long[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = Double.doubleToRawLongBits(values[i]);
        }
        return new Scalars(b);
    }

    /// Numbers given as bits: those of a double for slots of a floating kind, the integer itself for the others.
    public static Scalars ofBits(long... bits) {
        return new Scalars(bits.clone());
    }

    /// That many zeros.
    public static Scalars zeros(int size) {
        return size < ZEROS.length ? ZEROS[size] : new Scalars(new long[size]);
    }

    /// The number of slots.
    public int size() {
        return bits.length;
    }

    /// The slot's bits.
    public long bits(int slot) {
        return bits[slot];
    }

    /// The slot as a double.
    public double asDouble(int slot) {
        return Double.longBitsToDouble(bits[slot]);
    }

    /// These numbers followed by others.
    public Scalars concat(Scalars other) {
        long[] b = Arrays.copyOf(bits, bits.length + other.bits.length);
        System.arraycopy(other.bits, 0, b, bits.length, other.bits.length);
        if (slots == null && other.slots == null) {
            return new Scalars(b);
        }
        @Nullable Slot[] s = slots == null ? new Slot[b.length] : Arrays.copyOf(slots, b.length);
        if (other.slots != null) {
            System.arraycopy(other.slots, 0, s, bits.length, other.slots.length);
        }
        return new Scalars(b, s);
    }

    @Override
    public boolean equals(Object o) {
        return this == o || o instanceof Scalars s && Arrays.equals(bits, s.bits) && Arrays.equals(slots, s.slots);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bits);
    }

    @Override
    public String toString() {
        if (slots == null) {
            return Arrays.toString(bits);
        }
        List<String> text = new ArrayList<>();
        for (int i = 0; i < bits.length; i++) {
            text.add(slots[i] != null ? "per run" : Long.toString(bits[i]));
        }
        return text.toString();
    }
}
