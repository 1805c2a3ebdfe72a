package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.ArrayList;
import java.util.List;

/// The workings of [LinearAlgebraOps].
final class LinearAlgebra {
    private LinearAlgebra() {}

    static void requireRank(String op, Tensor a, int rankA, Tensor b, int rankB) {
        if (a.rank() != rankA || b.rank() != rankB) {
            throw new TensorException(op + ": " + a.shape() + " x " + b.shape() + ": expected " + rankA + " and "
                    + rankB
                    + " axes; matmul takes any");
        }
    }

    static Tensor product(String op, Tensor a, int rankA, Tensor b, int rankB) {
        requireRank(op, a, rankA, b, rankB);
        return a.matmul(b);
    }

    static Tensor triangle(Tensor x, long diagonal, boolean lower) {
        if (x.rank() < 2) {
            throw new TensorException((lower ? "tril" : "triu") + ": takes matrices, got shape " + x.shape());
        }
        Expr row = new Expr.Index(x.rank() - 2);
        Expr column = new Expr.Index(x.rank() - 1);
        Expr above = Exprs.sub(column, row);
        Expr inside = Exprs.binary(lower ? BinaryFn.LE : BinaryFn.GE, above, new Expr.Param(Kind.I64, 0));
        Expr value = Exprs.in(0, x.dtype());
        Lambda body = Lambda.of(Exprs.select(inside, value, Exprs.like(value, 0)), x.dtype());
        return Dispatcher.run(MapOp.of(lower ? "tril" : "triu", body, Scalars.ofBits(diagonal)), x);
    }

    /// `beta` times a summand plus `alpha` times a product. For integers both numbers are truncated, as in PyTorch.
    static Tensor scaledSum(Tensor summand, Tensor product, double beta, double alpha) {
        Tensor scaled = scaled(product, alpha);
        if (beta == 0) {
            return scaled;
        }
        if (!summand.shape().broadcastsTo(product.shape())) {
            throw new TensorException("addmm: the summand " + summand.shape() + " does not broadcast to the product "
                    + product.shape());
        }
        return scaled(summand, beta).add(scaled);
    }

    private static Tensor scaled(Tensor x, double factor) {
        return factor == 1 ? x : x.dtype().isFloating() ? x.mul(factor) : x.mul((long) factor);
    }

    /// Chooses the order of a chain of products by dynamic programming over its parts.
    static Tensor chain(List<Tensor> factors) {
        int n = factors.size();
        if (n < 2) {
            throw new TensorException("multi_dot: needs at least two tensors, got " + n);
        }
        boolean row = factors.getFirst().rank() == 1;
        boolean column = factors.getLast().rank() == 1;
        List<Tensor> m = new ArrayList<>(factors);
        m.set(0, row ? factors.getFirst().unsqueeze(0) : factors.getFirst());
        m.set(n - 1, column ? m.get(n - 1).unsqueeze(1) : m.get(n - 1));
        double[][] cost = new double[n][n];
        int[][] cut = new int[n][n];
        for (int length = 1; length < n; length++) {
            for (int i = 0; i + length < n; i++) {
                int j = i + length;
                cost[i][j] = Double.POSITIVE_INFINITY;
                for (int k = i; k < j; k++) {
                    double c = cost[i][k] + cost[k + 1][j]
                            + (double) m.get(i).size(0) * m.get(k).size(1) * m.get(j).size(1);
                    if (c < cost[i][j]) {
                        cost[i][j] = c;
                        cut[i][j] = k;
                    }
                }
            }
        }
        Tensor product = part(m, cut, 0, n - 1);
        product = column ? product.squeeze(-1) : product;
        return row ? product.squeeze(column ? -1 : -2) : product;
    }

    private static Tensor part(List<Tensor> m, int[][] cut, int i, int j) {
        return i == j ? m.get(i) : part(m, cut, i, cut[i][j]).mm(part(m, cut, cut[i][j] + 1, j));
    }
}
