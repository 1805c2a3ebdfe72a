package dev.tenon.linalg;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.of;
import static dev.tenon.tensor.Doubles.random;
import static dev.tenon.tensor.Doubles.same;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;

import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.linalg.Linalg;
import dev.tenon.autograd.Gradients;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Linear algebra: what a factorisation is defined by, closed forms of small matrices, gradients, batches and errors.
class LinalgTest {
    private static final int[] BOTH = {-2, -1};

    /// Far from singular.
    private static Tensor regular(Tensor a) {
        return a.add(eye(a).mul(5.0));
    }

    private static Tensor positive(Tensor a) {
        return a.matmul(a.mT()).add(eye(a));
    }

    private static Tensor symmetric(Tensor a) {
        return a.add(a.mT()).add(vector(0, 4, 9).diag(0));
    }

    private static Tensor eye(Tensor a) {
        long n = a.size(-1);
        double[] v = new double[(int) (n * n)];
        for (int i = 0; i < n; i++) {
            v[(int) (i * n + i)] = 1;
        }
        return of(Shape.of(n, n), v);
    }

    private static DynamicTest smooth(String name, UnaryOperator<Tensor> f) {
        return DynamicTest.dynamicTest(name, () -> {
            check(in -> f.apply(in.getFirst()), random(3, 3, 3));
            check(in -> f.apply(in.getFirst()), random(4, 2, 3, 3));
        });
    }

    @TestFactory
    Stream<DynamicTest> gradients() {
        return Stream.of(
                smooth("cholesky", a -> Linalg.cholesky(positive(a), false)),
                smooth("upper cholesky", a -> Linalg.cholesky(positive(a), true)),
                smooth("inv", a -> Linalg.inv(regular(a))),
                smooth("solve", a -> Linalg.solve(regular(a), a)),
                smooth("solveTriangular", a -> Linalg.solveTriangular(regular(a), a, true, true, false)),
                smooth("solveTriangular from the right", a -> Linalg.solveTriangular(regular(a), a, false, false,
                        true)),
                smooth("choleskySolve", a -> Linalg.choleskySolve(a, Linalg.cholesky(positive(a), false), false)),
                smooth("det", Linalg::det),
                smooth("slogdet", a -> Linalg.slogdet(regular(a)).logAbs()),
                smooth("logdet", a -> Linalg.logdet(positive(a))),
                smooth("eigvalsh", a -> Linalg.eigvalsh(symmetric(a), false)),
                smooth("eigh", a -> Linalg.eigh(symmetric(a), true).vectors().square()),
                smooth("svdvals", a -> Linalg.svdvals(symmetric(a))),
                smooth("pinv", a -> Linalg.pinv(regular(a), null, null)),
                smooth("matrixPower", a -> Linalg.matrixPower(a, 3)),
                smooth("matrixPower of the inverse", a -> Linalg.matrixPower(regular(a), -2)),
                smooth("matrixExp", a -> Linalg.matrixExp(a.mul(0.3))),
                smooth("matrixNorm", a -> Linalg.matrixNorm(a, "fro", BOTH, false)),
                smooth("renorm", a -> Linalg.renorm(a, 2, 0, 1)));
    }

    @Test
    void factorsGiveTheMatrixAgain() {
        Tensor a = positive(random(5, 2, 4, 4));
        Tensor l = Linalg.cholesky(a, false);
        same(a, l.matmul(l.mT()));
        same(l, l.tril(0));
        same(l.mT(), Linalg.cholesky(a, true));
        Tensor b = random(6, 2, 4, 3);
        same(b, a.matmul(Linalg.solve(a, b)));
        same(Linalg.solve(a, b), Linalg.choleskySolve(b, l, false));
        same(Linalg.solve(a, b), Linalg.choleskySolve(b, l.mT(), true));
        same(Linalg.inv(a), Linalg.choleskyInverse(l, false));
        same(Linalg.inv(a).matmul(a), eye(a).expand(2, 4, 4));
        same(b, l.matmul(Linalg.solveTriangular(l, b, false, true, false)));
        same(b.mT(), Linalg.solveTriangular(l.mT(), b.mT(), true, false, false).matmul(l.mT()));
        Linalg.Eigen e = Linalg.eigh(a, false);
        same(a, e.vectors().mul(e.values().unsqueeze(-2)).matmul(e.vectors().mT()));
        same(eye(a).expand(2, 4, 4), e.vectors().mT().matmul(e.vectors()));
        for (Tensor m : new Tensor[] {random(7, 2, 4, 3), random(8, 2, 3), random(9, 3, 3)}) {
            Linalg.Usv d = Linalg.svd(m);
            same(m, d.u().mul(d.s().unsqueeze(-2)).matmul(d.vt()));
            same(d.s(), d.s().sort(-1, true).values());
            Tensor p = Linalg.pinv(m, null, null);
            same(m, m.matmul(p).matmul(m));
            same(m.matmul(p), m.matmul(p).mT());
        }
    }

