package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/// Arithmetic, comparisons and logic, element by element.
final class Elementwise {
    private Elementwise() {}

    static void register(Operators r) {
        arithmetic(r);
        comparisons(r);
        bits(r);
        r.same("Abs", 1, c -> c.type(0).isUnsigned() ? c.x(0) : c.x(0).abs());
        r.same("Neg", 1, c -> c.x(0).neg());
        r.same("Sign", 9, c -> c.type(0) == OnnxType.UINT64 ? c.x(0).ne(0) : c.x(0).sign());
        unary(r, "Ceil", 1, Tensor::ceil);
        unary(r, "Floor", 1, Tensor::floor);
        unary(r, "Round", 11, Tensor::round);
        unary(r, "Sqrt", 1, Tensor::sqrt);
        unary(r, "Exp", 1, Tensor::exp);
        unary(r, "Log", 1, Tensor::log);
        unary(r, "Reciprocal", 1, Tensor::reciprocal);
        unary(r, "Erf", 9, Tensor::erf);
        unary(r, "Sin", 7, Tensor::sin);
        unary(r, "Cos", 7, Tensor::cos);
        unary(r, "Tan", 7, Tensor::tan);
        unary(r, "Asin", 7, Tensor::asin);
        unary(r, "Acos", 7, Tensor::acos);
        unary(r, "Atan", 7, Tensor::atan);
        unary(r, "Sinh", 9, Tensor::sinh);
        unary(r, "Cosh", 9, Tensor::cosh);
        unary(r, "Tanh", 1, Tensor::tanh);
        unary(r, "Asinh", 9, Tensor::asinh);
        unary(r, "Acosh", 9, Tensor::acosh);
        unary(r, "Atanh", 9, Tensor::atanh);
        r.plain("IsNaN", 9, c -> c.x(0).isNaN());
        r.plain("IsInf", 10, Elementwise::isInf);
        r.add("Where", 9, c -> List.of(c.like(1, c.x(1).where(c.x(0), c.x(2)))));
        r.same("Clip", 1, Elementwise::clip);
    }

    static void unary(Operators r, String name, int since, UnaryOperator<Tensor> f) {
        r.same(name, since, c -> f.apply(c.x(0)));
    }

    private static Tensor isInf(Call c) {
        boolean positive = c.flag("detect_positive", true);
        boolean negative = c.flag("detect_negative", true);
        Tensor x = c.x(0);
        return positive && negative ? x.isInf() : positive ? x.isPosInf() : negative ? x.isNegInf()
                : c.full(x.shape(), 0, DType.BOOL);
    }

    private static Tensor clip(Call c) {
        Tensor x = c.x(0);
        if (!c.since(11)) {
            return x.clamp(c.attr("min", Double.NEGATIVE_INFINITY), c.attr("max", Double.POSITIVE_INFINITY));
        }
        if (c.type(0) == OnnxType.UINT64) {
            Tensor low = c.has(1) ? choose(Unsigned.less(x, c.x(1)), c.x(1), x) : x;
            return c.has(2) ? choose(Unsigned.less(c.x(2), low), c.x(2), low) : low;
        }
        // As numpy's clip: where the bounds cross, the upper one wins.
        Tensor low = c.has(1) ? x.maximum(c.x(1)) : x;
        return c.has(2) ? low.minimum(c.x(2)) : low;
    }

    static Tensor choose(Tensor condition, Tensor a, Tensor b) {
        return a.where(condition, b);
    }

    // --- arithmetic

    private static void arithmetic(Operators r) {
        binary(r, "Add", 1, Tensor::add);
        binary(r, "Sub", 1, Tensor::sub);
        binary(r, "Mul", 1, Tensor::mul);
        r.same("Div", 1, c -> {
            Tensor a = c.x(0);
            Tensor b = second(c);
            return c.type(0) == OnnxType.UINT64 ? Unsigned.divide(a, b)
                    : a.dtype().isFloating() ? a.div(b) : a.truncDivide(b);
        });
        r.same("Mod", 10, c -> {
            Tensor a = c.x(0);
            Tensor b = c.x(1);
            return c.type(0) == OnnxType.UINT64 ? Unsigned.remainder(a, b)
                    : c.flag("fmod", false) ? a.fmod(b) : remainder(a, b);
        });
        r.same("Pow", 1, Elementwise::pow);
        r.same("Max", 1, c -> fold(c, (a, b) -> c.type(0) == OnnxType.UINT64
                ? choose(Unsigned.less(a, b), b, a) : a.maximum(b)));
        r.same("Min", 1, c -> fold(c, (a, b) -> c.type(0) == OnnxType.UINT64
                ? choose(Unsigned.less(a, b), a, b) : a.minimum(b)));
        r.same("Sum", 1, c -> fold(c, Tensor::add));
        r.same("Mean", 1, c -> fold(c, Tensor::add).div((double) c.inputs()));
    }

