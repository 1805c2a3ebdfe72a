package dev.tenon.api;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// More products of vectors and matrices: scaled sums of products, contractions, distances. Factorisations, inverses
/// and norms of matrices are in [dev.tenon.api.linalg.Linalg].
public sealed interface ProductOps permits Tensor {

    /// `beta` times this plus `alpha` times the product of a matrix and a vector. With `beta` 0, NaN of this does not
    /// count; for integers both numbers are truncated.
    default Tensor addmv(Tensor matrix, Tensor vector, double beta, double alpha) {
        return LinearAlgebra.scaledSum((Tensor) this, matrix.mv(vector), beta, alpha);
    }

    /// `beta` times this plus `alpha` times the sum of the products of two batches of matrices.
    default Tensor addbmm(Tensor a, Tensor b, double beta, double alpha) {
        return LinearAlgebra.scaledSum((Tensor) this, a.bmm(b).sum(new int[] {0}, false, a.dtype()), beta, alpha);
    }

    /// `beta` times this plus `alpha` times the products of two batches of matrices.
    default Tensor baddbmm(Tensor a, Tensor b, double beta, double alpha) {
        return LinearAlgebra.scaledSum((Tensor) this, a.bmm(b), beta, alpha);
    }

    /// `beta` times this plus `alpha` times the outer product of two vectors.
    default Tensor addr(Tensor a, Tensor b, double beta, double alpha) {
        return LinearAlgebra.scaledSum((Tensor) this, a.outer(b), beta, alpha);
    }

    /// The sums of products along the last axes of both; of a scalar, the product.
    default Tensor inner(Tensor other) {
        Tensor self = (Tensor) this;
        if (self.rank() == 0 || other.rank() == 0) {
            return self.mul(other);
        }
        return self.tensordot(other, new int[] {-1}, new int[] {-1});
    }

    /// The sums of products along the last `axes` axes of this and the first of another tensor.
    ///
    /// @throws TensorException if either has fewer axes, or paired axes differ in extent
    default Tensor tensordot(Tensor other, int axes) {
        int n = ((Tensor) this).rank();
        if (axes < 0 || axes > n || axes > other.rank()) {
            throw new TensorException("tensordot: " + axes + " axes of " + ((Tensor) this).shape() + " and "
                    + other.shape() + ": expected 0 to " + Math.min(n, other.rank()));
        }
        return tensordot(other, IntStream.range(n - axes, n).toArray(), IntStream.range(0, axes).toArray());
    }

    /// The sums of products along pairs of axes: the other axes of this, then those of the other tensor, remain.
    ///
    /// @throws TensorException if paired axes differ in extent
    default Tensor tensordot(Tensor other, int[] axes, int[] otherAxes) {
        Tensor self = (Tensor) this;
        int[] a = Arrays.stream(axes).map(self.shape()::axis).toArray();
        int[] b = Arrays.stream(otherAxes).map(other.shape()::axis).toArray();
        long inner = 1;
        for (int i = 0; i < a.length; i++) {
            if (a.length != b.length || self.size(a[i]) != other.size(b[i])) {
                throw new TensorException("tensordot: axes " + Arrays.toString(axes) + " of " + self.shape() + " and "
                        + Arrays.toString(otherAxes) + " of " + other.shape() + " differ in number or extent");
            }
            inner *= self.size(a[i]);
        }
        int[] left = IntStream.range(0, self.rank()).filter(i -> Arrays.stream(a).noneMatch(k -> k == i)).toArray();
        int[] right = IntStream.range(0, other.rank()).filter(i -> Arrays.stream(b).noneMatch(k -> k == i)).toArray();
        Shape rows = Shape.of(Arrays.stream(left).mapToLong(self::size).toArray());
        Shape columns = Shape.of(Arrays.stream(right).mapToLong(other::size).toArray());
        Tensor x = self.permute(IntStream.concat(Arrays.stream(left), Arrays.stream(a)).toArray());
        Tensor y = other.permute(IntStream.concat(Arrays.stream(b), Arrays.stream(right)).toArray());
        return x.reshape(Shape.of(rows.elements(), inner))
                .matmul(y.reshape(Shape.of(inner, columns.elements())))
                .reshape(rows.concat(columns));
    }

    /// Kronecker's product: each element of this times the whole of another tensor, laid out in its place.
    default Tensor kron(Tensor other) {
        Tensor self = (Tensor) this;
        int n = Math.max(self.rank(), other.rank());
        long[] a = new long[2 * n];
        long[] b = new long[2 * n];
        long[] merged = new long[n];
        for (int i = 0; i < n; i++) {
            int p = i - (n - self.rank());
            int q = i - (n - other.rank());
            a[2 * i] = p < 0 ? 1 : self.size(p);
            a[2 * i + 1] = 1;
            b[2 * i] = 1;
            b[2 * i + 1] = q < 0 ? 1 : other.size(q);
            merged[i] = a[2 * i] * b[2 * i + 1];
        }
        return self.reshape(Shape.of(a)).mul(other.reshape(Shape.of(b))).reshape(Shape.of(merged));
    }

    /// The sum of the diagonal of a matrix.
    default Tensor trace() {
        Tensor self = (Tensor) this;
        if (self.rank() != 2) {
            throw new TensorException("trace: takes a matrix, got shape " + self.shape());
        }
        return self.diagonal(0, 0, 1).sum();
    }

    /// The cross product along an axis of extent 3; both broadcast.
    default Tensor cross(Tensor other, int axis) {
        Tensor self = (Tensor) this;
        Shape s = Shape.broadcast("cross", self.shape(), other.shape());
        int a = s.axis(axis);
        if (s.rank() == 0 || s.dim(a) != 3) {
            throw new TensorException("cross: " + self.shape() + " x " + other.shape() + " along axis " + axis
                    + ": expected extent 3");
        }
        Tensor x = self.expand(s);
        Tensor y = other.expand(s);
        return x.roll(-1, a).mul(y.roll(-2, a)).sub(x.roll(-2, a).mul(y.roll(-1, a)));
    }

    /// The sum of products along an axis; both broadcast.
    default Tensor vecdot(Tensor other, int axis) {
        return ((Tensor) this).mul(other).sum(axis);
    }

    /// The p-distances between the rows of two (batches of) matrices.
    default Tensor cdist(Tensor other, double p) {
        Tensor self = (Tensor) this;
        if (self.rank() < 2 || other.rank() < 2 || self.size(-1) != other.size(-1)) {
            throw new TensorException("cdist: " + self.shape() + " x " + other.shape()
                    + ": expected matrices with rows of one length");
        }
        return self.unsqueeze(-2).sub(other.unsqueeze(-3)).norm(p, new int[] {-1}, false);
    }

    /// The product of matrices in the order that takes the fewest multiplications; the first and the last may be
    /// vectors.
    static Tensor multiDot(List<Tensor> factors) {
        return LinearAlgebra.chain(factors);
    }
}