    @Test
    void closedForms() {
        Tensor a = of(Shape.of(2, 2), 3, 1, 2, 4);
        values(Linalg.det(a), 10);
        values(Linalg.inv(a), 0.4, -0.1, -0.2, 0.3);
        values(Linalg.solve(a, vector(5, 10)), 1, 2);
        values(Linalg.slogdet(a.flip(0)).sign(), -1);
        values(Linalg.slogdet(a.flip(0)).logAbs(), Math.log(10));
        values(Linalg.logdet(a.flip(0)), Double.NaN);
        values(Linalg.matrixPower(a, 2), 11, 7, 14, 18);
        values(Linalg.matrixPower(a, 0), 1, 0, 0, 1);
        values(Linalg.eigvalsh(of(Shape.of(2, 2), 2, 99, 1, 2), false), 1, 3);
        values(Linalg.eigvalsh(of(Shape.of(2, 2), 2, 1, 99, 2), true), 1, 3);
        values(Linalg.svdvals(of(Shape.of(2, 2), 0, -3, 2, 0)), 3, 2);
        values(Linalg.cond(of(Shape.of(2, 2), 0, -3, 2, 0)), 1.5);
        values(Linalg.matrixExp(of(Shape.of(2, 2), 0, -2, 2, 0)),
                Math.cos(2), -Math.sin(2), Math.sin(2), Math.cos(2));
        values(Linalg.matrixExp(vector(1, -3).diag(0)), Math.E, 0, 0, Math.exp(-3));
        values(Linalg.symmetric(a), 3, 2, 2, 4);
    }

    @Test
    void norms() {
        Tensor a = of(Shape.of(2, 2), 3, -1, 2, 4);
        values(Linalg.matrixNorm(a, "fro", BOTH, false), Math.sqrt(30));
        values(Linalg.matrixNorm(a, 1, BOTH, false), 5);
        values(Linalg.matrixNorm(a, -1, BOTH, false), 5);
        values(Linalg.matrixNorm(a, Double.POSITIVE_INFINITY, BOTH, false), 6);
        near(Shape.of(1, 1), new double[] {4}, Linalg.matrixNorm(a, Double.NEGATIVE_INFINITY, BOTH, true));
        values(Linalg.matrixNorm(vector(3, -4).diag(0), "nuc", BOTH, false), 7);
        values(Linalg.matrixNorm(vector(3, -4).diag(0), 2, BOTH, false), 4);
        values(Linalg.matrixNorm(vector(3, -4).diag(0), -2, BOTH, false), 3);
        values(Linalg.vectorNorm(a, 1, new int[] {0}, false), 5, 5);
        near(Shape.of(2, 2), new double[] {0.6, 0.8, 0.3, 0.4},
                Linalg.renorm(of(Shape.of(2, 2), 3, 4, 0.3, 0.4), 2, 0, 1).mul(1 + 2e-8).round(6));
    }

    @Test
    void singularMatrices() {
        Tensor a = of(Shape.of(2, 2), 1, 2, 2, 4);
        values(Linalg.det(a), 0);
        Gradients.gradCheck(in -> Linalg.det(in.getFirst()), a);
        values(Linalg.slogdet(a).sign(), 0);
        values(Linalg.slogdet(a).logAbs(), Double.NEGATIVE_INFINITY);
        longs(Linalg.matrixRank(a, null, null), 1);
        longs(Linalg.matrixRank(vector(5, 1, 0.1).diag(0), vector(0.5).sum(), null), 2);
        values(Linalg.pinv(a, null, null), 0.04, 0.08, 0.08, 0.16);
        fails(() -> Linalg.inv(a), "singular", "pinv");
        fails(() -> Linalg.solve(a, vector(1, 1)), "singular", "pinv");
        fails(() -> Linalg.cholesky(of(Shape.of(2, 2), 1, 2, 2, 1), false), "cholesky", "order 2", "positive definite");
    }

    @Test
    void tensorsAsMatrices() {
        Tensor a = regular(random(2, 6, 6)).reshape(2, 3, 6);
        Tensor b = random(3, 2, 3);
        same(b, a.tensordot(Linalg.tensorSolve(a, b), 1));
        same(Linalg.tensorSolve(a, b), Linalg.tensorInv(a, 2).tensordot(b, 2));
    }

    @Test
    void emptyMatricesAndErrors() {
        near(Shape.of(0), new double[0], Linalg.det(random(1, 0, 3, 3)));
        values(Linalg.det(random(1, 0, 0)), 1);
        near(Shape.of(0, 3, 3), new double[0], Linalg.inv(random(1, 0, 3, 3)));
        near(Shape.of(0, 0), new double[0], Linalg.cholesky(random(1, 0, 0), false));
        Tensor wide = random(1, 2, 3);
        fails(() -> Linalg.det(wide), "det", "square", "[2, 3]");
        fails(() -> Linalg.inv(wide), "inv", "square");
        fails(() -> Linalg.cholesky(vector(1), false), "cholesky", "square");
        fails(() -> Linalg.eigh(integers(Shape.of(1, 1), 1), false), "eigh", "floating-point");
        fails(() -> Linalg.solve(random(1, 2, 2), random(1, 3, 1)), "solve", "[3, 1]");
        fails(() -> Linalg.solve(random(1, 2, 2), vector(1).sum()), "solve");
        fails(() -> Linalg.svd(vector(1)), "svd");
        fails(() -> Linalg.matrixPower(wide, 2), "matrix_power", "square");
        fails(() -> Linalg.matrixNorm(wide, "max", BOTH, false), "matrix_norm", "max", "fro");
        fails(() -> Linalg.matrixNorm(wide, 3, BOTH, false), "matrix_norm", "3");
        fails(() -> Linalg.matrixNorm(wide, 2, new int[] {0, 0}, false), "matrix_norm", "two different");
        fails(() -> Linalg.tensorInv(random(1, 2, 3, 4), 2), "tensorinv", "6", "4");
    }
}
