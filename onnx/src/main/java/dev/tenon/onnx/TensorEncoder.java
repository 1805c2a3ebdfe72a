package dev.tenon.onnx;

import dev.tenon.api.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The bytes of tensors as ONNX files hold them: little-endian, row-major, elements of 4 and 2 bits packed.
final class TensorEncoder {
    private TensorEncoder() {}

    /// The bytes of a tensor.
    ///
    /// @throws IllegalArgumentException if they are more than 2 GiB, or the elements are strings
    static ByteBuffer encode(OnnxType type, Tensor tensor) {
        long elements = tensor.elements();
        long bytes = type.isComplex() ? elements * type.bits() / 16 : (elements * type.bits() + 7) / 8;
        if (bytes > Integer.MAX_VALUE - 16 || type == OnnxType.STRING) {
            throw new IllegalArgumentException("a tensor " + type + tensor.shape() + " takes " + bytes + " bytes");
        }
        ByteBuffer b = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case UINT16 -> {
                for (int v : tensor.toIntArray()) {
                    b.putShort((short) v);
                }
            }
            case UINT32 -> {
                for (long v : tensor.toLongArray()) {
                    b.putInt((int) v);
                }
            }
            case UINT4, INT4, UINT2, INT2 -> {
                int[] v = tensor.toIntArray();
                pack(b, v, type.bits());
            }
            case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT8E8M0, FLOAT4E2M1 -> {
                float[] v = tensor.toFloatArray();
                SmallFloats table = SmallFloats.of(type);
                int[] codes = new int[v.length];
                for (int i = 0; i < v.length; i++) {
                    codes[i] = table.code(v[i], true);
                }
                pack(b, codes, type.bits());
            }
            default -> {
                tensor.copyTo(MemorySegment.ofBuffer(b));
                b.position((int) bytes);
            }
        }
        return b.flip();
    }

    private static void pack(ByteBuffer b, int[] codes, int bits) {
        int per = 8 / bits;
        for (int i = 0; i < codes.length; i += per) {
            int all = 0;
            for (int k = 0; k < per && i + k < codes.length; k++) {
                all |= (codes[i + k] & (1 << bits) - 1) << k * bits;
            }
            b.put((byte) all);
        }
    }
}
