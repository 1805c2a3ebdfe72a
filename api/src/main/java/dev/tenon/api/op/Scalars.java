package dev.tenon.api.op;

import java.util.Arrays;

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

    private final long[] bits;

    private Scalars(long[] bits) {
        this.bits = bits;
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
        return new Scalars(b);
    }

    @Override
    public boolean equals(Object o) {
        return this == o || o instanceof Scalars s && Arrays.equals(bits, s.bits);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bits);
    }

    @Override
    public String toString() {
        return Arrays.toString(bits);
    }
}
