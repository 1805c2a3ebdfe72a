package dev.tenon.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Index;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import org.junit.jupiter.api.Test;

/// Indexing gives what NumPy gives; the expected values are NumPy's.
class IndexingTest {
    /// `np.arange(24).reshape(2, 3, 4)`.
    private final Tensor x = Tensors.arange(24).reshape(2, 3, 4);

    private static void same(Tensor t, long[] dims, long... values) {
        assertEquals(Shape.of(dims), t.shape());
        assertArrayEquals(values, t.toLongArray());
    }

    private static long[] d(long... dims) {
        return dims;
    }

    @Test
    void positions() {
        assertEquals(23, x.get(-1, -1, -1).itemLong());
        same(x.get(Index.at(1), Index.at(0)), d(4), 12, 13, 14, 15);
        same(x.get(Index.ellipsis(), Index.at(2)), d(2, 3), 2, 6, 10, 14, 18, 22);
        same(x.get(Index.all(), Index.at(-1)), d(2, 4), 8, 9, 10, 11, 20, 21, 22, 23);
        assertThrows(TensorException.class, () -> x.get(2));
        assertThrows(TensorException.class, () -> x.get(Index.at(0), Index.at(-4)));
    }

    @Test
    void ranges() {
        Tensor v = Tensors.arange(10);
        same(v.get(Index.range(2, 5)), d(3), 2, 3, 4);
        same(v.get(Index.range(-3, 100)), d(3), 7, 8, 9);
        same(v.get(Index.range(5, 2)), d(0));
        same(v.get(Index.range(null, null, -1)), d(10), 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        same(v.get(Index.range(7L, 2L, -2)), d(3), 7, 5, 3);
        same(v.get(Index.range(null, -4L, -1)), d(3), 9, 8, 7);
        same(v.get(Index.range(-100L, 100L, 4)), d(3), 0, 4, 8);
        same(v.get(Index.range(2L, -100L, -1)), d(3), 2, 1, 0);
        same(v.get(Index.range(20, 30)), d(0));
        same(v.get(Index.to(-8)), d(2), 0, 1);
        same(v.get(Index.from(8)), d(2), 8, 9);
        assertThrows(TensorException.class, () -> v.get(Index.range(0L, 5L, 0)));
        Tensor view = v.get(Index.range(1L, null, 3));
        assertTrue(view.sharesMemoryWith(v));
        same(view, d(3), 1, 4, 7);
    }

    @Test
    void newAxesAndEllipses() {
        assertEquals(Shape.of(2, 1, 3, 4, 1),
                x.get(Index.all(), Index.newAxis(), Index.ellipsis(), Index.newAxis()).shape());
        same(x.get(Index.at(0), Index.newAxis(), Index.range(1, 3), Index.at(0)), d(1, 2), 4, 8);
        assertThrows(TensorException.class, () -> x.get(Index.ellipsis(), Index.ellipsis()));
    }

    @Test
    void tensorsOfPositions() {
        same(x.get(Index.all(), Index.of(2, 0), Index.at(1)), d(2, 2), 9, 1, 21, 13);
        same(x.get(Index.of(1, 0, 1), Index.of(0, 1, 2)), d(3, 4), 12, 13, 14, 15, 4, 5, 6, 7, 20, 21, 22, 23);
        Tensor column = Tensors.of(0L, 2L).reshape(2, 1);
        same(x.get(Index.at(0), Index.of(column), Index.of(1, 3)), d(2, 2), 1, 3, 9, 11);
        // Indexed axes apart: what was picked comes first.
        same(x.get(Index.of(0, 1, 1), Index.all(), Index.of(3, 0, 2)), d(3, 3), 3, 7, 11, 12, 16, 20, 14, 18, 22);
        same(x.get(Index.of(-1), Index.of(-1), Index.of(-1)), d(1), 23);
        assertEquals(Shape.of(0, 3, 4), x.get(Index.of(new long[0])).shape());
    }

    @Test
    void masks() {
        Tensor big = x.gt(20L);
        same(x.get(Index.of(big)), d(3), 21, 22, 23);
        same(x.get(Index.of(Tensors.of(false, true)), Index.at(0), Index.at(0)), d(1), 12);
        Tensor rows = Tensors.of(true, false, false, false, true, false).reshape(2, 3);
        same(x.get(Index.of(rows)), d(2, 4), 0, 1, 2, 3, 16, 17, 18, 19);
        same(x.get(Index.at(0), Index.all(), Index.of(Tensors.of(true, false, false, true))), d(3, 2), 0, 3, 4, 7, 8,
                11);
        assertEquals(Shape.of(0), x.get(Index.of(x.lt(0L))).shape());
        same(big.nonzero(), d(3, 3), 1, 2, 1, 1, 2, 2, 1, 2, 3);
    }

    @Test
    void assignment() {
        Tensor y = Tensors.zeros(3, 4);
        y.set(1, Index.at(1));
        y.set(Tensors.of(5f, 6f, 7f), Index.all(), Index.at(0));
        y.set(9, Index.of(2, 0), Index.of(3, 2));
        y.set(-1, Index.of(y.eq(6L)));
        assertArrayEquals(new float[] {5, 0, 9, 0, -1, 1, 1, 1, 7, 0, 0, 9}, y.toFloatArray());
        y.set(Tensors.of(1f, 2f), Index.range(null, null, -2), Index.from(2));
        assertArrayEquals(new float[] {5, 0, 1, 2, -1, 1, 1, 1, 7, 0, 1, 2}, y.toFloatArray());
        assertThrows(TensorException.class, () -> y.set(Tensors.of(1f, 2f, 3f), Index.at(0)));
        Tensor counts = Tensors.zeros(4).indexPut(Tensors.ones(5), true, Index.of(0, 1, 1, 3, 1));
        assertArrayEquals(new float[] {1, 3, 0, 1}, counts.toFloatArray());
    }
}
