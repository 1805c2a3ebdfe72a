package dev.tenon.conformance;

import static dev.tenon.conformance.OpTable.add;

import dev.tenon.api.DType;
import dev.tenon.api.Polynomials;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/// What few ask for: orthogonal polynomials, and reductions that a mask limits (combinations of operators here).
final class ExoticTable {
    private ExoticTable() {}

    static void fill() {
        polynomials();
        maskedReductions();
        maskedOthers();
        add("polygamma", "n input", ExoticTable::polygamma);
        add("special.polygamma", "n input", ExoticTable::polygamma);
        add("mvlgamma", "input p", a -> a.x().mvlgamma((int) a.i("p")));
    }

    private static Tensor polygamma(Args a) {
        // The samples give the operand first.
        Tensor x = a.isTensor("n") ? a.t("n") : a.x();
        long n = a.isTensor("n") ? a.i("input") : a.i("n");
        if (n > 1) {
            throw new NotComparable("polygamma beyond the first derivative of digamma is not among the functions");
        }
        return n == 0 ? x.digamma() : x.trigamma();
    }

    private static void polynomial(String name, BinaryOperator<Tensor> f) {
        add("special." + name, "input n", a -> {
            Tensor with = a.isTensor("input") ? a.x() : a.t("n");
            return f.apply(ElementwiseTable.operand(a, "input", with), ElementwiseTable.operand(a, "n", with));
        });
    }

    private static void polynomials() {
        polynomial("chebyshev_polynomial_t", Polynomials::chebyshevT);
        polynomial("chebyshev_polynomial_u", Polynomials::chebyshevU);
        polynomial("chebyshev_polynomial_v", Polynomials::chebyshevV);
        polynomial("chebyshev_polynomial_w", Polynomials::chebyshevW);
        polynomial("shifted_chebyshev_polynomial_t", (x, n) -> Polynomials.chebyshevT(shifted(x), n));
        polynomial("shifted_chebyshev_polynomial_u", (x, n) -> Polynomials.chebyshevU(shifted(x), n));
        polynomial("shifted_chebyshev_polynomial_v", (x, n) -> Polynomials.chebyshevV(shifted(x), n));
        polynomial("shifted_chebyshev_polynomial_w", (x, n) -> Polynomials.chebyshevW(shifted(x), n));
        polynomial("hermite_polynomial_h", Polynomials::hermiteH);
        polynomial("hermite_polynomial_he", Polynomials::hermiteHe);
        polynomial("laguerre_polynomial_l", Polynomials::laguerreL);
        polynomial("legendre_polynomial_p", Polynomials::legendreP);
    }

    private static Tensor shifted(Tensor x) {
        return x.add(x).sub(1L);
    }

    // --- masked: where the mask is false, elements count as what changes nothing

    private static Tensor typed(Args a, Tensor x) {
        DType d = a.dtype("dtype");
        return d == null ? x : x.to(d);
    }

    private static @Nullable Tensor mask(Args a) {
        Tensor m = a.opt("mask");
        return m == null ? null : m.expand(a.x().shape());
    }

    private static Tensor filled(Args a, double neutral) {
        Tensor m = mask(a);
        Tensor x = typed(a, a.x());
        return m == null ? x : x.maskedFill(m.logicalNot(), neutral);
    }

    private static double lowest(Tensor x) {
        return switch (x.dtype()) {
            case I64 -> Long.MIN_VALUE;
            case I32 -> Integer.MIN_VALUE;
            case I16 -> Short.MIN_VALUE;
            case I8 -> Byte.MIN_VALUE;
            case U8, BOOL -> 0;
            default -> Double.NEGATIVE_INFINITY;
        };
    }

    private static double highest(Tensor x) {
        return x.dtype() == DType.U8 ? 255 : x.dtype() == DType.BOOL ? 1
                : x.dtype().isFloating() ? Double.POSITIVE_INFINITY : -(lowest(x) + 1);
    }

    private static Tensor count(Args a) {
        Tensor m = mask(a);
        Tensor ones = Tensors.ones(a.x().shape(), DType.BOOL, a.device());
        return (m == null ? ones : m.to(DType.BOOL)).sum(ReductionTable.axes(a), ReductionTable.keep(a));
    }

