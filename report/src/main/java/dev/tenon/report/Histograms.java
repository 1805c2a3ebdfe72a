package dev.tenon.report;

import java.util.Map;
import java.util.TreeMap;
import org.tensorflow.proto.HistogramProto;

/// Counts of values in ranges whose widths grow by a tenth from 1e-12 on, on both sides of 0, as TensorFlow's.
final class Histograms {
    private static final double FIRST = 1e-12;
    private static final double LOG_GROWTH = Math.log(1.1);

    private Histograms() {}

    static HistogramProto of(double[] values) {
        Map<Integer, Long> counts = new TreeMap<>();
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double squares = 0;
        long n = 0;
        for (double v : values) {
            if (Double.isFinite(v)) {
                counts.merge(bucket(v), 1L, Long::sum);
                least = Math.min(least, v);
                most = Math.max(most, v);
                sum += v;
                squares += v * v;
                n++;
            }
        }
        HistogramProto.Builder out = HistogramProto.newBuilder().setNum(n).setSum(sum).setSumSquares(squares)
                .setMin(n == 0 ? 0 : least).setMax(n == 0 ? 0 : most);
        Integer before = null;
        for (var e : counts.entrySet()) {
            if (before == null || before < e.getKey() - 1) {
                // An empty range up to where the next begins.
                out.addBucketLimit(limit(e.getKey() - 1)).addBucket(0);
            }
            out.addBucketLimit(limit(e.getKey())).addBucket(e.getValue());
            before = e.getKey();
        }
        return counts.isEmpty() ? out.addBucketLimit(0).addBucket(0).build() : out.build();
    }

    /// The number of a value's range: 0 up to 1e-12, then upwards, and downwards below 0.
    private static int bucket(double v) {
        double size = Math.abs(v);
        int k = size < FIRST ? 0 : 1 + (int) Math.floor(Math.log(size / FIRST) / LOG_GROWTH);
        return v < 0 ? -1 - k : k;
    }

    /// Where a range ends.
    private static double limit(int bucket) {
        if (bucket >= 0) {
            return FIRST * Math.exp(bucket * LOG_GROWTH);
        }
        int k = -1 - bucket;
        return k == 0 ? 0 : -FIRST * Math.exp((k - 1) * LOG_GROWTH);
    }
}
