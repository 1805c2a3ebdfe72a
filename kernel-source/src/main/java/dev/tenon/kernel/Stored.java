package dev.tenon.kernel;

import dev.tenon.api.DType;

/// How an operand of a product lies in memory, for kernels that read more of it than single elements.
///
/// @param dtype of its elements
/// @param operand its number among the kernel's operands
/// @param deep whether elements that follow each other along the depth are neighbours in memory; else those that follow
///     each other along the rows (of the left operand) or columns (of the right) are, if any
/// @param pieces whether, along that axis, 16 bytes from every multiple of 16 bytes on lie together in memory, at
///     multiples of 16 bytes from the operand's beginning
record Stored(DType dtype, int operand, boolean deep, boolean pieces) {
    /// What kernels read at once.
    static final int PIECE = 16;

    /// How many elements make a piece.
    int perPiece() {
        return PIECE / dtype.bytes();
    }

    /// Whether steps of so many elements are whole pieces.
    static boolean whole(DType dtype, long elements) {
        return elements * dtype.bytes() % PIECE == 0;
    }

    /// The name of the operand's memory in a kernel.
    String memory() {
        return "x" + operand;
    }
}
