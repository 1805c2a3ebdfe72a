package dev.tenon.autograd;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.api.linalg.Cholesky;
import dev.tenon.api.linalg.CholeskySolve;
import dev.tenon.api.linalg.Determinant;
import dev.tenon.api.linalg.Eigh;
import dev.tenon.api.linalg.Linalg;
import dev.tenon.api.linalg.PseudoInverse;
import dev.tenon.api.linalg.Solve;
import dev.tenon.api.linalg.Svd;
import dev.tenon.api.linalg.TriangularSolve;
import dev.tenon.api.op.Op;
import java.util.List;

/// Matrix factorisations. Sources: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
/// differentiation" (2008); Golub and Pereyra (1973) for the pseudo-inverse.
final class LinalgRules {
    private LinalgRules() {}

    /// Saves the operands and results that the rules below read: there are few, and they are small.
    private abstract static class Saving<O extends Op> implements Rule<O> {
        private final int inputs;
        private final int outputs;

        Saving(int inputs, int outputs) {
            this.inputs = inputs;
            this.outputs = outputs;
        }

        @Override
        public void save(O op, Link link) {
            for (int i = 0; i < inputs; i++) {
                link.saveInput(i);
            }
            for (int i = 0; i < outputs; i++) {
                link.saveOutput(i);
            }
        }
    }

    /// `L^-T sym(phi(L^T g)) L^-1` with phi the lower triangle, its diagonal halved.
    static final class OfCholesky extends Saving<Cholesky> {
        OfCholesky() {
            super(0, 1);
        }

        @Override
        public void backward(Cholesky op, Backward b) {
            Tensor l = b.output(0);
            Tensor phi = l.mT().matmul(b.grad().tril(0)).tril(0);
            Tensor half = phi.sub(diagonal(phi).mul(0.5));
            Tensor left = Linalg.solveTriangular(l.mT(), half.add(half.mT()).mul(0.5), true, true, false);
            b.set(0, Linalg.solveTriangular(l, left, false, false, false));
        }

        private static Tensor diagonal(Tensor m) {
            return m.tril(0).triu(0);
        }
    }

    /// For `A X = B`: `gB = A^-T g`, `gA = -gB X^T`.
    static final class OfSolve extends Saving<Solve> {
        OfSolve() {
            super(1, 1);
        }

        @Override
        public void backward(Solve op, Backward b) {
            Tensor gb = Linalg.solve(b.input(0).mT(), b.grad());
            if (b.needs(1)) {
                b.set(1, gb);
            }
            if (b.needs(0)) {
                b.set(0, gb.matmul(b.output(0).mT()).neg());
            }
        }
    }

    /// As for [Solve], within the triangle that is read.
    static final class OfTriangularSolve extends Saving<TriangularSolve> {
        OfTriangularSolve() {
            super(1, 1);
        }

        @Override
        public void backward(TriangularSolve op, Backward b) {
            Tensor a = b.input(0);
            Tensor gb = Linalg.solveTriangular(a.mT(), b.grad(), !op.upper(), true, op.unit());
            if (b.needs(1)) {
                b.set(1, gb);
            }
            if (b.needs(0)) {
                Tensor ga = gb.matmul(b.output(0).mT()).neg();
                int edge = op.unit() ? 1 : 0;
                b.set(0, op.upper() ? ga.triu(edge) : ga.tril(-edge));
            }
        }
    }

    /// `gB = A^-1 g`, `gL = -(gB X^T + X gB^T) L`.
    static final class OfCholeskySolve extends Saving<CholeskySolve> {
        OfCholeskySolve() {
            super(1, 1);
        }

        @Override
        public void backward(CholeskySolve op, Backward b) {
            Tensor l = b.input(0);
            Tensor gb = Linalg.choleskySolve(b.grad(), l, false);
            if (b.needs(1)) {
                b.set(1, gb);
            }
            if (b.needs(0)) {
                Tensor product = gb.matmul(b.output(0).mT());
                b.set(0, product.add(product.mT()).matmul(l).neg());
            }
        }
    }

    /// `g det(A) A^-T`; by cofactors where a matrix is singular or nearly so.
    static final class OfDeterminant extends Saving<Determinant> {
        OfDeterminant() {
            super(1, 1);
        }

        @Override
        public void backward(Determinant op, Backward b) {
            Tensor a = b.input(0);
            Tensor g = b.grad().unsqueeze(-1).unsqueeze(-1);
            b.set(0, g.mul(regular(a, b.output(0))
                    ? Linalg.inv(a).mT().mul(b.output(0).unsqueeze(-1).unsqueeze(-1))
                    : Dispatcher.run(new Determinant.Cofactors(), a)));
        }

