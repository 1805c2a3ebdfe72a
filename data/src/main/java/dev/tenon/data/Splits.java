package dev.tenon.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/// The arithmetic of splits by shares.
final class Splits {
    private static final double SLACK = 1e-6;

    private Splits() {
    }

    static long[] sizes(long n, double... fractions) {
        double sum = DoubleStream.of(fractions).sum();
        if (DoubleStream.of(fractions).anyMatch(f -> !(f >= 0)) || !(Math.abs(sum - 1) <= SLACK)) {
            throw new IllegalArgumentException("split: fractions " + Arrays.toString(fractions)
                + " must add up to 1, none of them negative");
        }
        long[] sizes = new long[fractions.length];
        long left = n;
        for (int i = 0; i < sizes.length; i++) {
            // 0.7 of 10 is 7, though the product is a little less
            sizes[i] = Math.min(left, (long) Math.floor(n * fractions[i] + SLACK));
            left -= sizes[i];
        }
        for (int i = 0; left > 0; i = (i + 1) % sizes.length) {
            if (fractions[i] > 0) {
                sizes[i]++;
                left--;
            }
        }
        return sizes;
    }

    static <T> List<Dataset<T>> stratified(Dataset<T> base, int[] labels, long seed, double... fractions) {
        if (labels.length != base.size()) {
            throw new IllegalArgumentException("stratifiedSplit: " + labels.length + " labels for " + base.size()
                + " samples of " + base.name() + "; expected one each");
        }
        List<LongStream.Builder> parts = new ArrayList<>();
        for (int p = 0; p < fractions.length; p++) {
            parts.add(LongStream.builder());
        }
        List<long[]> classes = Samplers.classes(labels);
        for (int c = 0; c < classes.size(); c++) {
            long[] members = classes.get(c);
            long[] sizes = sizes(members.length, fractions);
            long[] order = Samplers.permutation(members.length, seed, c);
            int at = 0;
            for (int p = 0; p < sizes.length; p++) {
                for (long k = 0; k < sizes[p]; k++) {
                    parts.get(p).add(members[(int) order[at++]]);
                }
            }
        }
        return parts.stream().map(b -> base.subset(b.build().sorted().toArray())).toList();
    }
}
