package dev.tenon.tensor;

import static dev.tenon.tensor.Doubles.check;
import static dev.tenon.tensor.Doubles.fails;
import static dev.tenon.tensor.Doubles.integers;
import static dev.tenon.tensor.Doubles.longs;
import static dev.tenon.tensor.Doubles.near;
import static dev.tenon.tensor.Doubles.of;
import static dev.tenon.tensor.Doubles.random;
import static dev.tenon.tensor.Doubles.values;
import static dev.tenon.tensor.Doubles.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tenon.api.ReductionOps.ValuesAndIndices;
import dev.tenon.api.Shape;
import dev.tenon.api.StatisticsOps.Unique;
import dev.tenon.api.Tensor;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Statistics of the rows of random matrices against loops, with gradients; and cases by hand.
class StatisticsTest {
    private static final double NAN = Double.NaN;
    private static final int[] LAST = {-1};

    private static DynamicTest ofRows(String name, UnaryOperator<Tensor> op, ToDoubleFunction<double[]> math) {
        return DynamicTest.dynamicTest(name, () -> {
            Tensor x = random(4, 3, 5);
            double[] v = x.toDoubleArray();
            double[] expected = IntStream.range(0, 3)
                    .mapToDouble(i -> math.applyAsDouble(Arrays.copyOfRange(v, 5 * i, 5 * i + 5))).toArray();
            near(Shape.of(3), expected, op.apply(x));
            check(in -> op.apply(in.getFirst()), x);
        });
    }

    private static double[] sorted(double[] v) {
        double[] s = v.clone();
        Arrays.sort(s);
        return s;
    }

    private static double mean(double[] v) {
        return Arrays.stream(v).average().orElse(NAN);
    }

    private static double variance(double[] v, double correction) {
        double m = mean(v);
        return Arrays.stream(v).map(x -> (x - m) * (x - m)).sum() / (v.length - correction);
    }

    private static double trapezoids(double[] v) {
        return IntStream.range(1, v.length).mapToDouble(i -> (v[i] + v[i - 1]) / 2).sum();
    }

    @TestFactory
    Stream<DynamicTest> rows() {
        return Stream.of(
                ofRows("varMean", t -> t.varMean(LAST, 1, false).spread(), v -> variance(v, 1)),
                ofRows("stdMean", t -> t.stdMean(LAST, 0, false).spread(), v -> Math.sqrt(variance(v, 0))),
                ofRows("mean of stdMean", t -> t.stdMean(LAST, 0, false).mean(), StatisticsTest::mean),
                ofRows("aminmax", t -> t.aminmax(LAST, false).max(), v -> sorted(v)[4]),
                ofRows("median", t -> t.median(-1, false).values(), v -> sorted(v)[2]),
                ofRows("nanmedian", t -> t.nanmedian(-1, false).values(), v -> sorted(v)[2]),
                ofRows("kthvalue", t -> t.kthvalue(2, -1, false).values(), v -> sorted(v)[1]),
                ofRows("nansum", t -> t.nansum(LAST, false), v -> Arrays.stream(v).sum()),
                ofRows("nanmean", t -> t.nanmean(LAST, false), StatisticsTest::mean),
                ofRows("quantile", t -> t.quantile(vector(0.3).reshape(Shape.SCALAR), 1, false, "linear", false),
                        v -> sorted(v)[1] + 0.2 * (sorted(v)[2] - sorted(v)[1])),
                ofRows("diff", t -> t.diff(2, 1).select(1, 0), v -> v[2] - 2 * v[1] + v[0]),
                ofRows("gradient inside", t -> t.gradient(1, vector(0.5).reshape(Shape.SCALAR), 1).select(1, 2),
                        v -> v[3] - v[1]),
                ofRows("gradient at the edge", t -> t.gradient(1, vector(0.5).reshape(Shape.SCALAR), 1).select(1, 4),
                        v -> (v[4] - v[3]) / 0.5),
                ofRows("trapezoid", t -> t.trapezoid(0.5, 1), v -> 0.5 * trapezoids(v)),
                ofRows("trapezoid at places", t -> t.trapezoid(vector(0, 2, 4, 6, 8), 1), v -> 2 * trapezoids(v)),
                ofRows("cumulativeTrapezoid", t -> t.cumulativeTrapezoid(1, 1).select(1, 3),
                        StatisticsTest::trapezoids),
                ofRows("logcumsumexp", t -> t.logcumsumexp(1).select(1, 4),
                        v -> Math.log(Arrays.stream(v).map(Math::exp).sum())),
                ofRows("cov", t -> t.cov(1, null, null).diagonal(0, 0, 1), v -> variance(v, 1)),
                ofRows("corrcoef", t -> t.corrcoef().diagonal(0, 0, 1).mul(t.mean(1)), StatisticsTest::mean));
    }

