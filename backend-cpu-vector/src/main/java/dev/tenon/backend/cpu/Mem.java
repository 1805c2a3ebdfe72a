package dev.tenon.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Off-heap memory by raw address.
///
/// Every kernel of this backend reads and writes through the one constant segment [#ALL]: because it never changes,
/// C2 folds its
/// base, its scope and (mostly) its bounds away, and no kernel ever sees two kinds of storage, which costs a factor
/// of 4-5 for good.
/// Nothing here checks an address: the caller owns the memory it names.
///
/// How to write a loop over blocks, from what C2 makes of it (1,024 floats, three streams, two nanoseconds of noise):
///
/// ```java
/// long dy = y - x;
/// long dz = z - x;
/// for (long p = x, end = x + 4L * (n & -L); p < end; p += 4L * L) { // 64 ns; the same loop in C: 44-66 ns
///     FloatVector.fromMemorySegment(S, ALL, p, ORDER)
///             .add(FloatVector.fromMemorySegment(S, ALL, p + dy, ORDER))
///             .intoMemorySegment(ALL, p + dz, ORDER);
/// }
/// ```
///
/// One `long` variable that *is* an address, a constant step and a plain `<`: C2 cuts it into a loop nest, hoists
/// all bounds checks before it
/// and unrolls it by four; 20 ns of the 64 are that preamble. With an index (`x + 4 * i`) it is 73 ns if the index
/// is a long and 105 if it is an int
/// (checks and address arithmetic stay in the loop); unrolling by hand makes it 77-110. A tail goes after the loop
/// with one masked step.
/// Where the step is not constant, mask the address once an iteration with [#MASK]: what is at constant distances
/// from it needs no check.
/// A stream's place modulo 4 KiB matters: a load that follows a store 64 to a few hundred bytes higher (modulo
/// 4,096) waits for it, 64 ns become
/// 80, in C as well. So outputs are best at the same place in a page as inputs, as page-aligned blocks are.
/// `-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0` drops all checks of a process (41 ns here); matrix products
/// gain nothing by it.
public final class Mem {

    /// All of memory; offsets into it are addresses.
    @SuppressWarnings("restricted")
    public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /// What to mask an address with so that C2 knows it is in range and drops the check: no address has more bits.
    public static final long MASK = (1L << 61) - 1;

    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    private Mem() {}

    public static float getFloat(long address) {
        return ALL.get(F32, address);
    }

    public static void putFloat(long address, float value) {
        ALL.set(F32, address, value);
    }

    public static double getDouble(long address) {
        return ALL.get(F64, address);
    }

    public static void putDouble(long address, double value) {
        ALL.set(F64, address, value);
    }

    public static long getLong(long address) {
        return ALL.get(I64, address);
    }

    public static void putLong(long address, long value) {
        ALL.set(I64, address, value);
    }

    public static int getInt(long address) {
        return ALL.get(I32, address);
    }

    public static void putInt(long address, int value) {
        ALL.set(I32, address, value);
    }

    public static short getShort(long address) {
        return ALL.get(I16, address);
    }

    public static void putShort(long address, short value) {
        ALL.set(I16, address, value);
    }

    public static byte getByte(long address) {
        return ALL.get(I8, address);
    }

    public static void putByte(long address, byte value) {
        ALL.set(I8, address, value);
    }

    /// Copies one element of 4 or 8 bytes.
    public static void copyElement(long src, long dst, int bytes) {
        if (bytes == 4) {
            putInt(dst, getInt(src));
        } else {
            putLong(dst, getLong(src));
        }
    }

    /// Copies bytes; the ranges may overlap.
    public static void copy(long src, long dst, long bytes) {
        MemorySegment.copy(ALL, src, ALL, dst, bytes);
    }

    /// Sets bytes to zero.
    public static void zero(long address, long bytes) {
        ALL.asSlice(address, bytes).fill((byte) 0);
    }
}
