package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Operations on each element by itself.
final class ElementwiseTable {
    private ElementwiseTable() {}

    /// With a number as second operand.
    interface WithDouble {
        Tensor apply(Tensor x, double y);
    }

    /// With an integer as second operand.
    interface WithLong {
        Tensor apply(Tensor x, long y);
    }

    static void unary(String name, UnaryOperator<Tensor> f) {
        add(name, "input memory_format", a -> f.apply(a.x()));
    }

    /// An operand as a tensor: a number is made one that promotes as a number does.
    static Tensor operand(Args a, String name, Tensor with) {
        Object v = a.get(name);
        return v == null ? a.t(name) : number(v, with);
    }

    static Tensor number(Object v, Tensor with) {
        return switch (v) {
            case Tensor t -> t;
            case Double d -> Tensors.number(d, with);
            case Long l -> Tensors.number(l, with);
            case Boolean b -> Tensors.full(Shape.SCALAR, b ? 1 : 0, DType.BOOL, with.device());
            default -> throw new TensorException("an operand is " + v + ", expected a tensor or a number");
        };
    }

    /// Two operands, of which one may be a number.
    static void binary(String name, String parameters, BinaryOperator<Tensor> f) {
        String[] p = parameters.split(" ");
        add(name, parameters, a -> {
            Tensor with = a.isTensor(p[0]) ? a.t(p[0]) : a.t(p[1]);
            return f.apply(operand(a, p[0], with), operand(a, p[1], with));
        });
    }

    static void binary(String name, BinaryOperator<Tensor> f) {
        binary(name, "input other", f);
    }

    /// Two operands; numbers go to the methods that take numbers.
    private static void binary(String name, BinaryOperator<Tensor> f, WithDouble d, WithLong l) {
        add(name, "input other", a -> with(a, "other", f, d, l));
        add("promotion." + name, "input other", a -> with(a, "other", f, d, l));
    }

    private static Tensor with(Args a, String name, BinaryOperator<Tensor> f, WithDouble d, WithLong l) {
        if (!a.isTensor("input")) {
            return f.apply(operand(a, "input", a.t(name)), a.t(name));
        }
        return switch (a.get(name)) {
            case Double v -> d.apply(a.x(), v);
            case Long v -> l.apply(a.x(), v);
            case null, default -> f.apply(a.x(), operand(a, name, a.x()));
        };
    }

    static void fill() {
        arithmetic();
        comparisons();
        functions();
        reflected();
        limits();
    }

    private static void arithmetic() {
        add("add", "input other alpha", a -> a.x().add(operand(a, "other", a.x()), a.f("alpha", 1)));
        add("sub", "input other alpha", a -> a.x().sub(operand(a, "other", a.x()), a.f("alpha", 1)));
        add("promotion.add", "input other", a -> with(a, "other", Tensor::add, Tensor::add, Tensor::add));
        add("promotion.sub", "input other", a -> with(a, "other", Tensor::sub, Tensor::sub, Tensor::sub));
        binary("mul", Tensor::mul, Tensor::mul, Tensor::mul);
        binary("true_divide", Tensor::div);
        binary("remainder", Tensor::remainder, Tensor::remainder, Tensor::remainder);
        binary("floor_divide", Tensor::floorDivide, Tensor::floorDivide, Tensor::floorDivide);
        binary("fmod", Tensor::fmod);
        add("div", "input other rounding_mode", a -> {
            Tensor y = operand(a, "other", a.x());
            return switch (a.s("rounding_mode", "")) {
                case "" -> a.x().div(y);
                case "floor" -> a.x().floorDivide(y);
                case "trunc" -> a.x().truncDivide(y);
                default -> throw new TensorException("div: rounding mode " + a.get("rounding_mode") + " is unknown");
            };
        });
        add("promotion.div", "input other", a -> with(a, "other", Tensor::div, Tensor::div, Tensor::div));
        add("pow", "input exponent", a -> with(a, "exponent", Tensor::pow, Tensor::pow, Tensor::pow));
        add("promotion.pow", "input exponent", a -> with(a, "exponent", Tensor::pow, Tensor::pow, Tensor::pow));
        binary("float_power", "input exponent", Tensor::floatPower);
        binary("maximum", Tensor::maximum);
        binary("promotion.maximum", Tensor::maximum);
        binary("minimum", Tensor::minimum);
        binary("fmax", Tensor::fmax);
        binary("fmin", Tensor::fmin);
        add("addcmul", "input tensor1 tensor2 value",
                a -> a.x().addcmul(a.t("tensor1"), a.t("tensor2"), a.f("value", 1)));
        add("addcdiv", "input tensor1 tensor2 value",
                a -> a.x().addcdiv(a.t("tensor1"), a.t("tensor2"), a.f("value", 1)));
        add("lerp", "input end weight", a -> a.isTensor("weight")
                ? a.x().lerp(a.t("end"), a.t("weight"))
                : a.x().lerp(a.t("end"), a.f("weight")));
        binary("gcd", Tensor::gcd);
        binary("lcm", Tensor::lcm);
        binary("bitwise_and", Tensor::bitwiseAnd);
        binary("bitwise_or", Tensor::bitwiseOr);
        binary("bitwise_xor", Tensor::bitwiseXor);
        binary("bitwise_left_shift", Tensor::bitwiseLeftShift);
        binary("bitwise_right_shift", Tensor::bitwiseRightShift);
        unary("bitwise_not", Tensor::bitwiseNot);
    }

