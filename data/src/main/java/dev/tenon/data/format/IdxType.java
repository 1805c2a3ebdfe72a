package dev.tenon.data.format;

import org.jspecify.annotations.Nullable;

/// The element types of IDX files, all big endian.
public enum IdxType {
    /// Unsigned 8-bit integers.
    U8(0x08, 1),
    /// Signed 8-bit integers.
    I8(0x09, 1),
    /// Signed 16-bit integers.
    I16(0x0B, 2),
    /// Signed 32-bit integers.
    I32(0x0C, 4),
    /// IEEE 754 32-bit floats.
    F32(0x0D, 4),
    /// IEEE 754 64-bit floats.
    F64(0x0E, 8);

    private final int code;
    private final int bytes;

    IdxType(int code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /// The code in the third byte of the file.
    public int code() {
        return code;
    }

    /// Bytes per element.
    public int bytes() {
        return bytes;
    }

    /// The type of a code, or null if there is none.
    static @Nullable IdxType ofCode(int code) {
        for (IdxType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }
}
