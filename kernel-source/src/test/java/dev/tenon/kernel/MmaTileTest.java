package dev.tenon.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class MmaTileTest {
    private static List<MmaTile> candidates(boolean past, boolean async, long m, long n, long k) {
        return MmaTile.candidates(DType.F16, 80, past, async, 1, m, n, k);
    }

    @Test
    void largeTilesComeFirstWhereTheyKeepTheDeviceBusy() {
        assertEquals(new MmaTile(4, 4, 2, 4, 3, 1), candidates(true, true, 4096, 4096, 4096).getFirst());
        assertEquals(new MmaTile(2, 4, 2, 2, 3, 1), candidates(true, true, 1024, 1024, 4096).getFirst());
        assertEquals(4, candidates(true, true, 1024, 1024, 4096).size());
        assertEquals(1, candidates(true, true, 64, 4096, 100).size(), "no tile twice as high as the product");
    }

    @Test
    void whatGoesThroughRegistersLeavesRoomForIt() {
        assertEquals(List.of(new MmaTile(2, 4, 4, 4, 3, 1), new MmaTile(2, 4, 2, 2, 3, 1)),
                candidates(false, true, 4096, 4096, 4096));
        assertEquals(List.of(new MmaTile(2, 4, 4, 4, 2, 1), new MmaTile(2, 4, 2, 2, 2, 1)),
                candidates(false, false, 4096, 4096, 4096));
    }

    @Test
    void allCandidatesFitAndGiveTheSameBits() {
        for (boolean past : new boolean[] {false, true}) {
            for (long size : new long[] {64, 200, 1000, 5000}) {
                for (long k : new long[] {64, 1000, 100_000}) {
                    List<MmaTile> all = candidates(past, past, size, size, k);
                    assertEquals(1, all.stream().map(MmaTile::splits).distinct().count());
                    assertEquals(all.size(), all.stream().distinct().count());
                    assertTrue(all.stream().allMatch(t -> t.stages() * t.stageWords() * 4 <= 48 << 10), all::toString);
                }
            }
        }
    }

    @Test
    void deepProductsOfFewResultsAreSplit() {
        assertEquals(32, candidates(true, true, 64, 64, 100_000).getFirst().splits());
        assertEquals(4, candidates(true, true, 64, 64, 1024).getFirst().splits(), "of 8 steps at least");
        assertEquals(1, candidates(true, true, 1024, 1024, 100_000).getFirst().splits());
        for (long k = 1; k < 3000; k += 7) {
            for (int s = 2; s <= 32; s *= 2) {
                if (Splits.possible(s, 32, 1, k)) {
                    assertTrue((s - 1) * Splits.share(s, 32, k) < k && s * Splits.share(s, 32, k) >= k);
                }
            }
        }
    }

    @Test
    void tilesThatCannotBeAreErrors() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> new MmaTile(2, 3, 2, 2, 2, 1));
        assertTrue(e.getMessage().contains("2 x 3 pieces"), e.getMessage());
    }
}
