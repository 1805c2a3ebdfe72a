package dev.tenon.onnx;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;

/// Arithmetic on unsigned integers of 64 bits, held in `I64`. Sums, differences, products and equality are those of
/// signed integers.
final class Unsigned {
    private Unsigned() {}

    private static Tensor number(long v, Tensor like) {
        return Tensors.number(v, like);
    }

    /// In the order of signed integers what is in the order of unsigned ones, and back.
    static Tensor flipped(Tensor x) {
        return x.bitwiseXor(number(Long.MIN_VALUE, x));
    }

    static Tensor less(Tensor a, Tensor b) {
        return flipped(a).lt(flipped(b));
    }

    /// Division by shifting (Warren, "Hacker's Delight", 9-3).
    static Tensor divide(Tensor a, Tensor b) {
        Tensor half = a.bitwiseRightShift(number(1, a)).bitwiseAnd(number(Long.MAX_VALUE, a));
        Tensor quotient = half.truncDivide(b).bitwiseLeftShift(number(1, a));
        Tensor rest = a.sub(quotient.mul(b));
        Tensor positive = quotient.add(less(rest, b).logicalNot().to(a.dtype()));
        Tensor large = less(a, b).logicalNot().to(a.dtype());
        return large.where(b.lt(0), positive);
    }

    static Tensor remainder(Tensor a, Tensor b) {
        return a.sub(divide(a, b).mul(b));
    }

    static Tensor shiftRight(Tensor a, Tensor by) {
        Tensor once = a.bitwiseRightShift(number(1, a)).bitwiseAnd(number(Long.MAX_VALUE, a));
        return a.where(by.eq(0), once.bitwiseRightShift(by.sub(1)));
    }
}
