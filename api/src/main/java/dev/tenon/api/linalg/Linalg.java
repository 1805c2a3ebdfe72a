package dev.tenon.api.linalg;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Factorisations, inverses and norms of (batches of) floating-point matrices, with gradients: what `torch.linalg` has.
///
/// The factorisations run on the host in double precision, whatever the device: they wait for it, and are meant for the
/// matrices of moderate size that networks meet. Everything else is made of tensor operations.
public final class Linalg {
    private Linalg() {}

    /// U, S and Vᵀ of [#svd].
    public record Usv(Tensor u, Tensor s, Tensor vt) {}

    /// Eigenvalues and eigenvectors of [#eigh].
    public record Eigen(Tensor values, Tensor vectors) {}

    /// Sign and logarithm of the magnitude of a determinant.
    public record SignAndLog(Tensor sign, Tensor logAbs) {}

    /// The lower triangular L with L Lᵀ = A; where `upper`, its transpose.
    ///
    /// @throws TensorException if a matrix is not positive definite
    public static Tensor cholesky(Tensor a, boolean upper) {
        // The upper triangle is the lower one of the transpose.
        Tensor l = Dispatcher.run(new Cholesky(), upper ? a.mT() : a);
        return upper ? l.mT() : l;
    }

    /// The X with A X = B, given the triangular factor of [#cholesky].
    public static Tensor choleskySolve(Tensor b, Tensor factor, boolean upper) {
        List<Tensor> both = broadcast("cholesky_solve", upper ? factor.mT() : factor, b);
        return Dispatcher.run(new CholeskySolve(), both.get(0), both.get(1));
    }

    /// The inverse of A, given the triangular factor of [#cholesky].
    public static Tensor choleskyInverse(Tensor factor, boolean upper) {
        return choleskySolve(identity(factor), factor, upper);
    }

    private static Tensor identity(Tensor like) {
        return Tensors.eye(like.size(-1), like.size(-1), like.dtype(), like.device()).expand(like.shape());
    }

    /// The X with A X = B, or X A = B where not `left`, for triangular A; batch axes broadcast.
    ///
    /// @param upper whether A is upper triangular; the other triangle is not read
    /// @param unit whether the diagonal counts as ones
    public static Tensor solveTriangular(Tensor a, Tensor b, boolean upper, boolean left, boolean unit) {
        if (!left) {
            return solveTriangular(a.mT(), b.mT(), !upper, true, unit).mT();
        }
        List<Tensor> both = broadcast("solve_triangular", a, b);
        return Dispatcher.run(new TriangularSolve(upper, unit), both.get(0), both.get(1));
    }

    private static List<Tensor> broadcast(String op, Tensor a, Tensor b) {
        if (a.rank() < 2 || b.rank() < 2) {
            throw new TensorException(op + ": " + a.shape() + " X = " + b.shape() + ": expected matrices");
        }
        Shape batch = Shape.broadcast(op, a.shape().slice(0, a.rank() - 2), b.shape().slice(0, b.rank() - 2));
        return List.of(a.expand(batch.concat(a.shape().slice(a.rank() - 2, a.rank()))),
                b.expand(batch.concat(b.shape().slice(b.rank() - 2, b.rank()))));
    }

    /// The X with A X = B; batch axes broadcast. B may be a vector, or a batch of vectors of A's batch axes.
    ///
    /// @throws TensorException if a matrix is singular
    public static Tensor solve(Tensor a, Tensor b) {
        boolean vector = b.rank() == 1
                || a.rank() - 1 == b.rank() && b.shape().equals(a.shape().slice(0, a.rank() - 1));
        List<Tensor> both = broadcast("solve", a, vector ? b.unsqueeze(-1) : b);
        Tensor x = Dispatcher.run(new Solve(), both.get(0), both.get(1));
        return vector ? x.squeeze(-1) : x;
    }

    /// The inverse.
    ///
    /// @throws TensorException if a matrix is singular
    public static Tensor inv(Tensor a) {
        Matrices.check("inv", a.type(), true);
        return Dispatcher.run(new Solve(), a, identity(a));
    }

    /// The determinant. Its gradient exists for singular matrices as well, the gradient of that one only for others.
    public static Tensor det(Tensor a) {
        return Dispatcher.run(new Determinant(), a);
    }

    /// The determinant as its sign and the logarithm of its magnitude, without overflow.
    public static SignAndLog slogdet(Tensor a) {
        List<Tensor> out = Dispatcher.apply(new Determinant.Slogdet(), List.of(a));
        return new SignAndLog(out.get(0), out.get(1));
    }

