package dev.tenon.backend.cpu.math;

import dev.tenon.backend.cpu.Mem;

/// The block functions without the Vector API: one element at a time, in double precision.
final class ScalarMathKernels implements MathKernels {

    @Override
    public void f32(UnaryFn fn, long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(src + 4L * i)));
        }
    }

    @Override
    public void f64(UnaryFn fn, long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putDouble(dst + 8L * i, fn.apply(Mem.getDouble(src + 8L * i)));
        }
    }

    @Override
    public void f32(BinaryFn fn, long a, long b, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putFloat(dst + 4L * i, (float) fn.apply(Mem.getFloat(a + 4L * i), Mem.getFloat(b + 4L * i)));
        }
    }

    @Override
    public void f64(BinaryFn fn, long a, long b, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putDouble(dst + 8L * i, fn.apply(Mem.getDouble(a + 8L * i), Mem.getDouble(b + 8L * i)));
        }
    }

    @Override
    public void f16ToF32(long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putFloat(dst + 4L * i, Float.float16ToFloat(Mem.getShort(src + 2L * i)));
        }
    }

    @Override
    public void f32ToF16(long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putShort(dst + 2L * i, Float.floatToFloat16(Mem.getFloat(src + 4L * i)));
        }
    }

    @Override
    public void bf16ToF32(long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putInt(dst + 4L * i, Mem.getShort(src + 2L * i) << 16);
        }
    }

    @Override
    public void f32ToBf16(long src, long dst, int n) {
        for (int i = 0; i < n; i++) {
            Mem.putShort(dst + 2L * i, toBf16(Mem.getInt(src + 4L * i)));
        }
    }

    static short toBf16(int bits) {
        boolean nan = (bits & 0x7fffffff) > 0x7f800000;
        return (short) (nan ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
