package dev.tenon.data.transform;

import dev.tenon.api.DType;
import dev.tenon.data.HostArray;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// Makes floats from 0 to 1 of bytes from 0 to 255: `U8` of any shape becomes `F32` of the same shape.
public record ToTensor() implements Transform {
    private static final float[] TABLE = new float[256];

    static {
        for (int i = 0; i < TABLE.length; i++) {
            TABLE[i] = i / 255f;
        }
    }

    /// @throws IllegalArgumentException if the array is not `U8`
    @Override
    public HostArray apply(HostArray image, RandomGenerator random) {
        if (image.dtype() != DType.U8) {
            throw new IllegalArgumentException("ToTensor: got " + image.dtype() + image.shape()
                + "; expected u8, and once only");
        }
        byte[] in = image.memory().heapBase().orElse(null) instanceof byte[] b
                && b.length == image.memory().byteSize() ? b : image.memory().toArray(ValueLayout.JAVA_BYTE);
        float[] out = new float[in.length];
        for (int i = 0; i < in.length; i++) {
            out[i] = TABLE[in[i] & 0xFF];
        }
        return HostArray.of(out, image.shape());
    }
}
