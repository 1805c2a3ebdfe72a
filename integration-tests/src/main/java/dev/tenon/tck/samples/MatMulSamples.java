package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.UnaryFn;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Matrix products: dtypes, sizes around the edges of blocks, batches, layouts, epilogues.
public final class MatMulSamples {
    private static final long[][] SIZES = {
        {1, 1, 1}, {1, 7, 1}, {1, 17, 33}, {33, 17, 1}, {2, 3, 4}, {7, 1, 5}, {16, 16, 16}, {17, 31, 13}, {33, 65, 9},
        {5, 259, 6}, {70, 20, 70}
    };

    private MatMulSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : Shapes.NUMBERS) {
            for (long[] size : SIZES) {
                Input a = Input.of(d, size[0], size[1]);
                Input b = Input.of(d, size[1], size[2]).seed(2);
                s.add(product(d, size[0] + "x" + size[1] + "x" + size[2], a, b));
            }
            Input a = Input.of(d, 19, 37);
            Input b = Input.of(d, 37, 23).seed(2);
            for (Layout l : Layout.values()) {
                for (Layout m : Layout.values()) {
                    if (l != m || l != Layout.CONTIGUOUS) {
                        s.add(product(d, l + " x " + m, a.in(l), b.in(m)));
                    }
                }
            }
            s.add(product(d, "empty inner", Input.of(d, 3, 0), Input.of(d, 0, 4)));
            s.add(product(d, "no rows", Input.of(d, 0, 5), Input.of(d, 5, 4)));
            s.add(product(d, "no batch", Input.of(d, 0, 2, 5), Input.of(d, 5, 4)));
            s.add(product(d, "batch", Input.of(d, 3, 5, 7), Input.of(d, 3, 7, 4).seed(2)));
            s.add(product(d, "batch x matrix", Input.of(d, 3, 5, 7), Input.of(d, 7, 4).seed(2)));
            s.add(product(d, "matrix x batch", Input.of(d, 5, 7), Input.of(d, 3, 7, 4).seed(2)));
            s.add(product(d, "batches broadcast", Input.of(d, 2, 1, 5, 7), Input.of(d, 3, 7, 4).seed(2)));
            s.add(product(d, "batch transposed", Input.of(d, 2, 5, 7).in(Layout.TRANSPOSED),
                    Input.of(d, 2, 7, 4).in(Layout.FLIPPED)));
            s.add(product(d, "batch stride 0", Input.of(d, 4, 5, 7).in(Layout.BROADCAST), Input.of(d, 4, 7, 3)));
            s.addAll(epilogues(d));
        }
        for (DType d : Shapes.FLOATS) {
            s.add(product(d, "NaN spreads",
                    Input.values(d, Shape.of(2, 2), 0, 1, 2, 3),
                    Input.values(d, Shape.of(2, 2), Double.NaN, 1, Double.POSITIVE_INFINITY, 2)));
        }
        return s;
    }

    private static Sample product(DType d, String variant, Input a, Input b) {
        long inner = a.shape().dim(-1);
        return Sample.of("matmul", d, variant, MatMulOp.PLAIN, Family.REDUCTION, a, b).scale(9.0 * Math.max(1, inner));
    }

    private static List<Sample> epilogues(DType d) {
        List<Sample> s = new ArrayList<>();
        Expr product = new Expr.Input(0, d.kind());
        Expr biased = Exprs.add(product, Exprs.in(1, d));
        Input a = Input.of(d, 9, 17);
        Input b = Input.of(d, 17, 21).seed(2);
        s.add(with("bias", d, Lambda.of(biased, d), Scalars.NONE, a, b, Input.of(d, 21).seed(3)));
        s.add(with("column", d, Lambda.of(biased, d), Scalars.NONE, a, b, Input.of(d, 9, 1).seed(3)));
        s.add(with("residual", d, Lambda.of(biased, d), Scalars.NONE, a, b,
                Input.of(d, 9, 21).seed(3).in(Layout.TRANSPOSED)));
        Scalars half = d.isFloating() ? Scalars.of(0.5) : Scalars.ofBits(2);
        s.add(with("scaled", d, Lambda.of(Exprs.mul(product, new Expr.Param(d.kind(), 0)), d), half, a, b));
        s.add(with("batch bias", d, Lambda.of(biased, d), Scalars.NONE, Input.of(d, 3, 5, 6), Input.of(d, 6, 4),
                Input.of(d, 3, 1, 4)));
        if (d.isFloating()) {
            s.add(with("bias tanh", d, Lambda.of(Exprs.unary(UnaryFn.TANH, biased), d), Scalars.NONE, a, b,
                    Input.of(d, 21).seed(3)));
            s.add(with("to f32", d, Lambda.of(Exprs.cast(DType.F32, product), DType.F32), Scalars.NONE, a, b));
            Lambda two = Lambda.of(List.of(biased, Exprs.unary(UnaryFn.SIGMOID, product)), List.of(d, d));
            s.add(with("two results", d, two, Scalars.NONE, a, b, Input.of(d, 21).seed(3)));
        }
        return s;
    }

    private static Sample with(String variant, DType d, Lambda epilogue, Scalars scalars, Input... in) {
        MatMulOp op = new MatMulOp(Optional.of(epilogue), scalars);
        return Sample.of("matmul", d, "epilogue " + variant, op, Family.REDUCTION, in).scale(9 * 17);
    }
}
