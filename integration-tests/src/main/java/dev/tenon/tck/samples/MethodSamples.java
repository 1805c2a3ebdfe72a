package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/// The elementwise methods of tensors, which promote their operands and build the expressions themselves; the place
/// where derivatives of elementwise functions are checked.
public final class MethodSamples {
    private static final DType[] NOT_BOOL = Shapes.NUMBERS;
    private static final DType[] ANY = DType.values();

    private final List<Sample> samples = new ArrayList<>();

    private MethodSamples() {}

    /// All of them.
    public static List<Sample> all() {
        MethodSamples m = new MethodSamples();
        m.unary();
        m.activations();
        m.binary();
        m.mixed();
        return m.samples;
    }

    private void one(String name, DType[] dtypes, Family f, Domain domain, int order, UnaryOperator<Tensor> body) {
        for (DType d : dtypes) {
            Sample.Call call = (device, in) -> List.of(body.apply(in.getFirst()));
            samples.add(Sample.of(name, d, "method", call, f, Input.of(d, 3, 4).from(domain)).scale(1)
                    .gradients(d == DType.F64 ? order : 0));
            samples.add(Sample.of(name, d, "method strided", call, f,
                    Input.of(d, 7, 33).from(domain).in(Layout.STEPPED)).scale(1));
            samples.add(Sample.of(name, d, "method empty", call, f, Input.of(d, 2, 0)));
            samples.add(Sample.of(name, d, "method scalar", call, f, Input.of(d).from(domain)).scale(1));
            if (f == Family.EXACT || f == Family.ELEMENTARY) {
                samples.add(Sample.of(name, d, "method special", call, f, Input.of(d, 43).from(Domain.SPECIAL)));
            }
        }
    }

    private void two(String name, DType[] dtypes, Family f, Domain a, Domain b, int order,
            BinaryOperator<Tensor> body) {
        for (DType d : dtypes) {
            Sample.Call call = (device, in) -> List.of(body.apply(in.get(0), in.get(1)));
            Input x = Input.of(d, 3, 4).from(a);
            samples.add(Sample.of(name, d, "method", call, f, x, Input.of(d, 3, 4).from(b).seed(3))
                    .gradients(d == DType.F64 ? order : 0));
            samples.add(Sample.of(name, d, "method broadcast", call, f, x, Input.of(d, 4).from(b).seed(3))
                    .gradients(d == DType.F64 ? Math.min(order, 1) : 0));
            samples.add(Sample.of(name, d, "method outer", call, f, Input.of(d, 5, 1).from(a),
                    Input.of(d, 2, 1, 3).from(b).seed(3).in(Layout.FLIPPED)));
            samples.add(Sample.of(name, d, "method empty", call, f, Input.of(d, 2, 0), Input.of(d, 1)));
        }
    }

