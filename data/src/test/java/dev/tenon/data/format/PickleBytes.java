package dev.tenon.data.format;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes pickles opcode by opcode, good ones and bad ones.
final class PickleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    PickleBytes() {
        raw(0x80, 2);
    }

    PickleBytes raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    /// Opcodes that are letters.
    PickleBytes ops(String letters) {
        out.writeBytes(letters.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    PickleBytes text(String s) {
        byte[] b = s.getBytes(StandardCharsets.UTF_8);
        return ops("X").int32(b.length).bytes(b);
    }

    PickleBytes integer(int n) {
        return ops("J").int32(n);
    }

    PickleBytes big(long n) {
        return raw(0x8A, 8).bytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(n).array());
    }

    PickleBytes int32(int n) {
        return bytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(n).array());
    }

    PickleBytes int64(long n) {
        return bytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(n).array());
    }

    PickleBytes bytes(byte... b) {
        out.writeBytes(b);
        return this;
    }

    PickleBytes global(String module, String name) {
        return ops("c" + module + "\n" + name + "\n");
    }

    /// A tuple of integers.
    PickleBytes tuple(long... items) {
        ops("(");
        for (long i : items) {
            big(i);
        }
        return ops("t");
    }

    /// A tensor in storage `key`.
    PickleBytes tensor(String storageType, String key, long elements, long offset, long[] shape, long[] strides) {
        global("torch._utils", "_rebuild_tensor_v2").ops("((").text("storage").global("torch", storageType).text(key)
                .text("cpu").big(elements).ops("tQ").big(offset).tuple(shape).tuple(strides);
        return raw(0x89).global("collections", "OrderedDict").ops(")RtR");
    }

    byte[] stop() {
        return ops(".").out.toByteArray();
    }
}
