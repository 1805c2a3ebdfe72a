package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The block functions with the Vector API.
final class VectorMathKernels implements MathKernels {

    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int L = I.length();
    private static final VectorSpecies<Short> H = VectorSpecies.of(short.class, VectorShape.forBitSize(L * Short.SIZE));
    private static final MemorySegment ALL = Mem.ALL;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private VectorMathKernels() {}

    static MathKernels create() {
        return new VectorMathKernels();
    }

    @Override
    public void f32(UnaryFn fn, long src, long dst, int n) {
        VectorMathF32.apply(fn, src, dst, n);
    }

    @Override
    public void f64(UnaryFn fn, long src, long dst, int n) {
        VectorMathF64.apply(fn, src, dst, n);
    }

    @Override
    public void f32(BinaryFn fn, long a, long b, long dst, int n) {
        VectorMathF32.wide(fn, a, b, dst, n);
    }

    @Override
    public void f64(BinaryFn fn, long a, long b, long dst, int n) {
        VectorMathF64.apply(fn, a, b, dst, n, false);
    }

    private static IntVector widen(long src) {
        return (IntVector) ShortVector.fromMemorySegment(H, ALL, src, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
    }

    private static void narrow(IntVector v, long dst) {
        ((ShortVector) v.convertShape(VectorOperators.I2S, H, 0)).intoMemorySegment(ALL, dst, ORDER);
    }

    /// Exponent and mantissa move into place and one multiplication by 2^112 corrects the bias, of subnormals too.
    @Override
    public void f16ToF32(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            IntVector h = widen(src + 2L * i);
            IntVector m = h.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
            IntVector f = m.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
            f = f.blend(m.or(0x7f800000), m.compare(VectorOperators.GE, 0x0f800000));
            f.or(h.and(0x8000).lanewise(VectorOperators.LSHL, 16)).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putFloat(dst + 4L * i, Float.float16ToFloat(Mem.getShort(src + 2L * i)));
        }
    }

    @Override
    public void f32ToF16(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            IntVector x = IntVector.fromMemorySegment(I, ALL, src + 4L * i, ORDER);
            IntVector a = x.and(0x7fffffff);
            IntVector odd = a.lanewise(VectorOperators.LSHR, 13).and(1);
            IntVector r = a.add(odd).sub(0x38000000 - 0xfff).lanewise(VectorOperators.LSHR, 13);
            // below the normal range: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits
            IntVector small = a.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(0x3f000000);
            r = r.blend(small, a.lt(0x38800000));
            r = r.blend(0x7c00, a.compare(VectorOperators.GE, 0x477ff000));
            IntVector nan = a.lanewise(VectorOperators.LSHR, 13).and(0x3ff).or(0x7e00);
            r = r.blend(nan, a.compare(VectorOperators.GT, 0x7f800000));
            narrow(r.or(x.lanewise(VectorOperators.LSHR, 16).and(0x8000)), dst + 2L * i);
        }
        for (; i < n; i++) {
            Mem.putShort(dst + 2L * i, Float.floatToFloat16(Mem.getFloat(src + 4L * i)));
        }
    }

    @Override
    public void bf16ToF32(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            widen(src + 2L * i).lanewise(VectorOperators.LSHL, 16).intoMemorySegment(ALL, dst + 4L * i, ORDER);
        }
        for (; i < n; i++) {
            Mem.putInt(dst + 4L * i, Mem.getShort(src + 2L * i) << 16);
        }
    }

    @Override
    public void f32ToBf16(long src, long dst, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            IntVector x = IntVector.fromMemorySegment(I, ALL, src + 4L * i, ORDER);
            IntVector high = x.lanewise(VectorOperators.LSHR, 16);
            IntVector r = x.add(high.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = x.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
            narrow(r.blend(high.or(0x40), nan), dst + 2L * i);
        }
        for (; i < n; i++) {
            Mem.putShort(dst + 2L * i, ScalarMathKernels.toBf16(Mem.getInt(src + 4L * i)));
        }
    }
}
