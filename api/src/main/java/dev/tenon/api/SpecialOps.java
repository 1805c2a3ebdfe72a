package dev.tenon.api;

/// Special functions of each element: logarithmic sums, entropy, the normal distribution. Integers are computed as
/// `F32`.
public sealed interface SpecialOps permits Tensor {

    /// 2^x.
    default Tensor exp2() {
        return SpecialFormulas.EXP2.apply((Tensor) this);
    }

    /// log(e^x + e^y), without overflow.
    default Tensor logaddexp(Tensor other) {
        return SpecialFormulas.LOGADDEXP.apply((Tensor) this, other);
    }

    /// log2(2^x + 2^y), without overflow.
    default Tensor logaddexp2(Tensor other) {
        return SpecialFormulas.LOGADDEXP2.apply((Tensor) this, other);
    }

    /// x log(y); 0 where x is 0, unless y is NaN.
    default Tensor xlogy(Tensor y) {
        return SpecialFormulas.XLOGY.apply((Tensor) this, y);
    }

    /// x log(1 + y); 0 where x is 0, unless y is NaN.
    default Tensor xlog1py(Tensor y) {
        return SpecialFormulas.XLOG1PY.apply((Tensor) this, y);
    }

    /// sin(πx) / (πx); 1 at 0.
    default Tensor sinc() {
        return SpecialFormulas.SINC.apply((Tensor) this);
    }

    /// log(x / (1 - x)), the inverse of the logistic function; NaN outside of [0, 1].
    default Tensor logit() {
        return SpecialFormulas.LOGIT.apply((Tensor) this);
    }

    /// [#logit()] of x limited to [eps, 1 - eps].
    default Tensor logit(double eps) {
        Tensor self = (Tensor) this;
        Tensor x = self.dtype().isFloating() ? self : self.to(DType.F32);
        return x.clamp(eps, 1 - eps).logit();
    }

    /// -x log(x), the summand of entropy; 0 at 0, minus infinity below it.
    default Tensor entr() {
        return SpecialFormulas.ENTR.apply((Tensor) this);
    }

    /// The distribution function of the standard normal distribution.
    default Tensor ndtr() {
        return SpecialFormulas.NDTR.apply((Tensor) this);
    }

    /// The quantiles of the standard normal distribution: the inverse of [#ndtr()].
    default Tensor ndtri() {
        return SpecialFormulas.NDTRI.apply((Tensor) this);
    }

    /// log([#ndtr()]), without underflow.
    default Tensor logNdtr() {
        return SpecialFormulas.LOG_NDTR.apply((Tensor) this);
    }

    /// e^(x²) erfc(x), without overflow for large x.
    default Tensor erfcx() {
        return SpecialFormulas.ERFCX.apply((Tensor) this);
    }

    /// The derivative of digamma: the second derivative of log gamma.
    default Tensor trigamma() {
        return SpecialFormulas.TRIGAMMA.apply((Tensor) this);
    }

    /// The logarithm of the multivariate gamma function of dimension p.
    default Tensor mvlgamma(int p) {
        Tensor self = (Tensor) this;
        if (p < 1) {
            throw new TensorException("mvlgamma: dimension " + p + ": expected at least 1");
        }
        Tensor x = self.dtype().isFloating() ? self : self.to(DType.F32);
        Tensor sum = x.lgamma();
        for (int i = 1; i < p; i++) {
            sum = sum.add(x.sub(i / 2.0).lgamma());
        }
        return sum.add(p * (p - 1) / 4.0 * Math.log(Math.PI));
    }
}
