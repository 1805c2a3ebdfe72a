package dev.tenon.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What Pillow 9.4.0 makes of a small image: `pillow.txt` has a line for each case, with its name, its shape [channels,
/// height, width] and its values.
class PillowTest {
    private static final Map<String, HostArray> WANTED = new HashMap<>();

    @BeforeAll
    static void read() throws IOException {
        var in = PillowTest.class.getResourceAsStream("pillow.txt");
        assertNotNull(in);
        try (var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] parts = line.split(": ");
                String[] head = parts[0].split(" ");
                String[] values = parts[1].split(" ");
                byte[] bytes = new byte[values.length];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) Integer.parseInt(values[i]);
                }
                WANTED.put(head[0], HostArray.of(bytes, Shape.of(Integer.parseInt(head[1]), Integer.parseInt(head[2]),
                    Integer.parseInt(head[3]))));
            }
        }
        assertEquals(28, WANTED.size());
    }

    private static Image image(int height, int width) {
        byte[] out = new byte[3 * height * width];
        for (int i = 0; i < out.length; i++) {
            int x = i % width;
            int y = i / width % height;
            int c = i / (width * height);
            out[i] = (byte) (c * 71 + y * 53 + x * 97 + x * y * c * 13);
        }
        return Image.of(3, height, width, out);
    }

    private static final Image SMALL = image(6, 7);

    private static void same(String name, Image got) {
        near(name, got, 0);
    }

    private static void near(String name, Image got, int tolerance) {
        HostArray wanted = WANTED.get(name);
        assertNotNull(wanted, name);
        HostArray array = got.array();
        assertEquals(wanted.shape(), array.shape(), name);
        byte[] a = wanted.toByteArray();
        byte[] b = array.toByteArray();
        for (int i = 0; i < a.length; i++) {
            int at = i;
            assertTrue(Math.abs((a[i] & 0xFF) - (b[i] & 0xFF)) <= tolerance, () -> name + " at " + at + ": expected "
                + (a[at] & 0xFF) + ", got " + (b[at] & 0xFF));
        }
    }

    @Test
    void resizing() {
        int[][] sizes = {{4, 5}, {2, 13}, {8, 9}};
        for (Interpolation kind : Interpolation.values()) {
            for (int[] s : sizes) {
                same("resize_" + kind + "_" + s[0] + "x" + s[1], Resample.resize(SMALL, s[0], s[1], kind, true));
            }
        }
    }

    /// Floats take the same way, without rounding between.
    @Test
    void resizingFloatsIsResizingBytesButForRounding() {
        Image floats = Image.of("floats", new ToTensor().apply(SMALL.array(), new SplittableRandom(1)));
        for (Interpolation kind : Interpolation.values()) {
            float[] f = Resample.resize(floats, 4, 9, kind, true).floats();
            byte[] b = Resample.resize(SMALL, 4, 9, kind, true).bytes();
            for (int i = 0; i < b.length; i++) {
                float clipped = Math.clamp(f[i], 0, 1);
                assertEquals((b[i] & 0xFF) / 255f, clipped, 3.5f / 255, kind + " " + i);
            }
        }
    }

    @Test
    void turningAndWarping() {
        same("rotate_NEAREST_30", RandomRotation.rotate(SMALL, 30, Interpolation.NEAREST, 0));
        same("rotate_NEAREST_-77", RandomRotation.rotate(SMALL, -77.5, Interpolation.NEAREST, 0));
        // Pillow rounds down what lies between pixels
        near("rotate_BILINEAR_30", RandomRotation.rotate(SMALL, 30, Interpolation.BILINEAR, 0), 1);
        double[] m = {0.9, 0.1, 0.2, -0.05, 1.1, 0.3, 0.01, 0.02};
        same("perspective_NEAREST", Warp.transform(SMALL, m, Interpolation.NEAREST, 0));
        near("perspective_BILINEAR", Warp.transform(SMALL, m, Interpolation.BILINEAR, 0), 1);
        near("affine_BILINEAR", Warp.affine(SMALL, new double[] {1.1, 0.23, -0.7, 0.1, 0.8, 0.35},
            Interpolation.BILINEAR, 9), 1);
    }

    /// Composed of rotation, shears, scale and moves by a program of matrices, and inverted.
    @Test
    void theInverseOfAnAffineMap() {
        assertArrayEquals(new double[] {0.6482182611918386, 0.5439197038884493, -1.1530398443320107,
            -0.41666666666666646, 0.7216878364870322, 3.8482909936926015},
            Warp.inverseAffine(3.5, 3, 30, 2, -1, 1.2, 10, 0), 1e-12);
        assertArrayEquals(new double[] {1, 0, 0, 0.3000143778165491, 1, 0},
            Warp.inverseAffine(0, 0, 0, 0, 0, 1, 0, 16.7), 1e-12);
    }

    @Test
    void colours() {
        same("brightness_1.4", Colors.brightness(SMALL, 1.4));
        same("brightness_0.3", Colors.brightness(SMALL, 0.3));
        same("contrast_0.6", Colors.contrast(SMALL, 0.6));
        same("contrast_1.7", Colors.contrast(SMALL, 1.7));
        same("saturation_1.5", Colors.saturation(SMALL, 1.5));
        same("saturation_0.2", Colors.saturation(SMALL, 0.2));
        same("sharpness_1.9", Colors.sharpness(SMALL, 1.9));
        same("sharpness_0.1", Colors.sharpness(SMALL, 0.1));
        same("grey", Image.of("grey", new Grayscale().apply(SMALL.array(), new SplittableRandom(1))));
        same("posterize_3", Colors.posterize(SMALL, 3));
        same("solarize_100", Colors.solarize(SMALL, 100));
        same("autocontrast", Colors.autoContrast(halved(SMALL)));
    }

    @Test
    void equalizing() {
        Image got = Colors.equalize(halved(image(30, 40)));
        byte[] some = new byte[3 * 5 * 5];
        for (int i = 0; i < some.length; i++) {
            some[i] = got.bytes()[i / 25 * 1200 + i / 5 % 5 * 7 * 40 + i % 5 * 9];
        }
        same("equalize_sum", Image.of(3, 5, 5, some));
    }

    private static Image halved(Image image) {
        byte[] out = image.bytes().clone();
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) ((out[i] & 0xFF) / 2 + 40);
        }
        return Image.of(image.channels, image.height, image.width, out);
    }
}