    private void unary() {
        one("neg", NOT_BOOL, Family.EXACT, Domain.USUAL, 2, Tensor::neg);
        one("abs", NOT_BOOL, Family.EXACT, Domain.USUAL, 2, Tensor::abs);
        one("sign", ANY, Family.EXACT, Domain.USUAL, 1, Tensor::sign);
        one("square", ANY, Family.ARITHMETIC, Domain.USUAL, 2, Tensor::square);
        one("sqrt", ANY, Family.ARITHMETIC, Domain.POSITIVE, 2, Tensor::sqrt);
        one("rsqrt", ANY, Family.ELEMENTARY, Domain.POSITIVE, 2, Tensor::rsqrt);
        one("reciprocal", ANY, Family.ARITHMETIC, Domain.POSITIVE, 2, Tensor::reciprocal);
        one("exp", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::exp);
        one("expm1", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::expm1);
        one("log", ANY, Family.ELEMENTARY, Domain.POSITIVE, 2, Tensor::log);
        one("log2", ANY, Family.ELEMENTARY, Domain.POSITIVE, 2, Tensor::log2);
        one("log10", ANY, Family.ELEMENTARY, Domain.POSITIVE, 2, Tensor::log10);
        one("log1p", ANY, Family.ELEMENTARY, Domain.UNIT, 2, Tensor::log1p);
        one("sin", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::sin);
        one("cos", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::cos);
        one("tan", ANY, Family.ELEMENTARY, Domain.UNIT, 2, Tensor::tan);
        one("asin", ANY, Family.ELEMENTARY, Domain.UNIT, 2, Tensor::asin);
        one("acos", ANY, Family.ELEMENTARY, Domain.UNIT, 2, Tensor::acos);
        one("atan", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::atan);
        one("sinh", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::sinh);
        one("cosh", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::cosh);
        one("tanh", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::tanh);
        one("asinh", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::asinh);
        one("acosh", ANY, Family.ELEMENTARY, Domain.of(1.1, 4), 2, Tensor::acosh);
        one("atanh", ANY, Family.ELEMENTARY, Domain.UNIT, 2, Tensor::atanh);
        one("erf", ANY, Family.SPECIAL, Domain.USUAL, 2, Tensor::erf);
        one("erfc", ANY, Family.SPECIAL, Domain.USUAL, 2, Tensor::erfc);
        one("erfinv", ANY, Family.SPECIAL, Domain.UNIT, 2, Tensor::erfinv);
        one("lgamma", ANY, Family.SPECIAL, Domain.of(0.6, 4), 2, Tensor::lgamma);
        one("digamma", ANY, Family.SPECIAL, Domain.of(0.6, 4), 1, Tensor::digamma);
        one("floor", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, Tensor::floor);
        one("ceil", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, Tensor::ceil);
        one("round", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, Tensor::round);
        one("trunc", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, Tensor::trunc);
        one("isnan", ANY, Family.EXACT, Domain.USUAL, 0, Tensor::isNaN);
        one("isinf", ANY, Family.EXACT, Domain.USUAL, 0, Tensor::isInf);
        one("isfinite", ANY, Family.EXACT, Domain.USUAL, 0, Tensor::isFinite);
        one("logical_not", ANY, Family.EXACT, Domain.USUAL, 0, Tensor::logicalNot);
        one("bitwise_not", Shapes.INTEGERS, Family.EXACT, Domain.WIDE, 0, Tensor::bitwiseNot);
        one("clamp", NOT_BOOL, Family.EXACT, Domain.USUAL, 2, x -> x.clamp(-1, 2));
        one("clamp_min", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, x -> x.clampMin(0.25));
        one("clamp_max", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, x -> x.clampMax(0.25));
        one("pow", NOT_BOOL, Family.ELEMENTARY, Domain.POSITIVE, 2, x -> x.pow(2.5));
        one("pow", NOT_BOOL, Family.ELEMENTARY, Domain.USUAL, 2, x -> x.pow(3L));
        one("rsub", NOT_BOOL, Family.ARITHMETIC, Domain.USUAL, 1, x -> x.rsub(2.5));
        one("rdiv", NOT_BOOL, Family.ARITHMETIC, Domain.POSITIVE, 2, x -> x.rdiv(2.5));
        one("tril", ANY, Family.EXACT, Domain.USUAL, 0, x -> x.rank() < 2 ? x.clone() : x.tril(1));
        one("triu", ANY, Family.EXACT, Domain.USUAL, 0, x -> x.rank() < 2 ? x.clone() : x.triu(-1));
    }

    private void activations() {
        one("relu", NOT_BOOL, Family.EXACT, Domain.USUAL, 2, Tensor::relu);
        one("relu6", NOT_BOOL, Family.EXACT, Domain.WIDE, 2, Tensor::relu6);
        one("leaky_relu", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, x -> x.leakyRelu(0.1));
        one("elu", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, x -> x.elu(1.5));
        one("selu", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::selu);
        one("gelu", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::gelu);
        one("gelu_tanh", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::geluTanh);
        one("silu", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::silu);
        one("mish", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::mish);
        one("sigmoid", ANY, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::sigmoid);
        one("log_sigmoid", NOT_BOOL, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::logSigmoid);
        one("softplus", NOT_BOOL, Family.ELEMENTARY, Domain.USUAL, 2, Tensor::softplus);
        one("softsign", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::softsign);
        one("hardsigmoid", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::hardsigmoid);
        one("hardswish", NOT_BOOL, Family.FORMULA, Domain.USUAL, 2, Tensor::hardswish);
        one("hardtanh", NOT_BOOL, Family.EXACT, Domain.USUAL, 1, Tensor::hardtanh);
    }

