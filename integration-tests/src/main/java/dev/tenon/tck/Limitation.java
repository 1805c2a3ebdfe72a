package dev.tenon.tck;

import dev.tenon.api.DType;
import java.util.Optional;

/// Something that a backend declares it cannot do. The suite then expects a clear error instead of a result, and shows
/// the limitation in the support matrix.
///
/// @param op the name of the operation as the support matrix shows it, or `*` for every one
/// @param dtype the dtype; empty for every one
/// @param reason why, in words for the reader of the matrix
public record Limitation(String op, Optional<DType> dtype, String reason) {

    /// A dtype that the backend does not know at all.
    public static Limitation dtype(DType dtype, String reason) {
        return new Limitation("*", Optional.of(dtype), reason);
    }

    /// An operation that the backend has for no dtype.
    public static Limitation op(String op, String reason) {
        return new Limitation(op, Optional.empty(), reason);
    }

    /// An operation that the backend does not have for a dtype.
    public static Limitation of(String op, DType dtype, String reason) {
        return new Limitation(op, Optional.of(dtype), reason);
    }

    boolean covers(String operation, DType type) {
        return (op.equals("*") || op.equals(operation)) && (dtype.isEmpty() || dtype.get() == type);
    }
}
