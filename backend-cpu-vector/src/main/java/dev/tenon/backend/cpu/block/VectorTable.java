package dev.tenon.backend.cpu.block;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.UnaryFn;
import java.util.Optional;

/// Finds the vector block functions that there are. Loaded only where the Vector API is.
final class VectorTable {
    private VectorTable() {}

    static Reductions reductions() {
        return new Reductions();
    }

    static Optional<Fn1> unary(UnaryFn fn, Kind kind) {
        return Optional.empty();
    }

    static Optional<Fn2> binary(BinaryFn fn, Kind kind) {
        return Optional.empty();
    }

    static Optional<Fn3> select(Kind kind) {
        return Optional.empty();
    }

    static Optional<Fn1> convert(Kind from, Kind to) {
        return Optional.empty();
    }

    static Optional<Fn1> widen(DType dtype) {
        return Optional.empty();
    }

    static Optional<Fn1> narrow(DType dtype) {
        return Optional.empty();
    }
}