    private static void comparisons() {
        binary("eq", Tensor::eq, Tensor::eq, Tensor::eq);
        binary("ne", Tensor::ne, Tensor::ne, Tensor::ne);
        binary("lt", Tensor::lt, Tensor::lt, Tensor::lt);
        binary("le", Tensor::le, Tensor::le, Tensor::le);
        binary("gt", Tensor::gt, Tensor::gt, Tensor::gt);
        binary("ge", Tensor::ge, Tensor::ge, Tensor::ge);
        binary("logical_and", Tensor::logicalAnd);
        binary("logical_or", Tensor::logicalOr);
        binary("logical_xor", Tensor::logicalXor);
        unary("logical_not", Tensor::logicalNot);
        add("isclose", "input other rtol atol equal_nan", a -> a.x().isClose(
                a.t("other"), a.f("rtol", 1e-5), a.f("atol", 1e-8), a.b("equal_nan", false)));
        add("allclose", "input other rtol atol equal_nan", a -> a.x().allClose(
                a.t("other"), a.f("rtol", 1e-5), a.f("atol", 1e-8), a.b("equal_nan", false)));
        add("equal", "input other", a -> a.x().equal(a.t("other")));
        unary("isfinite", Tensor::isFinite);
        unary("isinf", Tensor::isInf);
        unary("isnan", Tensor::isNaN);
        unary("isposinf", Tensor::isPosInf);
        unary("isneginf", Tensor::isNegInf);
        // The sample's order: values, condition, others.
        add("where", "input condition other", a -> Tensors.where(
                a.t("condition"), operand(a, "input", a.t("condition")), operand(a, "other", a.x())));
        add("promotion.where", "condition input other",
                a -> Tensors.where(a.t("condition"), a.x(), operand(a, "other", a.x())));
    }

