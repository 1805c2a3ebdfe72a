package dev.tenon.tensor;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.of;
import static dev.tenon.tensor.Doubles.ramp;
import static dev.tenon.tensor.Doubles.random;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Elements arranged anew, picked and placed: of [[0, 1, 2], [3, 4, 5]], so that values are positions.
class ArrangementTest {
    private static final double NAN = Double.NaN;

    private static DynamicTest arranged(String name, UnaryOperator<Tensor> op, Shape shape, double... expected) {
        return DynamicTest.dynamicTest(name, () -> {
            near(shape, expected, op.apply(ramp(2, 3)));
            check(in -> op.apply(in.getFirst()), random(1, 2, 3));
        });
    }

    @TestFactory
    Stream<DynamicTest> arrangements() {
        return Stream.of(
                arranged("ravel", t -> t.t().ravel(), Shape.of(6), 0, 3, 1, 4, 2, 5),
                arranged("reshapeAs", t -> t.reshapeAs(ramp(3, 2)), Shape.of(3, 2), 0, 1, 2, 3, 4, 5),
                arranged("broadcastTo", t -> t.select(0, 1).broadcastTo(2, 3), Shape.of(2, 3), 3, 4, 5, 3, 4, 5),
                arranged("sumToSize", t -> t.sumToSize(2, 1), Shape.of(2, 1), 3, 12),
                arranged("sumToSize of fewer axes", t -> t.sumToSize(3), Shape.of(3), 3, 5, 7),
                arranged("transposeAll", Tensor::transposeAll, Shape.of(3, 2), 0, 3, 1, 4, 2, 5),
                arranged("movedim", t -> t.movedim(new int[] {0}, new int[] {-1}), Shape.of(3, 2), 0, 3, 1, 4, 2, 5),
                arranged("roll", t -> t.roll(new long[] {1, -1}, new int[] {0, 1}), Shape.of(2, 3), 4, 5, 3, 1, 2, 0),
                arranged("roll of all", t -> t.roll(new long[] {2}, new int[0]), Shape.of(2, 3), 4, 5, 0, 1, 2, 3),
                arranged("tile", t -> t.tile(2), Shape.of(2, 6), 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5),
                arranged("repeatInterleave", t -> t.repeatInterleave(2, 0), Shape.of(4, 3),
                        0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5),
                arranged("repeatInterleave by counts", t -> t.repeatInterleave(integers(0, 2, 1), -1), Shape.of(2, 3),
                        1, 1, 2, 4, 4, 5),
                arranged("fliplr", Tensor::fliplr, Shape.of(2, 3), 2, 1, 0, 5, 4, 3),
                arranged("flipud", Tensor::flipud, Shape.of(2, 3), 3, 4, 5, 0, 1, 2),
                arranged("rot90", t -> t.rot90(1, 0, 1), Shape.of(3, 2), 2, 5, 1, 4, 0, 3),
                arranged("rot90 twice", t -> t.rot90(2, 0, 1), Shape.of(2, 3), 5, 4, 3, 2, 1, 0),
                arranged("rot90 back", t -> t.rot90(-1, 0, 1), Shape.of(3, 2), 3, 0, 4, 1, 5, 2),
                arranged("diag of a matrix", t -> t.diag(1), Shape.of(2), 1, 5),
                arranged("diag of a vector", t -> t.select(0, 1).narrow(0, 0, 2).diag(-1), Shape.of(3, 3),
                        0, 0, 0, 3, 0, 0, 0, 4, 0),
                arranged("diagflat", t -> t.narrow(1, 0, 1).diagflat(0), Shape.of(2, 2), 0, 0, 0, 3),
                arranged("diagEmbed", t -> t.narrow(1, 1, 2).diagEmbed(0, -2, -1), Shape.of(2, 2, 2),
                        1, 0, 0, 2, 4, 0, 0, 5),
                arranged("tensorSplit", t -> t.tensorSplit(2, 1).get(0), Shape.of(2, 2), 0, 1, 3, 4),
                arranged("tensorSplit at places", t -> t.tensorSplit(new long[] {1, 2}, 1).get(2), Shape.of(2, 1),
                        2, 5),
                arranged("atleast3d", Tensor::atleast3d, Shape.of(2, 3, 1), 0, 1, 2, 3, 4, 5),
                arranged("atleast2d", t -> t.select(0, 1).atleast2d(), Shape.of(1, 3), 3, 4, 5),
                arranged("atleast1d", t -> t.sum().atleast1d(), Shape.of(1), 15));
    }

