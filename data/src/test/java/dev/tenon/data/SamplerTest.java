package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static long[] all(Sampler s, long epoch) {
        var it = s.indices(epoch);
        var out = LongStream.builder();
        while (it.hasNext()) {
            out.add(it.nextLong());
        }
        return out.build().toArray();
    }

    private static long[] sorted(long[] x) {
        long[] y = x.clone();
        Arrays.sort(y);
        return y;
    }

    @Test
    void sequentialIsInOrderInEveryEpoch() {
        assertArrayEquals(new long[] {0, 1, 2, 3}, all(Sampler.sequential(4), 7));
        assertEquals(0, all(Sampler.sequential(0), 0).length);
    }

    @Test
    void randomIsAPermutationThatDependsOnSeedAndEpochAlone() {
        Sampler s = Sampler.random(1000, 42);
        long[] first = all(s, 0);
        assertArrayEquals(LongStream.range(0, 1000).toArray(), sorted(first));
        assertArrayEquals(first, all(s, 0));
        assertArrayEquals(first, all(Sampler.random(1000, 42), 0));
        assertFalse(Arrays.equals(first, all(s, 1)));
        assertFalse(Arrays.equals(first, all(Sampler.random(1000, 43), 0)));
    }

    /// The documented order, so that a change of the shuffle does not go unseen.
    @Test
    void theShuffleIsTheDocumentedOne() {
        long[] want = LongStream.range(0, 10).toArray();
        SplitMix64 draws = SplitMix64.independent(5, 0x73687566666C0003L, 2);
        for (int i = 9; i > 0; i--) {
            int j = (int) draws.unbiasedBelow(i + 1);
            long t = want[i];
            want[i] = want[j];
            want[j] = t;
        }
        assertArrayEquals(want, all(Sampler.random(10, 5), 2));
    }

    @Test
    void everyElementComesEverywhereEquallyOften() {
        int n = 6;
        int epochs = 12_000;
        int[][] count = new int[n][n];
        Sampler s = Sampler.random(n, 1);
        for (int e = 0; e < epochs; e++) {
            long[] order = all(s, e);
            for (int i = 0; i < n; i++) {
                count[i][(int) order[i]]++;
            }
        }
        // mean 2000, deviation about 41: five deviations
        for (int[] row : count) {
            for (int c : row) {
                assertTrue(Math.abs(c - 2000) < 205, () -> Arrays.deepToString(count));
            }
        }
    }

    @Test
    void subsetShufflesTheChosen() {
        long[] chosen = {3, 30, 300};
        assertArrayEquals(chosen, sorted(all(Sampler.subset(chosen, 9), 4)));
    }

    @Test
    void weightedDrawsInProportion() {
        long[] drawn = all(Sampler.weighted(new double[] {1, 0, 3}, 40_000, true, 3), 0);
        long[] count = new long[3];
        for (long i : drawn) {
            count[(int) i]++;
        }
        assertEquals(0, count[1]);
        assertEquals(30_000, count[2], 500);
        assertFalse(Arrays.equals(drawn, all(Sampler.weighted(new double[] {1, 0, 3}, 40_000, true, 3), 1)));
    }

    @Test
    void weightedWithoutReplacementDrawsEachOnce() {
        Sampler s = Sampler.weighted(new double[] {1, 0, 9, 1}, 2, false, 3);
        int big = 0;
        for (int e = 0; e < 2000; e++) {
            long[] two = all(s, e);
            assertTrue(two[0] != two[1] && two[0] != 1 && two[1] != 1, () -> Arrays.toString(two));
            big += two[0] == 2 ? 1 : 0;
        }
        // 9 of 11 are drawn first; deviation about 17
        assertEquals(2000 * 9 / 11, big, 90);
    }

    @Test
    void badWeightsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Sampler.weighted(new double[] {1, -1}, 1, true, 0));
        assertThrows(IllegalArgumentException.class, () -> Sampler.weighted(new double[] {1, Double.NaN}, 1, true, 0));
        assertThrows(IllegalArgumentException.class, () -> Sampler.weighted(new double[] {0, 0}, 1, true, 0));
        assertThrows(IllegalArgumentException.class, () -> Sampler.weighted(new double[] {1, 0}, 2, false, 0));
        assertThrows(IllegalArgumentException.class, () -> Sampler.random(-1, 0));
    }

    @Test
    void batchesAreCutFromTheOrder() {
        assertEquals(List.of(4, 4, 2), sizes(new BatchSampler(Sampler.sequential(10), 4, false)));
        assertEquals(List.of(4, 4), sizes(new BatchSampler(Sampler.sequential(10), 4, true)));
        assertEquals(List.of(5, 5), sizes(new BatchSampler(Sampler.sequential(10), 5, true)));
        assertEquals(List.of(), sizes(new BatchSampler(Sampler.sequential(0), 5, false)));
        assertEquals(List.of(), sizes(new BatchSampler(Sampler.sequential(3), 5, true)));
        assertThrows(IllegalArgumentException.class, () -> new BatchSampler(Sampler.sequential(1), 0, false));
    }

    private static List<Integer> sizes(BatchSampler s) {
        List<Integer> out = new ArrayList<>();
        s.batches(0).forEachRemaining(b -> out.add(b.length));
        assertEquals(out.size(), s.size());
        return out;
    }

    private static int[] labels(int... counts) {
        return IntStream.range(0, counts.length)
            .flatMap(c -> IntStream.range(0, counts[c]).map(_ -> c))
            .toArray();
    }

    @Test
    void stratifiedSpreadsEveryClassEvenly() {
        int[] labels = labels(30, 30, 30, 30);
        Sampler s = Sampler.stratified(labels, 5);
        long[] order = all(s, 0);
        assertArrayEquals(LongStream.range(0, 120).toArray(), sorted(order));
        assertArrayEquals(order, all(Sampler.stratified(labels, 5), 0));
        assertFalse(Arrays.equals(order, all(s, 1)));
        for (int from = 0; from + 16 <= 120; from++) {
            long[] run = Arrays.copyOfRange(order, from, from + 16);
            for (int c = 0; c < 4; c++) {
                int wanted = c;
                long n = LongStream.of(run).filter(i -> labels[(int) i] == wanted).count();
                assertTrue(Math.abs(n - 4) <= 2, () -> wanted + ": " + n + " in " + Arrays.toString(run));
            }
        }
        int[] rare = labels(90, 10);
        long[] tenths = all(Sampler.stratified(rare, 1), 3);
        for (int b = 0; b < 10; b++) {
            long n = LongStream.of(Arrays.copyOfRange(tenths, 10 * b, 10 * b + 10)).filter(i -> rare[(int) i] == 1)
                .count();
            assertTrue(n <= 2, () -> Arrays.toString(tenths));
        }
        assertEquals(0, all(Sampler.stratified(new int[0], 1), 0).length);
    }

    @Test
    void balancedHasEveryClassInEveryRound() {
        int[] labels = labels(7, 2, 5);
        Sampler s = Sampler.balanced(labels, 8);
        assertEquals(21, s.size());
        long[] order = all(s, 4);
        assertArrayEquals(order, all(s, 4));
        assertFalse(Arrays.equals(order, all(s, 5)));
        assertEquals(21, order.length);
        for (int round = 0; round < 7; round++) {
            long[] classes = LongStream.of(Arrays.copyOfRange(order, 3 * round, 3 * round + 3))
                .map(i -> labels[(int) i]).sorted().toArray();
            assertArrayEquals(new long[] {0, 1, 2}, classes);
        }
        // the largest class comes whole, and the smaller ones come whole before they come again
        assertEquals(7, LongStream.of(order).filter(i -> i < 7).distinct().count());
        long[] second = LongStream.of(order).filter(i -> i == 7 || i == 8).toArray();
        assertEquals(7, second.length);
        for (int i = 0; i < 6; i += 2) {
            assertTrue(second[i] != second[i + 1], () -> Arrays.toString(second));
        }
    }

    @Test
    void distributedSharesAreDisjointAndOfOneSize() {
        Sampler all = Sampler.random(10, 3);
        long[] order = all(all, 2);
        for (boolean drop : new boolean[] {true, false}) {
            List<long[]> shares = new ArrayList<>();
            for (int rank = 0; rank < 4; rank++) {
                Sampler s = Sampler.distributed(all, rank, 4, drop);
                assertEquals(drop ? 2 : 3, s.size());
                shares.add(all(s, 2));
                assertEquals(s.size(), shares.getLast().length);
            }
            for (int i = 0; i < (drop ? 8 : 12); i++) {
                assertEquals(order[i % 10], shares.get(i % 4)[i / 4]);
            }
        }
        assertArrayEquals(new long[] {0, 0}, new long[] {all(Sampler.distributed(Sampler.sequential(1), 0, 3, false),
            0)[0], all(Sampler.distributed(Sampler.sequential(1), 2, 3, false), 0)[0]});
        assertEquals(0, all(Sampler.distributed(Sampler.sequential(0), 1, 3, false), 0).length);
        assertThrows(IllegalArgumentException.class, () -> Sampler.distributed(all, 4, 4, true));
        assertThrows(IllegalArgumentException.class, () -> Sampler.distributed(all, -1, 4, true));
    }

    @Test
    void batchesCanBeginInTheMiddle() {
        BatchSampler s = new BatchSampler(Sampler.random(23, 1), 5, false);
        List<long[]> whole = new ArrayList<>();
        s.batches(6).forEachRemaining(whole::add);
        for (int first = 0; first <= 5; first++) {
            List<long[]> rest = new ArrayList<>();
            s.batches(6, first).forEachRemaining(rest::add);
            assertEquals(5 - first, rest.size());
            for (int i = 0; i < rest.size(); i++) {
                assertArrayEquals(whole.get(first + i), rest.get(i));
            }
        }
        assertThrows(IllegalArgumentException.class, () -> s.batches(6, 6));
        assertThrows(IllegalArgumentException.class, () -> s.batches(6, -1));
    }
}
