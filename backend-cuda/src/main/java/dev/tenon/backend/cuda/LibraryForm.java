package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;

/// An op as cuDNN knows it.
sealed interface LibraryForm permits ConvolutionForm {
    /// What it is, in an error's words.
    String what();

    /// What is multiplied or normalised.
    DType dtype();

    /// Which of the op's operands the library reads. Their addresses come first in those of a plan, then all results'.
    List<Integer> operands();

    /// How many results the op has.
    int results();

    /// Whether it is large enough for the library's call.
    boolean isWorthwhile();

    /// The form of an op, or empty if it is none for cuDNN.
    static Optional<? extends LibraryForm> of(Op op, List<TensorType> in, List<TensorType> out) {
        return ConvolutionForm.of(op, in, out);
    }
}
