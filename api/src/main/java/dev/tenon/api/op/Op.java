package dev.tenon.api.op;

import java.util.List;

/// An operation as data: the attributes only, operands are a separate list. Ops are immutable and compare by value,
/// because they are the key under which prepared kernels are cached and what captured graphs and files hold.
public sealed interface Op permits Primitive, Composite, CustomOp {

    /// The op's name in messages and graphs, such as `matmul`.
    String name();

    /// The version of the op's meaning; raised when the meaning of its attributes changes, for the sake of saved
    /// graphs.
    default int version() {
        return 1;
    }

    /// The types of the outputs for operands of the given types; the one place where unfit shapes and dtypes are
    /// reported.
    ///
    /// @throws dev.tenon.api.TensorException if the operands do not fit; the message names the op, the operands, what
    ///     was expected and what to do
    List<TensorType> infer(List<TensorType> in);

    /// Numbers that may change from run to run without a new kernel being prepared.
    default Scalars scalars() {
        return Scalars.NONE;
    }

    /// The same op with other numbers; ops without [#scalars()] are their own.
    default Op withScalars(Scalars numbers) {
        return this;
    }

    /// The op as the kernel cache sees it: without the numbers of [#scalars()].
    default Op kernelKey() {
        return this;
    }
}