    private void binary() {
        two("add", ANY, Family.ARITHMETIC, Domain.USUAL, Domain.USUAL, 2, Tensor::add);
        two("sub", NOT_BOOL, Family.ARITHMETIC, Domain.USUAL, Domain.USUAL, 2, Tensor::sub);
        two("mul", ANY, Family.ARITHMETIC, Domain.USUAL, Domain.USUAL, 2, Tensor::mul);
        two("div", NOT_BOOL, Family.ARITHMETIC, Domain.USUAL, Domain.POSITIVE, 2, Tensor::div);
        two("floor_divide", NOT_BOOL, Family.ARITHMETIC, Domain.WIDE, Domain.USUAL, 1, Tensor::floorDivide);
        two("trunc_divide", NOT_BOOL, Family.ARITHMETIC, Domain.WIDE, Domain.USUAL, 1, Tensor::truncDivide);
        two("remainder", NOT_BOOL, Family.ARITHMETIC, Domain.WIDE, Domain.of(1, 5), 1, Tensor::remainder);
        two("fmod", NOT_BOOL, Family.EXACT, Domain.WIDE, Domain.of(1, 5), 1, Tensor::fmod);
        two("maximum", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 2, Tensor::maximum);
        two("minimum", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 2, Tensor::minimum);
        two("atan2", NOT_BOOL, Family.ELEMENTARY, Domain.USUAL, Domain.USUAL, 2, Tensor::atan2);
        two("copysign", NOT_BOOL, Family.EXACT, Domain.USUAL, Domain.USUAL, 1, Tensor::copysign);
        two("hypot", NOT_BOOL, Family.FORMULA, Domain.USUAL, Domain.POSITIVE, 2, Tensor::hypot);
        two("pow", NOT_BOOL, Family.ELEMENTARY, Domain.POSITIVE, Domain.of(0, 4), 2, Tensor::pow);
        two("eq", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::eq);
        two("ne", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::ne);
        two("lt", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::lt);
        two("le", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::le);
        two("gt", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::gt);
        two("ge", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::ge);
        two("logical_and", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::logicalAnd);
        two("logical_or", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::logicalOr);
        two("logical_xor", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 0, Tensor::logicalXor);
        two("bitwise_and", Shapes.INTEGERS, Family.EXACT, Domain.WIDE, Domain.WIDE, 0, Tensor::bitwiseAnd);
        two("bitwise_or", Shapes.INTEGERS, Family.EXACT, Domain.WIDE, Domain.WIDE, 0, Tensor::bitwiseOr);
        two("bitwise_xor", Shapes.INTEGERS, Family.EXACT, Domain.WIDE, Domain.WIDE, 0, Tensor::bitwiseXor);
        two("where", ANY, Family.EXACT, Domain.USUAL, Domain.USUAL, 2, (a, b) -> a.where(a.gt(b), b));
        two("lerp", NOT_BOOL, Family.FORMULA, Domain.USUAL, Domain.USUAL, 2, (a, b) -> a.lerp(b, b));
    }

    /// Operands of different dtypes, and numbers.
    private void mixed() {
        for (DType a : ANY) {
            for (DType b : ANY) {
                Sample.Call call = (device, in) -> List.of(in.get(0).add(in.get(1)), in.get(0).lt(in.get(1)));
                Input x = Input.of(a, 3, 5).from(Domain.WIDE);
                Input y = Input.of(b, 5).from(Domain.WIDE).seed(2);
                samples.add(Sample.of("add", a, "and " + b, call, Family.ARITHMETIC, x, y));
                samples.add(Sample.of("add", a, "and scalar " + b, call, Family.ARITHMETIC, x,
                        Input.values(b, Shape.SCALAR, 1)));
            }
            samples.add(Sample.of("add", a, "and numbers", (device, in) -> {
                Tensor x = in.getFirst();
                return List.of(x.add(2.5), x.add(3L), x.mul(-2.0), x.mul(7L), x.lt(0.5), x.eq(1L));
            }, Family.ARITHMETIC, Input.of(a, 7, 9)));
        }
    }
}
