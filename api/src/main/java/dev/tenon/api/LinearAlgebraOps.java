package dev.tenon.api;

import dev.tenon.api.op.MatMulOp;

/// Products of vectors and matrices.
public sealed interface LinearAlgebraOps permits Tensor {

    /// The product as NumPy's `@`: of two vectors a scalar, of matrices a matrix, of more axes a broadcast batch of
    /// products; a vector stands for a row on the left and a column on the right.
    default Tensor matmul(Tensor other) {
        Tensor a = (Tensor) this;
        Tensor b = other;
        if (a.rank() == 0 || b.rank() == 0) {
            throw new TensorException("matmul: " + a.shape() + " x " + b.shape()
                    + ": scalars have no matrix product; use mul");
        }
        boolean row = a.rank() == 1;
        boolean column = b.rank() == 1;
        Tensor product = Dispatcher.run(MatMulOp.PLAIN, row ? a.unsqueeze(0) : a, column ? b.unsqueeze(1) : b);
        product = column ? product.squeeze(-1) : product;
        return row ? product.squeeze(column ? -1 : -2) : product;
    }

    /// The product of two matrices.
    ///
    /// @throws TensorException if either is no matrix
    default Tensor mm(Tensor other) {
        return LinearAlgebra.product("mm", (Tensor) this, 2, other, 2);
    }

    /// The products of two batches of matrices, `[b, m, k] x [b, k, n]`.
    default Tensor bmm(Tensor other) {
        Tensor a = (Tensor) this;
        if (a.rank() == 3 && other.rank() == 3 && a.size(0) != other.size(0)) {
            throw new TensorException("bmm: " + a.shape() + " x " + other.shape()
                    + ": batch sizes differ; matmul broadcasts");
        }
        return LinearAlgebra.product("bmm", a, 3, other, 3);
    }

    /// The product of a matrix and a vector.
    default Tensor mv(Tensor vector) {
        return LinearAlgebra.product("mv", (Tensor) this, 2, vector, 1);
    }

    /// The inner product of two vectors.
    default Tensor dot(Tensor other) {
        return LinearAlgebra.product("dot", (Tensor) this, 1, other, 1);
    }

    /// The outer product of two vectors.
    default Tensor outer(Tensor other) {
        LinearAlgebra.requireRank("outer", (Tensor) this, 1, other, 1);
        return ((Tensor) this).unsqueeze(1).mul(other);
    }

    /// `beta` times this plus `alpha` times the product of two matrices.
    default Tensor addmm(Tensor a, Tensor b, double beta, double alpha) {
        return LinearAlgebra.scaledSum((Tensor) this, a.mm(b), beta, alpha);
    }

    /// The elements on and below the diagonal, zeros elsewhere; `diagonal` > 0 includes that many above it.
    default Tensor tril(long diagonal) {
        return LinearAlgebra.triangle((Tensor) this, diagonal, true);
    }

    /// The elements on and above the diagonal, zeros elsewhere; `diagonal` > 0 leaves out that many.
    default Tensor triu(long diagonal) {
        return LinearAlgebra.triangle((Tensor) this, diagonal, false);
    }
}
