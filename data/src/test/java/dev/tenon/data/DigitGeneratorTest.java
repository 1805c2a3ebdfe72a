package dev.tenon.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class DigitGeneratorTest {
    private static final int P = DigitGenerator.PIXELS;

    /// The data set of a seed is a promise: published accuracies refer to it. Change these numbers only together with
    /// a note that the generated digits have changed.
    @Test
    void firstHundredImagesOfSeedOneNeverChange() {
        var digits = new DigitGenerator(1);
        assertEquals(0x992E1BE3L, crc(digits.images(0, 100)));
        assertEquals(0x86703441L, crc(digits.labels(0, 100)));
    }

    @Test
    void imageDependsOnSeedAndIndexAlone() {
        var digits = new DigitGenerator(42);
        byte[] inOrder = digits.images(0, 200);
        byte[] inParallel = new byte[200 * P];
        IntStream.range(0, 200).map(i -> 199 - i).parallel()
            .forEach(i -> new DigitGenerator(42).image(i, inParallel, i * P));
        assertArrayEquals(inOrder, inParallel);
        assertArrayEquals(Arrays.copyOfRange(inOrder, 17 * P, 18 * P), digits.image(17));
        assertArrayEquals(Arrays.copyOfRange(inOrder, 50 * P, 60 * P), digits.images(50, 10));
        assertEquals(digits.labels(0, 20)[13], digits.label(13));
    }

    @Test
    void writesOnlyItsOwnPixels() {
        byte[] into = new byte[P + 20];
        Arrays.fill(into, (byte) 77);
        new DigitGenerator(3).image(5, into, 10);
        for (int i = 0; i < 10; i++) {
            assertEquals(77, into[i]);
            assertEquals(77, into[P + 10 + i]);
        }
    }

    @Test
    void everyRunOfTenHoldsEachDigitOnceInVaryingOrder() {
        var digits = new DigitGenerator(9);
        var orders = new HashSet<String>();
        for (int block = 0; block < 50; block++) {
            byte[] labels = digits.labels(10L * block, 10);
            orders.add(Arrays.toString(labels));
            byte[] sorted = labels.clone();
            Arrays.sort(sorted);
            assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, sorted);
        }
        assertTrue(orders.size() > 45, "label orders repeat: " + orders.size() + " of 50 differ");
    }

    @Test
    void imagesDifferWithinAndBetweenSeeds() {
        var seen = new HashSet<String>();
        for (long seed : new long[] {0, 1, -1, Long.MAX_VALUE}) {
            var digits = new DigitGenerator(seed);
            for (int i = 0; i < 500; i++) {
                assertTrue(seen.add(Arrays.toString(digits.image(i))), "image " + i + " of seed " + seed + " repeats");
            }
        }
    }

    @Test
    void imagesHoldSomeInkAndAQuietEdge() {
        var digits = new DigitGenerator(5);
        for (int i = 0; i < 1000; i++) {
            byte[] image = digits.image(i);
            int inked = 0;
            int edge = 0;
            for (int p = 0; p < P; p++) {
                int value = image[p] & 0xFF;
                inked += value > 100 ? 1 : 0;
                int row = p / DigitGenerator.WIDTH;
                int column = p % DigitGenerator.WIDTH;
                if (row == 0 || column == 0 || row == 27 || column == 27) {
                    edge = Math.max(edge, value);
                }
            }
            assertTrue(inked >= 15 && inked <= 350, "image " + i + ": " + inked + " inked pixels");
            assertTrue(edge < 128, "image " + i + ": edge pixel " + edge);
        }
    }

    @Test
    void worksAtTheLargestIndex() {
        var digits = new DigitGenerator(5);
        assertEquals(P, digits.image(Long.MAX_VALUE).length);
        assertTrue(digits.label(Long.MAX_VALUE) <= 9);
        assertFalse(Arrays.equals(digits.image(Long.MAX_VALUE), digits.image(Long.MAX_VALUE - 1)));
    }

    @Test
    void refusesBadArguments() {
        var digits = new DigitGenerator(5);
        var negative = assertThrows(IllegalArgumentException.class, () -> digits.image(-1));
        assertTrue(negative.getMessage().contains("-1"), negative.getMessage());
        assertThrows(IllegalArgumentException.class, () -> digits.label(-3));
        assertThrows(IllegalArgumentException.class, () -> digits.images(0, -1));
        assertThrows(IllegalArgumentException.class, () -> digits.images(0, Integer.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> digits.labels(0, -1));
        assertThrows(IndexOutOfBoundsException.class, () -> digits.image(0, new byte[P], 1));
    }

    private static long crc(byte[] bytes) {
        var crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
