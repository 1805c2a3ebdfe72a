package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.optim.LBFGS;
import dev.tenon.nn.optim.SGD;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LBFGSTest {
    /// x² + 10 y², cut into two parameters.
    private static final class Bowl {
        final Parameter x;
        final Parameter y;
        int calls;

        Bowl(double x, double y) {
            this.x = Parameter.startingAt(Tensors.of(x));
            this.y = Parameter.startingAt(Tensors.of(y));
        }

        List<Parameter> parameters() {
            return List.of(x, y);
        }

        Supplier<Tensor> closure(LBFGS o) {
            return () -> {
                calls++;
                o.zeroGrad();
                Tensor loss = x.get().square().add(y.get().square().mul(10)).sum();
                loss.backward();
                return loss;
            };
        }

        double[] at() {
            return new double[] {x.get().item(), y.get().item()};
        }
    }

    private static double[] gradient(double[] p) {
        return new double[] {2 * p[0], 20 * p[1]};
    }

    private static double dot(double[] a, double[] b) {
        return a[0] * b[0] + a[1] * b[1];
    }

    /// The recursion written out with the matrix of the inverse Hessian: H' = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ,
    /// started for each iteration from (sᵀy / yᵀy) I.
    @Test
    void iterationsFollowTheUpdateOfTheInverseHessian() {
        Bowl bowl = new Bowl(1, 1);
        LBFGS o = new LBFGS(bowl.parameters(), LBFGS.options(0.5).maxIterations(1));
        double[] p = {1, 1};
        double[][] ys = new double[3][];
        double[][] ss = new double[3][];
        double[] before = null;
        double[] moved = null;
        for (int k = 0; k < 4; k++) {
            double[] g = gradient(p);
            double[] d = {-g[0], -g[1]};
            double t = 0.5 * Math.min(1, 1 / (Math.abs(g[0]) + Math.abs(g[1])));
            if (before != null && moved != null) {
                t = 0.5;
                ys[k - 1] = new double[] {g[0] - before[0], g[1] - before[1]};
                ss[k - 1] = moved;
                double scale = dot(ys[k - 1], ss[k - 1]) / dot(ys[k - 1], ys[k - 1]);
                double[][] h = {{scale, 0}, {0, scale}};
                for (int i = 0; i < k; i++) {
                    h = updated(h, ss[i], ys[i]);
                }
                d = new double[] {-dot(h[0], g), -dot(h[1], g)};
            }
            moved = new double[] {t * d[0], t * d[1]};
            p = new double[] {p[0] + moved[0], p[1] + moved[1]};
            before = g;
            o.step(bowl.closure(o));
            assertArrayEquals(p, bowl.at(), 1e-10, "after " + (k + 1));
        }
    }

    private static double[][] updated(double[][] h, double[] s, double[] y) {
        double rho = 1 / dot(s, y);
        double[][] left = {{1 - rho * s[0] * y[0], -rho * s[0] * y[1]}, {-rho * s[1] * y[0], 1 - rho * s[1] * y[1]}};
        double[][] out = new double[2][2];
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 2; j++) {
                for (int a = 0; a < 2; a++) {
                    for (int b = 0; b < 2; b++) {
                        out[i][j] += left[i][a] * h[a][b] * left[j][b];
                    }
                }
                out[i][j] += rho * s[i] * s[j];
            }
        }
        return out;
    }

    @Test
    void theValleyOfRosenbrock() {
        Parameter p = Parameter.startingAt(Tensors.of(-1.2, 1.0));
        LBFGS o = new LBFGS(List.of(p), LBFGS.options(1).lineSearch(true).maxIterations(40)
                .toleranceChange(1e-14));
        Supplier<Tensor> closure = () -> {
            o.zeroGrad();
            Tensor x = p.get().narrow(0, 0, 1);
            Tensor y = p.get().narrow(0, 1, 1);
            Tensor loss = x.rsub(1).square().add(y.sub(x.square()).square().mul(100)).sum();
            loss.backward();
            return loss;
        };
        assertEquals(24.2, o.step(closure).item(), 1e-9);
        o.step(closure);
        assertArrayEquals(new double[] {1, 1}, p.get().toDoubleArray(), 1e-5);
    }

    @Test
    void theSearchMakesTheLossFallWhereFullStepsDoNot() {
        // The loss grows as the fourth power: the full steps of the first iterations are far too long.
        Parameter p = Parameter.startingAt(Tensors.of(0.01));
        LBFGS o = new LBFGS(List.of(p), LBFGS.options(100).lineSearch(true).maxIterations(1));
        double before = Double.POSITIVE_INFINITY;
        for (int i = 0; before > 1e-12; i++) {
            assertTrue(i < 20, "still at " + before);
            double loss = o.step(() -> {
                o.zeroGrad();
                Tensor l = p.get().sub(1).pow(4).sum();
                l.backward();
                return l;
            }).item();
            assertTrue(loss < before, loss + " after " + before);
            before = loss;
        }
    }

    @Test
    void aShortHistoryForgetsAndARestoredStateGoesOn() {
        Bowl a = new Bowl(1, -2);
        LBFGS.Options options = LBFGS.options(0.3).maxIterations(2).historySize(2);
        LBFGS first = new LBFGS(a.parameters(), options);
        for (int i = 0; i < 3; i++) {
            first.step(a.closure(first));
        }
        assertTrue(first.stateDict().tensors().containsKey("0.y1"));
        assertTrue(!first.stateDict().tensors().containsKey("0.y2"));
        Bowl b = new Bowl(a.at()[0], a.at()[1]);
        LBFGS second = new LBFGS(b.parameters(), options);
        second.loadStateDict(first.stateDict());
        for (int i = 0; i < 2; i++) {
            first.step(a.closure(first));
            second.step(b.closure(second));
        }
        assertArrayEquals(a.at(), b.at());
    }

    @Test
    void limitsAndWrongUse() {
        Bowl bowl = new Bowl(1, 1);
        LBFGS o = new LBFGS(bowl.parameters(), LBFGS.options(0.01).maxIterations(50).maxEvaluations(7));
        o.step(bowl.closure(o));
        assertEquals(7, bowl.calls);
        assertThrows(UnsupportedOperationException.class, o::step);
        Linear fc = new Linear(1, 1);
        assertThrows(IllegalArgumentException.class,
                () -> new LBFGS(fc.parameters(), LBFGS.options(1).weightDecay(0.1)));
        assertThrows(IllegalArgumentException.class, () -> o.addGroup(fc.parameters(), SGD.options(1)));
        o.addGroup(fc.parameters(), LBFGS.options(1));
        assertThrows(IllegalStateException.class, () -> o.step(bowl.closure(o)));
    }
}
