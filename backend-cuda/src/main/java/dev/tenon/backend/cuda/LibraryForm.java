package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// An op as cuDNN knows it.
sealed interface LibraryForm permits ConvolutionForm, NormForm, AttentionForm {
    /// Fewer multiplications are not worth the library's call.
    double LEAST_PRODUCTS = 64 * 64 * 64;

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

    /// Whether the library's kernel is held against ours on the device before it is taken, and does not win by its size
    /// alone.
    boolean isMeasured();

    /// The form of an op, or empty if it is none for cuDNN.
    static Optional<LibraryForm> of(Op op, List<TensorType> in, List<TensorType> out) {
        Stream<Optional<? extends LibraryForm>> all =
                Stream.of(ConvolutionForm.of(op, in, out), NormForm.of(op, in, out), AttentionForm.of(op, in, out));
        return all.<LibraryForm>flatMap(Optional::stream).findFirst();
    }
}