    @Test
    void orderStatisticsByHand() {
        ValuesAndIndices median = of(Shape.of(2, 3), 5, 1, 3, 4, NAN, 2).median(1, true);
        near(Shape.of(2, 1), new double[] {3, NAN}, median.values());
        longs(median.indices(), 2, 1);
        values(vector(4, NAN, 2, 8).nanmedian(), 4);
        values(vector(4, 1, 2, 8).median(), 2);
        ValuesAndIndices mode = vector(3, 1, 3, 1, 2).mode(0, false);
        values(mode.values(), 1);
        longs(mode.indices(), 3);
        Tensor q = vector(0, 0.4, 1);
        values(vector(10, 20, 40).quantile(q, null, false, "linear", false), 10, 18, 40);
        values(vector(10, 20, 40).quantile(q, null, false, "lower", false), 10, 10, 40);
        values(vector(10, 20, 40).quantile(q, null, false, "higher", false), 10, 20, 40);
        values(vector(10, 20, 40).quantile(q, null, false, "midpoint", false), 10, 15, 40);
        values(vector(10, 20, 40).quantile(q, null, false, "nearest", false), 10, 20, 40);
        values(vector(10, NAN, 40).quantile(q, null, false, "linear", false), NAN, NAN, NAN);
        values(vector(10, NAN, 40).quantile(q, null, false, "linear", true), 10, 22, 40);
    }

    @Test
    void countsByHand() {
        longs(of(Shape.of(2, 2), 0, 1, NAN, 0).countNonzero(0), 1, 1);
        values(vector(0, 0.5, 1, 1.9, 2, 3, -1, NAN).histc(2, 0, 2), 2, 3);
        longs(integers(1, 3, 1).bincount(null, 5), 0, 2, 0, 1, 0);
        values(integers(1, 3, 1).bincount(vector(0.5, 2, 1), 0), 0, 1.5, 0, 2);
        Unique all = vector(3, 1, 3, 2).unique(null);
        values(all.values(), 1, 2, 3);
        longs(all.inverse(), 2, 0, 2, 1);
        longs(all.counts(), 1, 1, 2);
        Unique rows = of(Shape.of(3, 2), 1, 2, 0, 5, 1, 2).unique(0);
        near(Shape.of(2, 2), new double[] {0, 5, 1, 2}, rows.values());
        longs(rows.inverse(), 1, 0, 1);
        Unique runs = vector(1, 1, 2, 1).uniqueConsecutive(null);
        values(runs.values(), 1, 2, 1);
        longs(runs.inverse(), 0, 0, 1, 2);
        longs(runs.counts(), 2, 1, 1);
        values(vector(1, NAN, 2).nansum(new int[0], false), 3);
        values(vector(NAN).nanmean(new int[0], false), NAN);
    }

    @Test
    void distancesAndCovariancesByHand() {
        Tensor a = vector(1, -2);
        Tensor b = vector(4, 2);
        values(a.dist(b, 2), 5);
        values(a.dist(b, 1), 7);
        values(a.dist(b, Double.POSITIVE_INFINITY), 4);
        values(a.dist(b, 0), 2);
        check(in -> in.get(0).dist(in.get(1), 3), random(1, 3), random(2, 3));
        Tensor x = of(Shape.of(2, 3), 1, 2, 3, 2, 4, 9);
        near(Shape.of(2, 2), new double[] {1, 3.5, 3.5, 13}, x.cov(1, null, null));
        // The last observation twice: means 2.25 and 6.
        near(Shape.of(2, 2), new double[] {2.75 / 3, 10.0 / 3, 10.0 / 3, 38.0 / 3}, x.cov(1, integers(1, 1, 2), null));
        double r = 3.5 / Math.sqrt(13);
        near(Shape.of(2, 2), new double[] {1, r, r, 1}, x.corrcoef());
        values(vector(0, 1, 4, 9).gradient(0, vector(1).reshape(Shape.SCALAR), 2), 0, 2, 4, 6);
        longs(vector(1, 2, 2).ne(2).diff(1, 0), 1, 0);
    }

    @Test
    void errorsSayWhatWasExpected() {
        Tensor x = random(1, 2, 3);
        fails(() -> x.kthvalue(4, 1, false), "kthvalue", "1 to 3");
        fails(() -> x.diff(-1, 0), "diff", "negative");
        fails(() -> vector(1).sum().diff(1, 0), "diff", "axis");
        fails(() -> x.quantile(vector(2), null, false, "linear", false), "quantile", "0 to 1");
        fails(() -> x.quantile(vector(0.5), null, false, "cubic", false), "quantile", "cubic");
        fails(() -> x.bincount(null, 0), "bincount", "integers");
        fails(() -> integers(-1).bincount(null, 0), "bincount");
        fails(() -> x.gradient(1, vector(1, 2, 3, 4), 1), "gradient", "distance");
        fails(() -> integers(1, 2).nanmean(new int[0], false), "nanmean");
        values(vector().median(), NAN);
        assertEquals(0, random(1, 0, 3).diff(1, 0).elements());
    }
}