    /// The logarithm of the determinant; NaN where that is negative.
    public static Tensor logdet(Tensor a) {
        SignAndLog d = slogdet(a);
        return Tensors.fullLike(d.logAbs(), Double.NaN).where(d.sign().lt(0), d.logAbs());
    }

    /// Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices; one triangle is read.
    public static Eigen eigh(Tensor a, boolean upper) {
        List<Tensor> out = Dispatcher.apply(new Eigh(upper), List.of(a));
        return new Eigen(out.get(0), out.get(1));
    }

    /// The eigenvalues of [#eigh].
    public static Tensor eigvalsh(Tensor a, boolean upper) {
        return eigh(a, upper).values();
    }

    /// The reduced singular value decomposition: U, S (descending) and Vᵀ with A = U diag(S) Vᵀ.
    public static Usv svd(Tensor a) {
        List<Tensor> out = Dispatcher.apply(new Svd(), List.of(a));
        return new Usv(out.get(0), out.get(1), out.get(2));
    }

    /// The singular values, descending.
    public static Tensor svdvals(Tensor a) {
        return svd(a).s();
    }

    /// The bound up to which singular values count as zero: the larger of `atol` and `rtol` times the largest one.
    /// Where neither is given, `rtol` is the larger extent times the precision of the dtype.
    private static Tensor bound(Tensor a, Tensor s, @Nullable Tensor atol, @Nullable Tensor rtol) {
        Shape batch = a.shape().slice(0, a.rank() - 2);
        double precision = a.dtype() == DType.F64 ? 0x1p-52 : 0x1p-23;
        double usual = Math.max(a.size(-1), a.size(-2)) * precision;
        Tensor zero = Tensors.zeros(Shape.SCALAR, a.dtype(), a.device());
        Tensor relative = rtol != null ? rtol.to(a.dtype()) : atol == null ? zero.add(usual) : zero;
        Tensor largest = s.size(-1) == 0
                ? Tensors.zeros(batch, a.dtype(), a.device())
                : s.amax(new int[] {-1}, false);
        Tensor bound = largest.mul(relative);
        return atol == null ? bound.expand(batch) : bound.maximum(atol.to(a.dtype())).expand(batch);
    }

    /// The symmetric matrix with the lower triangle of another.
    public static Tensor symmetric(Tensor a) {
        return a.tril(0).add(a.tril(-1).mT());
    }

    /// How many singular values are above a bound, as `I64`.
    ///
    /// @param atol the bound, a scalar or one for each matrix, or null
    /// @param rtol the bound relative to the largest singular value, or null
    public static Tensor matrixRank(Tensor a, @Nullable Tensor atol, @Nullable Tensor rtol) {
        return Context.noGrad(() -> {
            Tensor s = svdvals(a);
            return s.gt(bound(a, s, atol, rtol).unsqueeze(-1)).sum(-1);
        });
    }

    /// Moore and Penrose's inverse; see [#matrixRank] for the bounds.
    public static Tensor pinv(Tensor a, @Nullable Tensor atol, @Nullable Tensor rtol) {
        Matrices.check("pinv", a.type(), false);
        Tensor bound = Context.noGrad(() -> bound(a, svdvals(a), atol, rtol).contiguous());
        return Dispatcher.run(new PseudoInverse(), a, bound);
    }

    /// The n-th power; for negative n of the inverse.
    public static Tensor matrixPower(Tensor a, long n) {
        Matrices.check("matrix_power", a.type(), true);
        if (n == 0) {
            return identity(a).clone();
        }
        Tensor base = n < 0 ? inv(a) : a;
        Tensor power = null;
        for (long k = Math.abs(n); k > 0; k >>= 1) {
            if ((k & 1) == 1) {
                power = power == null ? base : power.matmul(base);
            }
            base = k > 1 ? base.matmul(base) : base;
        }
        return power == null ? a : power;
    }

    /// The matrix exponential, by Taylor's series of a matrix scaled to norm 1/2 at most, squared again (Moler and Van
    /// Loan, 2003, method 3). Its eighteen terms are exact to double precision there.
    public static Tensor matrixExp(Tensor a) {
        Matrices.check("matrix_exp", a.type(), true);
        if (a.elements() == 0) {
            return a.clone();
        }
        double norm = Context.noGrad(() -> a.detach().abs().sum(-1).max().item());
        int squarings = norm > 0.5 ? Math.max(0, Math.getExponent(norm) + 2) : 0;
        Tensor x = a.mul(Math.scalb(1.0, -squarings));
        Tensor one = identity(a);
        Tensor sum = one;
        for (int k = 18; k >= 1; k--) {
            sum = one.add(x.matmul(sum).div((double) k));
        }
        for (int i = 0; i < squarings; i++) {
            sum = sum.matmul(sum);
        }
        return sum;
    }