    private static void functions() {
        unary("abs", Tensor::abs);
        unary("acos", Tensor::acos);
        unary("acosh", Tensor::acosh);
        unary("asin", Tensor::asin);
        unary("asinh", Tensor::asinh);
        unary("atan", Tensor::atan);
        unary("atanh", Tensor::atanh);
        unary("ceil", Tensor::ceil);
        unary("cos", Tensor::cos);
        unary("cosh", Tensor::cosh);
        unary("deg2rad", Tensor::deg2rad);
        unary("digamma", Tensor::digamma);
        unary("erf", Tensor::erf);
        unary("erfc", Tensor::erfc);
        unary("erfinv", Tensor::erfinv);
        unary("exp", Tensor::exp);
        unary("exp2", Tensor::exp2);
        unary("expm1", Tensor::expm1);
        unary("floor", Tensor::floor);
        unary("frac", Tensor::frac);
        unary("lgamma", Tensor::lgamma);
        unary("log", Tensor::log);
        unary("log10", Tensor::log10);
        unary("log1p", Tensor::log1p);
        unary("log2", Tensor::log2);
        unary("neg", Tensor::neg);
        unary("positive", Tensor::positive);
        unary("rad2deg", Tensor::rad2deg);
        unary("reciprocal", Tensor::reciprocal);
        unary("rsqrt", Tensor::rsqrt);
        unary("sigmoid", Tensor::sigmoid);
        unary("sign", Tensor::sign);
        unary("sin", Tensor::sin);
        unary("sinc", Tensor::sinc);
        unary("sinh", Tensor::sinh);
        unary("sqrt", Tensor::sqrt);
        unary("square", Tensor::square);
        unary("tan", Tensor::tan);
        unary("tanh", Tensor::tanh);
        unary("trunc", Tensor::trunc);
        unary("special.entr", Tensor::entr);
        unary("special.erfcx", Tensor::erfcx);
        unary("special.ndtr", Tensor::ndtr);
        unary("special.ndtri", Tensor::ndtri);
        unary("special.log_ndtr", Tensor::logNdtr);
        add("round", "input decimals", a -> a.x().round(a.axis("decimals", 0)));
        add("logit", "input eps", a -> a.has("eps") ? a.x().logit(a.f("eps")) : a.x().logit());
        binary("atan2", Tensor::atan2);
        binary("copysign", Tensor::copysign);
        binary("hypot", Tensor::hypot);
        binary("ldexp", Tensor::ldexp);
        binary("logaddexp", Tensor::logaddexp);
        binary("logaddexp2", Tensor::logaddexp2);
        binary("nextafter", Tensor::nextafter);
        binary("xlogy", Tensor::xlogy);
        binary("special.xlog1py", Tensor::xlog1py);
        binary("heaviside", "input values", Tensor::heaviside);
    }

    /// A method of its first operand, which therefore is a tensor.
    private static void method(String name, BinaryOperator<Tensor> f) {
        add(name, "input other", a -> f.apply(a.x(), operand(a, "other", a.x())));
    }

    /// `__rsub__(x, y)` is `y - x`.
    private static void reflected() {
        method("__radd__", (x, y) -> y.add(x));
        method("__rmul__", (x, y) -> y.mul(x));
        method("__rdiv__", (x, y) -> y.div(x));
        // Python's ** makes a new tensor of the base, through which no gradient flows.
        method("__rpow__", (x, y) -> y.detach().pow(x));
        method("__rsub__", (x, y) -> y.sub(x));
        method("__rmod__", (x, y) -> y.remainder(x));
        method("__rand__", (x, y) -> y.bitwiseAnd(x));
        method("__ror__", (x, y) -> y.bitwiseOr(x));
        method("__rxor__", (x, y) -> y.bitwiseXor(x));
        add("rsub", "input other alpha", a -> a.x().rsub(operand(a, "other", a.x()), a.f("alpha", 1)));
    }

    private static @Nullable Tensor limit(Args a, String name) {
        return a.has(name) ? operand(a, name, a.x()) : null;
    }

    private static void limits() {
        add("clamp", "input min max", a -> a.x().clamp(limit(a, "min"), limit(a, "max")));
        add("clamp.scalar", "input min max", a -> {
            if (a.has("min") && a.has("max")) {
                return a.x().clamp(a.f("min"), a.f("max"));
            }
            return a.has("min") ? a.x().clampMin(a.f("min")) : a.x().clampMax(a.f("max"));
        });
        binary("clamp_min", "input min", (x, m) -> x.clampMin(m));
        binary("clamp_max", "input max", (x, m) -> x.clampMax(m));
        add("nan_to_num", "input nan posinf neginf", a -> a.x().nanToNum(a.f("nan", 0),
                a.has("posinf") ? Double.valueOf(a.f("posinf")) : null,
                a.has("neginf") ? Double.valueOf(a.f("neginf")) : null));
    }
}