        /// Whether every determinant is well above the rounding errors of Hadamard's bound.
        private static boolean regular(Tensor a, Tensor det) {
            if (det.elements() == 0) {
                return true;
            }
            Tensor x = a.detach().to(DType.F64);
            Tensor bound = x.square().sum(-1).sqrt();
            double[] scale = Tensors.ones(det.shape(), DType.F64, det.device()).mul(
                    bound.log().sum(-1).exp()).toDoubleArray();
            double[] d = det.detach().toDoubleArray();
            for (int i = 0; i < d.length; i++) {
                if (!(Math.abs(d[i]) > 1e-6 * scale[i])) {
                    return false;
                }
            }
            return true;
        }
    }

    /// `g A^-T` for the logarithm; the sign has no gradient.
    static final class OfSlogdet extends Saving<Determinant.Slogdet> {
        OfSlogdet() {
            super(1, 0);
        }

        @Override
        public void backward(Determinant.Slogdet op, Backward b) {
            b.set(0, Linalg.inv(b.input(0)).mT().mul(b.grad(1).unsqueeze(-1).unsqueeze(-1)));
        }
    }

    /// One over the differences of values, zero on the diagonal.
    private static Tensor inverseGaps(Tensor values) {
        Tensor gaps = values.unsqueeze(-2).sub(values.unsqueeze(-1));
        Tensor one = Tensors.eye(values.size(-1), values.size(-1), values.dtype(), values.device());
        return one.rsub(1).div(gaps.add(one));
    }

    /// `V (diag(g) + (V^T gV) / E) V^T` with E the differences of the eigenvalues.
    static final class OfEigh extends Saving<Eigh> {
        OfEigh() {
            super(0, 2);
        }

        @Override
        public void backward(Eigh op, Backward b) {
            Tensor values = b.output(0);
            Tensor v = b.output(1);
            Tensor inner = b.grad(0).diagEmbed(0, -2, -1);
            Tensor gv = b.gradOrNull(1);
            if (gv != null) {
                inner = inner.add(v.mT().matmul(gv).mul(inverseGaps(values)));
            }
            b.set(0, v.matmul(inner).matmul(v.mT()));
        }
    }

    /// Giles's formula for the reduced decomposition; where only S has a gradient, `U diag(g) V^T`.
    static final class OfSvd extends Saving<Svd> {
        OfSvd() {
            super(0, 3);
        }

        @Override
        public void backward(Svd op, Backward b) {
            Tensor u = b.output(0);
            Tensor s = b.output(1);
            Tensor vt = b.output(2);
            Tensor gu = b.gradOrNull(0);
            Tensor gvt = b.gradOrNull(2);
            Tensor inner = b.grad(1).diagEmbed(0, -2, -1);
            Tensor row = s.unsqueeze(-2);
            Tensor column = s.unsqueeze(-1);
            Tensor outside = null;
            if (gu != null || gvt != null) {
                Tensor f = inverseGaps(s.square());
                if (gu != null) {
                    Tensor m = u.mT().matmul(gu);
                    inner = inner.add(m.sub(m.mT()).mul(f).mul(row));
                    Tensor rest = gu.sub(u.matmul(m)).div(row);
                    outside = rest.matmul(vt);
                }
                if (gvt != null) {
                    Tensor m = vt.matmul(gvt.mT());
                    inner = inner.add(m.sub(m.mT()).mul(f).mul(column));
                    Tensor rest = gvt.sub(m.mT().matmul(vt)).div(column);
                    Tensor part = u.matmul(rest);
                    outside = outside == null ? part : outside.add(part);
                }
            }
            Tensor g = u.matmul(inner).matmul(vt);
            b.set(0, outside == null ? g : g.add(outside));
        }
    }

    /// Golub and Pereyra's differential, transposed.
    static final class OfPseudoInverse extends Saving<PseudoInverse> {
        OfPseudoInverse() {
            super(1, 1);
        }

        @Override
        public void check(PseudoInverse op, List<Tensor> in) {
            if (in.get(1).requiresGrad()) {
                throw new TensorException("pinv: the bounds have no gradient; detach them");
            }
        }

        @Override
        public void backward(PseudoInverse op, Backward b) {
            Tensor a = b.input(0);
            Tensor p = b.output(0);
            Tensor g = b.grad().mT();
            Tensor pt = p.mT();
            // dP = -P dA P + P Pᵀ dAᵀ (I - A P) + (I - P A) dAᵀ Pᵀ P.
            Tensor first = pt.matmul(b.grad()).matmul(pt).neg();
            Tensor k = g.matmul(p).matmul(pt);
            Tensor second = k.sub(a.matmul(p).matmul(k));
            Tensor l = pt.matmul(p).matmul(g);
            Tensor third = l.sub(l.matmul(p).matmul(a));
            b.set(0, first.add(second).add(third));
        }
    }
}