    private static void maskedReductions() {
        String s = "input dim keepdim dtype mask";
        add("masked.sum", s, a -> filled(a, 0).sum(ReductionTable.axes(a), ReductionTable.keep(a)));
        add("masked.prod", s, a -> {
            Tensor x = filled(a, 1);
            int[] axes = a.has("dim") ? a.ints("dim") : new int[0];
            if (!a.has("dim") || x.rank() == 0) {
                return x.prod();
            }
            int[] sorted = Arrays.stream(axes).map(x.shape()::axis).sorted().toArray();
            for (int i = sorted.length - 1; i >= 0; i--) {
                x = x.prod(sorted[i], ReductionTable.keep(a));
            }
            return x;
        });
        add("masked.amax", s, a -> filled(a, lowest(a.x())).amax(ReductionTable.axes(a), ReductionTable.keep(a)));
        add("masked.amin", s, a -> filled(a, highest(a.x())).amin(ReductionTable.axes(a), ReductionTable.keep(a)));
        add("masked.argmax", s, a -> a.has("dim")
                ? filled(a, lowest(a.x())).argmax(a.axis("dim"), ReductionTable.keep(a))
                : filled(a, lowest(a.x())).argmax());
        add("masked.argmin", s, a -> a.has("dim")
                ? filled(a, highest(a.x())).argmin(a.axis("dim"), ReductionTable.keep(a))
                : filled(a, highest(a.x())).argmin());
        add("masked.mean", s, a -> filled(a, 0).sum(ReductionTable.axes(a), ReductionTable.keep(a)).div(count(a)));
        add("masked.norm", "input ord dim keepdim dtype mask", a -> {
            double p = a.f("ord", 2);
            return filled(a, p < 0 ? Double.POSITIVE_INFINITY : 0)
                    .norm(p, ReductionTable.axes(a), ReductionTable.keep(a));
        });
        add("masked.logsumexp", s, a -> (a.x().dtype().isFloating() ? filled(a, Double.NEGATIVE_INFINITY)
                : filledFloat(a)).logsumexp(ReductionTable.axes(a), ReductionTable.keep(a)));
        add("masked.median", s, a -> {
            Tensor x = filled(a, Double.NaN);
            return a.has("mask") ? x.nanmedian(a.axis("dim"), ReductionTable.keep(a)).values()
                    : x.median(a.axis("dim"), ReductionTable.keep(a)).values();
        });
        String v = "input dim unbiased keepdim dtype mask";
        add("masked.var", v, a -> variance(a));
        add("masked.std", v, a -> variance(a).sqrt());
    }

    private static Tensor filledFloat(Args a) {
        Tensor m = mask(a);
        Tensor x = a.x().to(DType.F32);
        return m == null ? x : x.maskedFill(m.logicalNot(), Double.NEGATIVE_INFINITY);
    }

    private static Tensor variance(Args a) {
        int[] axes = ReductionTable.axes(a);
        Tensor x = a.x().dtype().isFloating() ? a.x() : a.x().to(DType.F32);
        Tensor m = mask(a);
        boolean unbiased = a.b("unbiased", true);
        if (m == null) {
            return x.var(axes, unbiased ? 1 : 0, ReductionTable.keep(a));
        }
        Tensor zero = Tensors.zeros(Shape.SCALAR, x.dtype(), a.device());
        Tensor n = m.to(DType.BOOL).sum(axes, true);
        Tensor mean = x.where(m, zero).sum(axes, true).div(n);
        Tensor squares = x.sub(mean).square().where(m, zero).sum(axes, ReductionTable.keep(a));
        return squares.div(count(a).sub(unbiased ? 1L : 0L).clampMin(0).to(x.dtype()));
    }

    private static void maskedOthers() {
        add("masked.cumsum", "input dim dtype mask", a -> filled(a, 0).cumsum(a.axis("dim")));
        add("masked.cumprod", "input dim dtype mask", a -> filled(a, 1).cumprod(a.axis("dim")));
        add("masked.softmax", "input dim dtype mask",
                a -> filled(a, Double.NEGATIVE_INFINITY).softmax(a.axis("dim")));
        add("masked.log_softmax", "input dim dtype mask",
                a -> filled(a, Double.NEGATIVE_INFINITY).logSoftmax(a.axis("dim")));
        add("masked.softmin", "input dim dtype mask",
                a -> filled(a, Double.POSITIVE_INFINITY).neg().softmax(a.axis("dim")));
        add("masked.normalize", "input ord dim eps dtype mask", a -> {
            Tensor x = filled(a, 0);
            Tensor norm = x.norm(a.f("ord"), new int[] {a.axis("dim")}, true);
            return x.div(norm.maximum(a.f("eps", 1e-12)));
        });
        add("masked.logaddexp", "input other dtype input_mask other_mask", a -> {
            Tensor x = limited(typed(a, a.x()), a.opt("input_mask"));
            return x.logaddexp(limited(typed(a, a.t("other")), a.opt("other_mask")));
        });
    }

    private static Tensor limited(Tensor x, @Nullable Tensor mask) {
        if (!x.dtype().isFloating()) {
            throw new TensorException("logaddexp: dtype " + x.dtype());
        }
        return mask == null ? x : x.maskedFill(mask.logicalNot(), Double.NEGATIVE_INFINITY);
    }
}
