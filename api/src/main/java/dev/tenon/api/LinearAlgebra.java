package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;

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
}
