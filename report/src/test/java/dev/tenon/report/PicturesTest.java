package dev.tenon.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PicturesTest {
    private static final List<TrainingCurve.Epoch> EPOCHS = List.of(new TrainingCurve.Epoch(1, 0.61, 0.93),
        new TrainingCurve.Epoch(2, 0.14, 0.97), new TrainingCurve.Epoch(3, 0.08, 0.984));

    @TempDir
    Path folder;

    @Test
    void curveIsAReadablePng() throws IOException {
        Path path = folder.resolve("new/folder/curve.png");
        TrainingCurve.write(path, "Title", "nats per sample", EPOCHS);
        BufferedImage image = ImageIO.read(path.toFile());
        assertEquals(1200, image.getWidth());
        assertEquals(720, image.getHeight());
        assertTrue(has(image, 0x1F6FC4), "no loss line");
        assertTrue(has(image, 0xD9640B), "no accuracy line");
        onlyFile(path);
    }

    @Test
    void curveReplacesAnOldOne() throws IOException {
        Path path = Files.writeString(folder.resolve("curve.png"), "old");
        TrainingCurve.write(path, "Title", "nats per sample", EPOCHS);
        assertNotNull(ImageIO.read(path.toFile()));
        onlyFile(path);
    }

    @Test
    void curveStandsOddNumbers() {
        double nan = Double.NaN;
        draws(new TrainingCurve.Epoch(1, 0.5, 0.5));
        draws(new TrainingCurve.Epoch(1, nan, nan));
        draws(new TrainingCurve.Epoch(1, 0, 1), new TrainingCurve.Epoch(2, 0, 1));
        draws(new TrainingCurve.Epoch(1, -3, 0), new TrainingCurve.Epoch(2, -3, 0));
        draws(new TrainingCurve.Epoch(1, 2.5, nan), new TrainingCurve.Epoch(2, nan, 0.4),
            new TrainingCurve.Epoch(3, Double.POSITIVE_INFINITY, 0.5), new TrainingCurve.Epoch(4, -1e30, nan));
        draws(new TrainingCurve.Epoch(1, 1e9, 0.1), new TrainingCurve.Epoch(2, -1e9, 0.1));
        draws(new TrainingCurve.Epoch(1, 1e-300, 0.1), new TrainingCurve.Epoch(2, -1e-300, 0.1));
        draws(new TrainingCurve.Epoch(1, 1e-9, 0.1), new TrainingCurve.Epoch(2, 1e9, 0.1));
        var many = new ArrayList<TrainingCurve.Epoch>();
        for (int i = 1; i <= 2000; i++) {
            many.add(new TrainingCurve.Epoch(i, 1e-7 / i, 1 - 1e-6 / i));
        }
        draws(many.toArray(new TrainingCurve.Epoch[0]));
    }

    @Test
    void curveRefusesWhatItCannotDraw() {
        assertThrows(IllegalArgumentException.class, () -> TrainingCurve.draw("t", "l", List.of(), 400, 300));
        var order = assertThrows(IllegalArgumentException.class,
            () -> TrainingCurve.draw("t", "l", EPOCHS.reversed(), 400, 300));
        assertTrue(order.getMessage().contains("epoch 2 follows epoch 3"), order.getMessage());
        var percent = assertThrows(IllegalArgumentException.class, () -> new TrainingCurve.Epoch(4, 0.1, 98.5));
        assertTrue(percent.getMessage().contains("epoch 4"), percent.getMessage());
    }

    @Test
    void pageIsAReadablePngWithMistakesInRed() throws IOException {
        Path path = folder.resolve("page.png");
        SamplePage.write(path, "Title", List.of(), samples(20, 3));
        BufferedImage image = ImageIO.read(path.toFile());
        BufferedImage drawn = SamplePage.draw("Title", List.of(), samples(20, 3));
        assertEquals(drawn.getWidth(), image.getWidth());
        assertEquals(drawn.getHeight(), image.getHeight());
        // 6 columns and 4 rows
        assertEquals(2 * 36 + 6 * 140 + 5 * 20, image.getWidth());
        assertEquals(92 + 4 * (140 + 48 + 20) + 36 - 20, image.getHeight());
        assertTrue(has(image, 0xD0202E), "no red for the mistakes");
        assertFalse(has(SamplePage.draw("Title", List.of(), samples(20, 0)), 0xD0202E), "red without a mistake");
        onlyFile(path);
    }

    @Test
    void pageTakesAnySizeAndLongNames() {
        String name = "a class with a very long name indeed";
        for (int n : new int[] {1, 4, 5, 64, SamplePage.MOST}) {
            assertTrue(SamplePage.draw(name.repeat(20), List.of(name, name), samples(n, 1)).getWidth() > 0);
        }
        var large = new SamplePage.Sample(new float[300 * 200], 300, 200, 0, 1, 0.5);
        var tiny = new SamplePage.Sample(new float[] {Float.NaN, -5, 7}, 1, 3, -1, 99, 1.000001);
        assertTrue(SamplePage.draw("t", List.of(), List.of(large, tiny)).getWidth() > 0);
    }

    @Test
    void pageRefusesWhatItCannotDraw() {
        assertThrows(IllegalArgumentException.class, () -> SamplePage.draw("t", List.of(), List.of()));
        assertThrows(IllegalArgumentException.class,
            () -> SamplePage.draw("t", List.of(), samples(SamplePage.MOST + 1, 0)));
        assertThrows(IllegalArgumentException.class, () -> new SamplePage.Sample(new float[5], 2, 3, 0, 0, 0.5));
        var logit = assertThrows(IllegalArgumentException.class,
            () -> new SamplePage.Sample(new float[6], 2, 3, 0, 0, 4.2));
        assertTrue(logit.getMessage().contains("softmax"), logit.getMessage());
        assertThrows(IndexOutOfBoundsException.class, () -> SamplePage.Sample.ofBytes(new byte[5], 0, 2, 3, 0, 0, 1));
    }

    @Test
    void bytesAreUnsigned() {
        var sample = SamplePage.Sample.ofBytes(new byte[] {9, 0, -1, 51}, 1, 1, 3, 2, 2, 1);
        assertArrayEquals(new float[] {0, 1, 0.2f}, sample.pixels());
        assertTrue(sample.right());
    }

    @Test
    void unwritableFolderIsAClearError() throws IOException {
        // a file where a folder is needed: fails for every user, root included
        Path file = Files.writeString(folder.resolve("file"), "");
        Path path = file.resolve("curve.png");
        var curve = assertThrows(IOException.class, () -> TrainingCurve.write(path, "t", "l", EPOCHS));
        assertTrue(curve.getMessage().startsWith("cannot write the training curve to " + path), curve.getMessage());
        assertTrue(curve.getMessage().contains("cannot be written to"), curve.getMessage());
        var page = assertThrows(IOException.class, () -> SamplePage.write(path, "t", List.of(), samples(3, 0)));
        assertTrue(page.getMessage().startsWith("cannot write the page of samples to " + path), page.getMessage());
        var itself = assertThrows(IOException.class, () -> TrainingCurve.write(folder, "t", "l", EPOCHS));
        assertTrue(itself.getMessage().contains("it is a folder"), itself.getMessage());
    }

    private static void draws(TrainingCurve.Epoch... epochs) {
        assertEquals(600, TrainingCurve.draw("t", "l", List.of(epochs), 600, 400).getWidth());
    }

    private static void onlyFile(Path path) throws IOException {
        try (var files = Files.list(path.getParent())) {
            assertEquals(List.of(path), files.toList());
        }
    }

    private static List<SamplePage.Sample> samples(int n, int wrong) {
        var samples = new ArrayList<SamplePage.Sample>();
        for (int i = 0; i < n; i++) {
            samples.add(new SamplePage.Sample(new float[28 * 28], 28, 28, i < wrong ? 1 : 0, 0, 0.9));
        }
        return samples;
    }

    private static boolean has(BufferedImage image, int rgb) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                if ((image.getRGB(x, y) & 0xFFFFFF) == rgb) {
                    return true;
                }
            }
        }
        return false;
    }
}