    // --- norms

    /// The p-norm of the elements along axes (all, if there are none), taken as one vector; see
    /// [dev.tenon.api.ReductionOps#norm(double, int[], boolean)].
    public static Tensor vectorNorm(Tensor x, double p, int[] axes, boolean keepDims) {
        return x.norm(p, axes, keepDims);
    }

    /// Frobenius' norm (`"fro"`) or the sum of the singular values (`"nuc"`) of matrices over two axes.
    public static Tensor matrixNorm(Tensor a, String order, int[] axes, boolean keepDims) {
        requirePair(a, axes);
        return switch (order) {
            case "fro" -> a.norm(2, axes, keepDims);
            case "nuc" -> kept(svdvals(lastTwo(a, axes)).sum(-1), a, axes, keepDims);
            default -> throw new TensorException("matrix_norm: order \"" + order + "\": expected fro, nuc or a number");
        };
    }

    /// Matrix norms over two axes: 2 and -2 are the largest and smallest singular value, 1 and -1 the largest and
    /// smallest sum of magnitudes of a column, infinity and minus infinity of a row.
    public static Tensor matrixNorm(Tensor a, double order, int[] axes, boolean keepDims) {
        requirePair(a, axes);
        Tensor m = lastTwo(a, axes);
        double o = Math.abs(order);
        Tensor candidates;
        if (o == 2) {
            candidates = svdvals(m);
        } else if (o == 1 || Double.isInfinite(o)) {
            candidates = m.abs().sum(o == 1 ? -2 : -1);
        } else {
            throw new TensorException("matrix_norm: order " + order + ": expected 1, 2, infinity or their negatives");
        }
        int[] last = {-1};
        return kept(order > 0 ? candidates.amax(last, false) : candidates.amin(last, false), a, axes, keepDims);
    }

    private static void requirePair(Tensor a, int[] axes) {
        if (axes.length != 2 || a.rank() < 2 || a.shape().axis(axes[0]) == a.shape().axis(axes[1])) {
            throw new TensorException("matrix_norm: axes " + Arrays.toString(axes) + " of " + a.shape()
                    + ": expected two different ones");
        }
    }

    private static Tensor lastTwo(Tensor a, int[] axes) {
        return a.movedim(axes, new int[] {-2, -1});
    }

    private static Tensor kept(Tensor norm, Tensor a, int[] axes, boolean keepDims) {
        return keepDims ? norm.reshape(a.shape().with(axes[0], 1).with(axes[1], 1)) : norm;
    }

    /// The condition number: the largest singular value by the smallest.
    public static Tensor cond(Tensor a) {
        Tensor s = svdvals(a);
        return s.narrow(-1, 0, 1).div(s.narrow(-1, s.size(-1) - 1, 1)).squeeze(-1);
    }

    // --- tensors as matrices

    /// The inverse of the map from the last axes to the first `ind` axes.
    public static Tensor tensorInv(Tensor a, int ind) {
        Shape s = a.shape();
        Shape rows = s.slice(0, ind);
        Shape columns = s.slice(ind, s.rank());
        if (rows.elements() != columns.elements()) {
            throw new TensorException("tensorinv: the first " + ind + " axes of " + s + " have " + rows.elements()
                    + " elements, the others " + columns.elements());
        }
        return inv(a.reshape(Shape.of(rows.elements(), columns.elements()))).reshape(columns.concat(rows));
    }

    /// The X with tensordot(A, X, X's number of axes) = B.
    ///
    /// @param axes axes of A that are moved to its end first
    public static Tensor tensorSolve(Tensor a, Tensor b, int... axes) {
        int[] ends = IntStream.range(a.rank() - axes.length, a.rank()).toArray();
        Tensor t = axes.length == 0 ? a : a.movedim(axes, ends);
        Shape x = t.shape().slice(b.rank(), t.rank());
        return solve(t.reshape(Shape.of(b.elements(), x.elements())), b.reshape(-1)).reshape(x);
    }

    /// x with each slice along an axis scaled down to a p-norm of `maxNorm` where it is larger.
    public static Tensor renorm(Tensor x, double p, int axis, double maxNorm) {
        int a = x.shape().axis(axis);
        int[] others = IntStream.range(0, x.rank()).filter(i -> i != a).toArray();
        Tensor norm = x.norm(p, others, true);
        Tensor factor = norm.add(1e-7).reciprocal().mul(maxNorm);
        return x.mul(factor.where(norm.gt(maxNorm), Tensors.onesLike(norm)));
    }
}
