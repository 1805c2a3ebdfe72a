package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Reducer;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TopK;
import java.util.ArrayList;
import java.util.List;

/// Running sums, products and extremes; sorting.
public final class ScanSortSamples {
    private static final Reducer[] SCANS = {Reducer.SUM, Reducer.PROD, Reducer.MAX, Reducer.MIN};

    private ScanSortSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : DType.values()) {
            if (d != DType.BOOL) {
                for (Reducer r : SCANS) {
                    s.addAll(scans(r, d));
                }
            }
            s.addAll(sorts(d, false));
            s.addAll(sorts(d, true));
        }
        return s;
    }

    private static Sample scan(Reducer r, DType d, String variant, int axis, Input x) {
        ScanOp op = new ScanOp(r, axis);
        boolean adds = r == Reducer.SUM || r == Reducer.PROD;
        Sample s = Sample.of(op.name(), d, variant, op, adds ? Family.REDUCTION : Family.EXACT, x);
        long n = x.shape().rank() == 0 ? 1 : x.shape().dim(axis);
        // What is stored may be what is added to next.
        return r == Reducer.SUM ? s.scale(3.0 * Math.max(1, n)) : s;
    }

    private static List<Sample> scans(Reducer r, DType d) {
        List<Sample> s = new ArrayList<>();
        Domain domain = r == Reducer.PROD ? (d.isFloating() ? Domain.of(0.9, 1.1) : Domain.of(-2, 2)) : Domain.USUAL;
        Input x = Input.of(d, 5, 7, 6).from(domain);
        for (int axis = 0; axis < 3; axis++) {
            s.add(scan(r, d, "axis " + axis, axis, x));
            for (Layout l : Layout.STRIDED) {
                s.add(scan(r, d, "axis " + axis + " " + l, axis, x.in(l)));
            }
        }
        s.add(scan(r, d, "long", 0, Input.of(d, 4099).from(domain)));
        s.add(scan(r, d, "one", 1, Input.of(d, 3, 1).from(domain)));
        s.add(scan(r, d, "nothing", 1, Input.of(d, 3, 0)));
        s.add(scan(r, d, "small", 1, Input.of(d, 2, 5).from(domain)).gradients(1));
        if (d.isFloating()) {
            s.add(scan(r, d, "NaN", 0, Input.values(d, Shape.of(6), 1, 3, Double.NaN, 9, Double.POSITIVE_INFINITY, 2)));
        }
        s.add(scan(r, d, "ties", 0, Input.values(d, Shape.of(7), 1, 2, 2, 1, 2, 0, 0)));
        return s;
    }

    private static List<Sample> sorts(DType d, boolean descending) {
        List<Sample> s = new ArrayList<>();
        String v = descending ? "descending " : "";
        Input x = Input.of(d, 5, 7, 6);
        for (int axis = 0; axis < 3; axis++) {
            SortOp op = new SortOp(axis, descending);
            s.addAll(Sample.of("sort", d, v + "axis " + axis, op, Family.EXACT, x).inLayouts(Layout.STRIDED));
        }
        SortOp first = new SortOp(0, descending);
        // Few different values in many places: the order of equals shows whether the sort is stable.
        s.add(Sample.of("sort", d, v + "stable", first, Family.EXACT, Input.values(d, Shape.of(1023), 1, 0, 1, 1, 0)));
        s.add(Sample.of("sort", d, v + "long", first, Family.EXACT, Input.of(d, 4099).from(Domain.WIDE)));
        s.add(Sample.of("sort", d, v + "nothing", new SortOp(1, descending), Family.EXACT, Input.of(d, 3, 0)));
        s.add(Sample.of("sort", d, v + "one", new SortOp(1, descending), Family.EXACT, Input.of(d, 3, 1)));
        s.add(Sample.of("sort", d, v + "extremes", first, Family.EXACT, Input.of(d, 65).from(Domain.SPECIAL)));
        s.add(Sample.of("sort", d, v + "small", new SortOp(1, descending), Family.EXACT, Input.of(d, 2, 5))
                .gradients(2));
        s.add(Sample.of("topk", d, v, (device, in) -> {
            var top = in.getFirst().topk(3, 1, descending);
            return List.of(top.values(), top.indices());
        }, Family.EXACT, x));
        Input rows = Input.of(d, 3, 130, 5);
        s.addAll(Sample.of("topk", d, v + "few", new TopK(4, 1, descending), Family.EXACT, rows)
                .inLayouts(Layout.STRIDED));
        TopK five = new TopK(5, 0, descending);
        s.add(Sample.of("topk", d, v + "equals", five, Family.EXACT, Input.values(d, Shape.of(1023), 1, 0, 1, 1, 0)));
        s.add(Sample.of("topk", d, v + "long", five, Family.EXACT, Input.of(d, 200_003).from(Domain.WIDE)));
        s.add(Sample.of("topk", d, v + "extremes", five, Family.EXACT, Input.of(d, 650).from(Domain.SPECIAL)));
        s.add(Sample.of("topk", d, v + "none", new TopK(0, 0, descending), Family.EXACT, Input.of(d, 9)));
        s.add(Sample.of("topk", d, v + "small", new TopK(1, 1, descending), Family.EXACT, Input.of(d, 2, 9))
                .gradients(2));
        return s;
    }
}
