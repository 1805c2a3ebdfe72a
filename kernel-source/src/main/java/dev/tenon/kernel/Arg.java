package dev.tenon.kernel;

import dev.tenon.api.DType.Kind;

/// One argument of a generated kernel. A buffer takes two arguments of the kernel function: the pointer to the block of
/// memory, and as `i64` the number of elements to skip, so that languages without pointers to the middle of a buffer
/// can be served.
public sealed interface Arg {
    /// An operand.
    ///
    /// @param index the operand's number
    /// @param elementBytes the size of an element, for its offset
    record Input(int index, int elementBytes) implements Arg {}

    /// A result.
    ///
    /// @param index the result's number
    /// @param elementBytes the size of an element, for its offset
    record Output(int index, int elementBytes) implements Arg {}

    /// A part of the scratch memory.
    ///
    /// @param byteOffset where it starts in the scratch memory
    /// @param elementBytes the size of an element, for its offset
    record Workspace(long byteOffset, int elementBytes) implements Arg {}

    /// An integer that was fixed when the kernel was generated, an `i64` if wide, else an `i32`.
    record Number(boolean wide, long value) implements Arg {}

    /// A number of the run's [dev.tenon.api.op.Scalars], as an argument of that kind (`i32` for truth values).
    record Param(Kind kind, int slot) implements Arg {}
}
