package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
}
