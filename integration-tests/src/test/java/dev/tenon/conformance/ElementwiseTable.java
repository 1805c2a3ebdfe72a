package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.Tensor;
import java.util.function.UnaryOperator;

/// Operations on each element by itself.
final class ElementwiseTable {
    private ElementwiseTable() {}

    static void unary(String name, UnaryOperator<Tensor> f) {
        add(name, "input", a -> f.apply(a.x()));
    }

    static void fill() {
        unary("abs", Tensor::abs);
        unary("exp", Tensor::exp);
    }
}
