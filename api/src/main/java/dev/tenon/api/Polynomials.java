package dev.tenon.api;

import java.util.function.UnaryOperator;

/// Orthogonal polynomials of degree n, a tensor that broadcasts with x, by their three-term recurrences (Abramowitz and
/// Stegun, chapter 22). Negative degrees give 0. The largest degree is read to the host.
public final class Polynomials {
    private Polynomials() {}

    /// The step to degree k + 1 from degrees k and k - 1.
    private interface Step {
        Tensor next(Tensor x, long k, Tensor current, Tensor before);
    }

    private static final Step CHEBYSHEV = (x, k, current, before) -> x.mul(current).mul(2L).sub(before);

    /// Runs the recurrence up to the largest degree and picks each element's degree on the way.
    private static Tensor evaluate(Tensor x0, Tensor n0, UnaryOperator<Tensor> first, Step step) {
        DType dtype = Promotion.of(x0, n0);
        Tensor x = x0.to(dtype.isFloating() ? dtype : DType.F32);
        Tensor n = n0.to(DType.I64);
        Shape s = Shape.broadcast("polynomial", x.shape(), n.shape());
        Tensor before = Tensors.ones(s, x.dtype(), x.device());
        Tensor result = before.where(n.eq(0L), Tensors.zerosLike(before));
        long highest = n.elements() == 0 ? 0 : n.max().itemLong();
        Tensor current = first.apply(x);
        for (long k = 1; k <= highest; k++) {
            result = current.where(n.eq(k), result);
            Tensor next = step.next(x, k, current, before);
            before = current;
            current = next;
        }
        return result;
    }

    /// Chebyshev's polynomials of the first kind.
    public static Tensor chebyshevT(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t, CHEBYSHEV);
    }

    /// Chebyshev's polynomials of the second kind.
    public static Tensor chebyshevU(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t.mul(2L), CHEBYSHEV);
    }

    /// Chebyshev's polynomials of the third kind.
    public static Tensor chebyshevV(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t.mul(2L).sub(1L), CHEBYSHEV);
    }

    /// Chebyshev's polynomials of the fourth kind.
    public static Tensor chebyshevW(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t.mul(2L).add(1L), CHEBYSHEV);
    }

    /// Hermite's polynomials as physicists have them.
    public static Tensor hermiteH(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t.mul(2L), (t, k, p, q) -> t.mul(p).sub(q.mul(k)).mul(2L));
    }

    /// Hermite's polynomials as statisticians have them.
    public static Tensor hermiteHe(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t, (t, k, p, q) -> t.mul(p).sub(q.mul(k)));
    }

    /// Laguerre's polynomials.
    public static Tensor laguerreL(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t.rsub(1), (t, k, p, q) ->
                t.rsub(2 * k + 1).mul(p).sub(q.mul(k)).div((double) (k + 1)));
    }

    /// Legendre's polynomials.
    public static Tensor legendreP(Tensor x, Tensor n) {
        return evaluate(x, n, t -> t, (t, k, p, q) ->
                t.mul(p).mul(2 * k + 1).sub(q.mul(k)).div((double) (k + 1)));
    }
}
