package dev.tenon.conformance;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.Parameter;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A result of a call with what its comparison has to know.
///
/// @param value the result, as an entry of a table gives it
/// @param random whether dtypes and shapes alone are determined
/// @param expected what has to be made of the expected tensors before they are compared
/// @param parameters the parameters of a layer that was loaded with operands: their gradients are the operands'
/// @param gradientTolerance the least relative tolerance of gradients
record Outcome(@Nullable Object value, boolean random, UnaryOperator<List<Tensor>> expected,
        Map<Tensor, Parameter> parameters, double gradientTolerance) {
    static Outcome of(@Nullable Object value) {
        return value instanceof Outcome o ? o : new Outcome(value, false, w -> w, Map.of(), 0);
    }

    /// Random numbers: the dtype and the shape are compared.
    static Outcome random(@Nullable Object value) {
        return new Outcome(value, true, w -> w, Map.of(), 0);
    }

    /// Compared with another form of what is expected.
    static Outcome against(@Nullable Object value, UnaryOperator<List<Tensor>> expected) {
        return new Outcome(value, false, expected, Map.of(), 0);
    }

    /// Compared only where a condition is true.
    static Outcome where(Tensor condition, Tensor value) {
        return against(value, w -> List.of(Tensors.where(condition, w.getFirst(), value)));
    }

    /// The result of a layer whose parameters hold the values of operands.
    static Outcome ofLayer(@Nullable Object value, Map<Tensor, Parameter> parameters) {
        return new Outcome(value, false, w -> w, parameters, 0);
    }

    /// Gradients of lower precision.
    static Outcome roughGradients(@Nullable Object value, double tolerance) {
        return new Outcome(value, false, w -> w, Map.of(), tolerance);
    }
}