    /// A zero remainder has the sign of the divisor, as in Python.
    private static Tensor remainder(Tensor a, Tensor b) {
        Tensor m = a.remainder(b);
        return a.dtype().isFloating() ? m.copysign(b).where(m.eq(0), m) : m;
    }

    private static Tensor fold(Call c, BinaryOperator<Tensor> f) {
        return c.all().stream().reduce(f).orElseThrow(() -> new IllegalArgumentException("takes at least one input"));
    }

    private static void binary(Operators r, String name, int since, BinaryOperator<Tensor> f) {
        r.same(name, since, c -> f.apply(c.x(0), second(c)));
    }

    /// The second operand. Until version 7 its axes were aligned with those from `axis` on, where asked for.
    static Tensor second(Call c) {
        Tensor b = c.x(1);
        if (c.since(7) || !c.flag("broadcast", false) || !c.hasAttr("axis")) {
            return b;
        }
        int rank = c.x(0).rank();
        int axis = c.axis("axis", 0, rank);
        Tensor t = b;
        for (int i = axis + b.rank(); i < rank; i++) {
            t = t.unsqueeze(t.rank());
        }
        return t;
    }

    private static Tensor pow(Call c) {
        Tensor a = c.x(0);
        Tensor b = second(c);
        if (a.dtype() == b.dtype()) {
            return a.pow(b);
        }
        if (a.dtype().isFloating()) {
            return a.pow(b.to(a.dtype()));
        }
        if (!b.dtype().isFloating()) {
            return a.to(DType.I64).pow(b.to(DType.I64));
        }
        return a.to(DType.F64).pow(b.to(DType.F64));
    }

    // --- comparisons and logic

    private static void comparisons(Operators r) {
        r.plain("Equal", 1, c -> c.x(0).eq(second(c)));
        compare(r, "Less", 1, Tensor::lt, Unsigned::less);
        compare(r, "Greater", 1, Tensor::gt, (a, b) -> Unsigned.less(b, a));
        compare(r, "LessOrEqual", 12, Tensor::le, (a, b) -> Unsigned.less(b, a).logicalNot());
        compare(r, "GreaterOrEqual", 12, Tensor::ge, (a, b) -> Unsigned.less(a, b).logicalNot());
        r.plain("And", 1, c -> c.x(0).logicalAnd(second(c)));
        r.plain("Or", 1, c -> c.x(0).logicalOr(second(c)));
        r.plain("Xor", 1, c -> c.x(0).logicalXor(second(c)));
        r.plain("Not", 1, c -> c.x(0).logicalNot());
    }

    private static void compare(Operators r, String name, int since, BiFunction<Tensor, Tensor, Tensor> f,
            BinaryOperator<Tensor> unsigned) {
        r.plain(name, since, c -> c.type(0) == OnnxType.UINT64 ? unsigned.apply(c.x(0), c.x(1))
                : f.apply(c.x(0), second(c)));
    }

    // --- bits

    private static void bits(Operators r) {
        binary(r, "BitwiseAnd", 18, Tensor::bitwiseAnd);
        binary(r, "BitwiseOr", 18, Tensor::bitwiseOr);
        binary(r, "BitwiseXor", 18, Tensor::bitwiseXor);
        unary(r, "BitwiseNot", 18, Tensor::bitwiseNot);
        r.same("BitShift", 11, c -> {
            String direction = c.attr("direction", "");
            OnnxType type = c.type(0);
            Tensor a = c.x(0);
            Tensor by = c.x(1);
            Tensor shifted = switch (direction) {
                case "LEFT" -> a.bitwiseLeftShift(by);
                case "RIGHT" -> type == OnnxType.UINT64 ? Unsigned.shiftRight(a, by) : a.bitwiseRightShift(by);
                default -> throw new IllegalArgumentException("direction \"" + direction
                        + "\": expected LEFT or RIGHT");
            };
            Tensor inside = by.ge(0).logicalAnd(by.lt(type.bits()));
            // Beyond the width nothing is left but the sign.
            Tensor beyond = direction.equals("RIGHT") && !type.isUnsigned() ? a.lt(0).to(a.dtype()).neg()
                    : Tensors.full(Shape.SCALAR, 0, a.dtype(), a.device());
            return type.hold(shifted).where(inside, beyond);
        });
    }
}
