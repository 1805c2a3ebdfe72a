package dev.tenon.backend.cpu.block;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Conversions of blocks, a vector at a time, and functions of truth values.
final class VectorConversions {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> J = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Byte> B = ByteVector.SPECIES_PREFERRED;
    private static final int L = I.length();
    private static final int H = D.length();
    private static final VectorSpecies<Float> HALF_F =
            VectorSpecies.of(float.class, VectorShape.forBitSize(H * Float.SIZE));
    private static final VectorSpecies<Integer> HALF_I =
            VectorSpecies.of(int.class, VectorShape.forBitSize(H * Integer.SIZE));
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(L * Short.SIZE));
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorConversions() {}

    static void floatsToDoubles(long x, long out, int n) {
        int i = 0;
        for (; i <= n - H; i += H) {
            FloatVector v = FloatVector.fromMemorySegment(HALF_F, ALL, x + 4L * i, ORDER);
            ((DoubleVector) v.castShape(D, 0)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putDouble(out + 8L * i, Mem.getFloat(x + 4L * i));
        }
    }

    static void doublesToFloats(long x, long out, int n) {
        int i = 0;
        for (; i <= n - H; i += H) {
            DoubleVector v = DoubleVector.fromMemorySegment(D, ALL, x + 8L * i, ORDER);
            ((FloatVector) v.castShape(HALF_F, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(out + 4L * i, (float) Mem.getDouble(x + 8L * i));
        }
    }

    static void intsToFloats(long x, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            IntVector v = IntVector.fromMemorySegment(I, ALL, x + 4L * i, ORDER);
            ((FloatVector) v.convert(VectorOperators.I2F, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(out + 4L * i, Mem.getInt(x + 4L * i));
        }
    }

    static void floatsToInts(long x, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER);
            ((IntVector) v.convert(VectorOperators.F2I, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putInt(out + 4L * i, (int) Mem.getFloat(x + 4L * i));
        }
    }

    static void intsToLongs(long x, long out, int n) {
        int i = 0;
        for (; i <= n - H; i += H) {
            IntVector v = IntVector.fromMemorySegment(HALF_I, ALL, x + 4L * i, ORDER);
            ((LongVector) v.castShape(J, 0)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putLong(out + 8L * i, Mem.getInt(x + 4L * i));
        }
    }

    static void longsToInts(long x, long out, int n) {
        int i = 0;
        for (; i <= n - H; i += H) {
            LongVector v = LongVector.fromMemorySegment(J, ALL, x + 8L * i, ORDER);
            ((IntVector) v.castShape(HALF_I, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putInt(out + 4L * i, (int) Mem.getLong(x + 8L * i));
        }
    }

    static void intsToDoubles(long x, long out, int n) {
        int i = 0;
        for (; i <= n - H; i += H) {
            IntVector v = IntVector.fromMemorySegment(HALF_I, ALL, x + 4L * i, ORDER);
            ((DoubleVector) v.castShape(D, 0)).intoMemorySegment(ALL, out + 8L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putDouble(out + 8L * i, Mem.getInt(x + 4L * i));
        }
    }

    static void shortsToInts(long x, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            ShortVector v = ShortVector.fromMemorySegment(SHORTS, ALL, x + 2L * i, ORDER);
            ((IntVector) v.castShape(I, 0)).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putInt(out + 4L * i, Mem.getShort(x + 2L * i));
        }
    }

    static void boolsToFloats(long x, long out, int n) {
        FloatVector one = FloatVector.broadcast(F, 1f);
        FloatVector zero = FloatVector.zero(F);
        int i = 0;
        for (; i <= n - L; i += L) {
            VectorMask<Float> m = VectorMask.fromLong(F, Bits.load(x + i, L));
            zero.blend(one, m).intoMemorySegment(ALL, out + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(out + 4L * i, Mem.getByte(x + i));
        }
    }

    static void floatsToBools(long x, long out, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromMemorySegment(F, ALL, x + 4L * i, ORDER);
            Bits.store(out + i, v.compare(VectorOperators.NE, 0f).toLong(), L);
        }
        for (; i < n; i++) {
            Bits.put(out + i, Mem.getFloat(x + 4L * i) != 0);
        }
    }

    static void and(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - B.length(); i += B.length()) {
            ByteVector x = ByteVector.fromMemorySegment(B, ALL, a + i, ORDER);
            x.and(ByteVector.fromMemorySegment(B, ALL, b + i, ORDER)).intoMemorySegment(ALL, out + i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putByte(out + i, (byte) (Mem.getByte(a + i) & Mem.getByte(b + i)));
        }
    }

    static void or(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - B.length(); i += B.length()) {
            ByteVector x = ByteVector.fromMemorySegment(B, ALL, a + i, ORDER);
            x.or(ByteVector.fromMemorySegment(B, ALL, b + i, ORDER)).intoMemorySegment(ALL, out + i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putByte(out + i, (byte) (Mem.getByte(a + i) | Mem.getByte(b + i)));
        }
    }

    static void xor(long a, long b, long out, int n) {
        int i = 0;
        for (; i <= n - B.length(); i += B.length()) {
            ByteVector x = ByteVector.fromMemorySegment(B, ALL, a + i, ORDER);
            ByteVector y = ByteVector.fromMemorySegment(B, ALL, b + i, ORDER);
            x.lanewise(VectorOperators.XOR, y).intoMemorySegment(ALL, out + i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putByte(out + i, (byte) (Mem.getByte(a + i) ^ Mem.getByte(b + i)));
        }
    }

    static void not(long x, long out, int n) {
        int i = 0;
        for (; i <= n - B.length(); i += B.length()) {
            ByteVector v = ByteVector.fromMemorySegment(B, ALL, x + i, ORDER);
            v.lanewise(VectorOperators.XOR, (byte) 1).intoMemorySegment(ALL, out + i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putByte(out + i, (byte) (Mem.getByte(x + i) ^ 1));
        }
    }
}