    @TestFactory
    Stream<DynamicTest> selections() {
        Tensor minus = of(Shape.of(2, 2), -1, -2, -3, -4);
        Tensor twice = integers(2, 2);
        Tensor mask = ramp(2, 3).remainder(2).eq(1);
        return Stream.of(
                arranged("indexFill", t -> t.indexFill(1, integers(-1, 0), 9), Shape.of(2, 3), 9, 1, 9, 9, 4, 9),
                arranged("indexAdd", t -> t.indexAdd(1, twice, minus, 2), Shape.of(2, 3), 0, 1, -4, 3, 4, -9),
                arranged("takeAlongDim", t -> t.takeAlongDim(integers(Shape.of(2, 1), 2, -3), 1), Shape.of(2, 1), 2, 3),
                arranged("put", t -> t.put(integers(-1, 0), vector(7, 8), false), Shape.of(2, 3), 8, 1, 2, 3, 4, 7),
                arranged("put, added", t -> t.put(integers(1, 1), vector(7, 8), true), Shape.of(2, 3),
                        0, 16, 2, 3, 4, 5),
                arranged("maskedFill", t -> t.maskedFill(mask, vector(9).reshape(Shape.SCALAR)), Shape.of(2, 3),
                        0, 9, 2, 9, 4, 9),
                arranged("maskedScatter", t -> t.maskedScatter(mask, vector(7, 8, 9, 10)), Shape.of(2, 3),
                        0, 7, 2, 8, 4, 9),
                arranged("selectScatter", t -> t.selectScatter(vector(7, 8), -1, -2), Shape.of(2, 3),
                        0, 7, 2, 3, 8, 5),
                arranged("diagonalScatter", t -> t.diagonalScatter(vector(7, 8), 1, 0, 1), Shape.of(2, 3),
                        0, 7, 2, 3, 4, 8),
                arranged("scatterReduce sum", t -> t.scatterReduce(1, integers(Shape.of(2, 2), 0, 0, 1, 2), minus,
                        "sum",
                        true), Shape.of(2, 3), -3, 1, 2, 3, 1, 1),
                arranged("scatterReduce mean", t -> t.scatterReduce(1, integers(Shape.of(2, 2), 0, 0, 1, 2), minus,
                        "mean", true), Shape.of(2, 3), -1, 1, 2, 3, 0.5, 0.5),
                arranged("scatterReduce prod", t -> t.scatterReduce(1, integers(Shape.of(2, 2), 0, 0, 1, 2), minus,
                        "prod", false), Shape.of(2, 3), 2, 1, 2, 3, -3, -4),
                arranged("indexReduce amax", t -> t.indexReduce(1, twice, minus, "amax", false), Shape.of(2, 3),
                        0, 1, -1, 3, 4, -3),
                arranged("indexReduce amin", t -> t.indexReduce(1, twice, minus.sub(9), "amin", true), Shape.of(2, 3),
                        0, 1, -11, 3, 4, -13));
    }

    @Test
    void searches() {
        longs(of(Shape.of(2, 2), 0, 1, 2, 0).argwhere(), 0, 1, 1, 0);
        longs(ramp(2, 3).isIn(vector(1, 5, 9)), 0, 1, 0, 0, 0, 1);
        longs(ramp(2).isIn(vector()), 0, 0);
        Tensor sorted = vector(1, 3, 3, NAN);
        longs(sorted.searchSorted(vector(0, 3, 4, NAN), false), 0, 1, 3, 3);
        longs(sorted.searchSorted(vector(0, 3, 4, NAN), true), 0, 3, 3, 4);
        longs(of(Shape.of(2, 2), 1, 3, 10, 30).searchSorted(of(Shape.of(2, 1), 2, 40), false), 1, 2);
    }

    @Test
    void gradientsReachTheSources() {
        Tensor at = integers(0, 2);
        check(in -> in.get(0).indexReduce(1, integers(2, 0), in.get(1), "mean", false), random(2, 2, 3), random(3, 2,
                2));
        check(in -> in.get(0).put(at, in.get(1), true), random(2, 2, 3), random(3, 2));
        check(in -> in.get(0).maskedScatter(ramp(2, 3).gt(3), in.get(1)), random(2, 2, 3), random(3, 2));
        check(in -> in.get(0).diagonalScatter(in.get(1), 0, 0, 1), random(2, 2, 3), random(3, 2));
        check(in -> in.get(0).indexAdd(1, at, in.get(1), 0.5), random(2, 2, 3), random(3, 2, 2));
        check(in -> in.get(0).scatterReduce(0, integers(0, 0, 1), in.get(1), "prod", true), random(2, 2), random(3, 3));
    }

    @Test
    void errorsSayWhatWasExpected() {
        Tensor x = ramp(2, 3);
        fails(() -> x.sumToSize(2, 2), "sum_to_size", "[2, 2]", "[2, 3]");
        fails(() -> x.movedim(new int[] {0, 0}, new int[] {0, 1}), "movedim", "each once");
        fails(() -> x.roll(new long[] {1, 2}, new int[] {0}), "roll", "one shift for each axis");
        fails(() -> x.repeatInterleave(-1, 0), "repeat_interleave", "at least 0");
        fails(() -> x.repeatInterleave(integers(1, -1), 0), "repeat_interleave", "none negative");
        fails(() -> vector(1).fliplr(), "fliplr", "two axes");
        fails(() -> x.rot90(1, 0, 0), "rot90", "two different");
        fails(() -> ramp(2, 2, 2).diag(0), "diag", "diagEmbed");
        fails(() -> x.tensorSplit(0, 0), "tensor_split", "at least 1");
        fails(() -> x.takeAlongDim(integers(1), 0), "take_along_dim", "same number of axes");
        fails(() -> x.maskedScatter(x.ge(0), vector(1)), "masked_scatter", "6", "1");
        fails(() -> x.selectScatter(vector(1, 2), 1, 3), "select_scatter", "-3 to 2");
        fails(() -> x.searchSorted(vector(1), false), "searchsorted", "[2, 3]");
        fails(() -> x.scatterReduce(0, integers(Shape.of(1, 1), 0), x, "median", true), "median", "amax");
        fails(() -> x.select(0, 0).gather(0, integers(3)).toDoubleArray(), "gather", "3");
        values(x.to(DType.F64).fliplr().fliplr(), 0, 1, 2, 3, 4, 5);
    }
}
