package dev.tenon.nn;

import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.dims;
import static dev.tenon.nn.Near.tensor;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.functional.EmbeddingTables;
import dev.tenon.nn.functional.Linears;
import org.junit.jupiter.api.Test;

class EmbeddingTablesTest {
    private static final Tensor INDEX = Tensors.of(0L, 2L, 2L, 1L);

    private static Tensor table() {
        return tensor(dims(4, 2), 3, 4, 0.3, 0.4, 0, -2, 30, 40).requiresGrad(true);
    }

    @Test
    void usedRowsAreBroughtToALargestNorm() {
        Tensor w = table();
        Tensor r = EmbeddingTables.renormalised(INDEX, w, 1, 2);
        // The second row is short enough, the last one is not used.
        assertNear(new double[] {0.6, 0.8, 0.3, 0.4, 0, -1, 30, 40}, r);
        Linears.embedding(INDEX, r).mul(2).sum().backward();
        assertNear(new double[] {2, 2, 2, 2, 4, 4, 0, 0}, w.grad());
        assertNear(new double[] {3.0 / 7, 4.0 / 7},
                EmbeddingTables.renormalised(INDEX, w, 1, 1).detach().select(0, 0));
        assertThrows(TensorException.class, () -> EmbeddingTables.renormalised(INDEX, w, -1, 2));
    }

    @Test
    void gradientsAreDividedByTheNumberOfUses() {
        Tensor w = table();
        Tensor rows = Linears.embedding(INDEX, EmbeddingTables.scaledByFrequency(INDEX, w));
        assertNear(new double[] {3, 4, 0, -2, 0, -2, 0.3, 0.4}, rows);
        rows.mul(tensor(dims(4, 1), 1, 2, 4, 8)).sum().backward();
        assertNear(new double[] {1, 1, 8, 8, 3, 3, 0, 0}, w.grad());
    }
}
