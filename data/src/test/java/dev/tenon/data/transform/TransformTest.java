package dev.tenon.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.data.HostArray;
import dev.tenon.data.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Small cases by hand, and what must hold whatever is drawn.
class TransformTest {
    private final RandomGenerator random = new SplittableRandom(5);

    /// Pixel values 0, 1, 2, ...
    private static HostArray counted(int channels, int height, int width) {
        byte[] out = new byte[channels * height * width];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) i;
        }
        return HostArray.of(out, Shape.of(channels, height, width));
    }

    private static HostArray floats(int channels, int height, int width) {
        float[] out = new float[channels * height * width];
        for (int i = 0; i < out.length; i++) {
            out[i] = i / (float) out.length;
        }
        return HostArray.of(out, Shape.of(channels, height, width));
    }

    private void check(Transform t, HostArray in, Shape shape, int... values) {
        byte[] before = in.toByteArray();
        HostArray out = t.apply(in, random);
        assertEquals(shape, out.shape());
        int[] got = new int[out.toByteArray().length];
        for (int i = 0; i < got.length; i++) {
            got[i] = out.toByteArray()[i] & 0xFF;
        }
        assertArrayEquals(values, got, () -> t + ": " + Arrays.toString(got));
        assertArrayEquals(before, in.toByteArray(), () -> t + " wrote to its input");
    }

    @Test
    void cropsAndMargins() {
        HostArray x = counted(1, 3, 4);
        check(new CenterCrop(1, 2), x, Shape.of(1, 1, 2), 5, 6);
        // a rest of one: half of it, rounded to the even neighbour
        check(new CenterCrop(2, 3), x, Shape.of(1, 2, 3), 0, 1, 2, 4, 5, 6);
        check(new CenterCrop(5, 1), x, Shape.of(1, 5, 1), 0, 2, 6, 10, 0);
        check(new Pad(1, 0, 2, 1, 9, PaddingMode.CONSTANT), counted(1, 1, 2), Shape.of(1, 2, 5), 9, 0, 1, 9, 9, 9, 9, 9,
            9, 9);
        check(new Pad(2, 0, 2, 0, 0, PaddingMode.EDGE), counted(1, 1, 3), Shape.of(1, 1, 7), 0, 0, 0, 1, 2, 2, 2);
        check(new Pad(2, 0, 2, 0, 0, PaddingMode.REFLECT), counted(1, 1, 3), Shape.of(1, 1, 7), 2, 1, 0, 1, 2, 1, 0);
        check(new Pad(2, 0, 2, 0, 0, PaddingMode.SYMMETRIC), counted(1, 1, 3), Shape.of(1, 1, 7), 1, 0, 0, 1, 2, 2, 1);
        check(new Pad(1), counted(1, 1, 1), Shape.of(1, 3, 3), 0, 0, 0, 0, 0, 0, 0, 0, 0);
        HostArray five = new FiveCrop(1, 2).apply(counted(2, 3, 4), random);
        assertEquals(Shape.of(5, 2, 1, 2), five.shape());
        assertArrayEquals(new byte[] {0, 1, 12, 13, 2, 3, 14, 15, 8, 9, 20, 21, 10, 11, 22, 23, 5, 6, 17, 18},
            five.toByteArray());
        assertEquals(floats(1, 3, 4).toFloatArray()[5],
            new FiveCrop(1, 2).apply(floats(1, 3, 4), random).toFloatArray()[8]);
        assertThrows(IllegalArgumentException.class, () -> new FiveCrop(4, 2).apply(x, random));
        assertThrows(IllegalArgumentException.class, () -> new Pad(-1));
        assertThrows(IllegalArgumentException.class, () -> new CenterCrop(0));
    }

    @Test
    void randomCropsComeFromEverywhere() {
        Set<Integer> corners = new HashSet<>();
        HostArray x = counted(1, 4, 5);
        for (int i = 0; i < 400; i++) {
            HostArray y = new RandomCrop(2).apply(x, random);
            assertEquals(Shape.of(1, 2, 2), y.shape());
            byte[] b = y.toByteArray();
            assertArrayEquals(new byte[] {b[0], (byte) (b[0] + 1), (byte) (b[0] + 5), (byte) (b[0] + 6)}, b);
            corners.add((int) b[0]);
        }
        assertEquals(Set.of(0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13), corners);
        Set<String> padded = new HashSet<>();
        for (int i = 0; i < 400; i++) {
            padded.add(Arrays.toString(new RandomCrop(2, 1).apply(counted(1, 2, 2), random).toByteArray()));
        }
        assertEquals(9, padded.size());
        assertTrue(padded.containsAll(Set.of("[0, 0, 0, 0]", "[0, 1, 2, 3]", "[3, 0, 0, 0]")), padded::toString);
        assertEquals(Shape.of(1, 9, 7),
            new RandomCrop(9, 7, 0, true, 0, PaddingMode.CONSTANT).apply(x, random).shape());
        String m = assertThrows(IllegalArgumentException.class, () -> new RandomCrop(9).apply(x, random)).getMessage();
        assertTrue(m.contains("9 x 9") && m.contains("4 x 5"), m);
        for (int i = 0; i < 50; i++) {
            assertEquals(Shape.of(1, 3, 3), new RandomResizedCrop(3).apply(x, random).shape());
            assertEquals(Shape.of(3, 2, 6), new RandomResizedCrop(2, 6, 0.01, 1, 0.1, 0.2, Interpolation.NEAREST, true)
                .apply(counted(3, 2, 30), random).shape());
        }
        assertThrows(IllegalArgumentException.class,
            () -> new RandomResizedCrop(2, 2, 0.5, 0.1, 1, 1, Interpolation.NEAREST, true));
    }

    @Test
    void flipsHappenAsOftenAsTheyShould() {
        HostArray x = counted(1, 2, 3);
        check(new RandomHorizontalFlip(1), x, Shape.of(1, 2, 3), 2, 1, 0, 5, 4, 3);
        check(new RandomVerticalFlip(1), x, Shape.of(1, 2, 3), 3, 4, 5, 0, 1, 2);
        assertSame(x, new RandomVerticalFlip(0).apply(x, random));
        int flipped = 0;
        for (int i = 0; i < 2000; i++) {
            flipped += new RandomHorizontalFlip(0.25).apply(x, random) == x ? 0 : 1;
        }
        // deviation about 19
        assertEquals(500, flipped, 97);
        HostArray f = floats(2, 2, 2);
        assertArrayEquals(f.toFloatArray(), Transform.compose(new RandomHorizontalFlip(1), new RandomHorizontalFlip(1))
            .apply(f, random).toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> new RandomHorizontalFlip(1.5));
        assertThrows(IllegalArgumentException.class, () -> new RandomVerticalFlip(Double.NaN));
    }

    @Test
    void resizingKeepsTheProportion() {
        assertEquals(Shape.of(1, 2, 4), new Resize(2).apply(counted(1, 4, 9), random).shape());
        assertEquals(Shape.of(1, 4, 2), new Resize(2).apply(counted(1, 9, 4), random).shape());
        assertEquals(Shape.of(3, 5, 5), new Resize(5).apply(counted(3, 2, 2), random).shape());
        // half the size: the mean of two pixels and a part of their neighbours
        check(new Resize(1, 2, Interpolation.NEAREST, true), counted(1, 1, 4), Shape.of(1, 1, 2), 1, 3);
        // between pixels 0 1 2 3 at 0.5 1.5 2.5 3.5: at 1 and 3 without antialias
        byte[] steps = {0, 100, (byte) 200, (byte) 200};
        check(new Resize(1, 2, Interpolation.BILINEAR, false), HostArray.of(steps, Shape.of(1, 1, 4)),
            Shape.of(1, 1, 2), 50, 200);
        // with it, triangles four wide: (3 * 0 + 3 * 100 + 1 * 200) / 7 and (100 + 3 * 200 + 3 * 200) / 7
        check(new Resize(1, 2, Interpolation.BILINEAR, true), HostArray.of(steps, Shape.of(1, 1, 4)),
            Shape.of(1, 1, 2), 71, 186);
        assertThrows(IllegalArgumentException.class, () -> new Resize(0));
    }

    @Test
    void constantImagesStayConstant() {
        byte[] flat = new byte[3 * 7 * 6];
        Arrays.fill(flat, (byte) 77);
        HostArray x = HostArray.of(flat, Shape.of(3, 7, 6));
        for (Transform t : List.of(new Resize(5, 9, Interpolation.BICUBIC, true), new GaussianBlur(5),
                new RandomRotation(-40, 40, Interpolation.BILINEAR, 77), new ColorJitter(0, 0.5, 0.5, 0.5),
                new RandomPerspective(0.4, 1, Interpolation.BILINEAR, 77),
                new RandomAffine(20, 0.2, 0.2, 0.8, 1.2, 15, Interpolation.NEAREST, 77), new Grayscale(3))) {
            for (byte b : t.apply(x, random).toByteArray()) {
                assertEquals(77, b, t.toString());
            }
        }
    }

    @Test
    void aQuarterTurnAndAMove() {
        // counter-clockwise: the right column comes to the top
        check(new RandomRotation(90, 90, Interpolation.NEAREST, 0), counted(1, 3, 3), Shape.of(1, 3, 3),
            2, 5, 8, 1, 4, 7, 0, 3, 6);
        check(new RandomRotation(0), counted(1, 2, 3), Shape.of(1, 2, 3), 0, 1, 2, 3, 4, 5);
        Image x = Image.of("test", counted(1, 2, 3));
        RandAugment a = new RandAugment();
        assertArrayEquals(new byte[] {0, 0, 1, 0, 3, 4},
            a.run(x, RandAugment.Operation.TRANSLATE_X, 1.9).bytes());
        assertArrayEquals(new byte[] {3, 4, 5, 0, 0, 0}, a.run(x, RandAugment.Operation.TRANSLATE_Y, -1).bytes());
        // x' = x + y: the middle of the second row comes from 1.5 further right
        assertArrayEquals(new byte[] {0, 1, 2, 4, 5, 0}, a.run(x, RandAugment.Operation.SHEAR_X, 0.7).bytes());
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 300; i++) {
            seen.add(Arrays.toString(new RandomAffine(0, 0.34, 0.5).apply(counted(1, 2, 3), random).toByteArray()));
        }
        assertEquals(9, seen.size());
        // floats beyond 0 .. 1, as Normalize leaves them, stay what they are
        HostArray wide = HostArray.of(new float[] {-3, 5, 2, 7}, Shape.of(1, 2, 2));
        assertArrayEquals(new float[] {5, 7, -3, 2},
            new RandomRotation(90, 90, Interpolation.BILINEAR, 0).apply(wide, random).toFloatArray(), 1e-5f);
        assertThrows(IllegalArgumentException.class, () -> new RandomRotation(-1, 1, Interpolation.BICUBIC, 0));
        assertThrows(IllegalArgumentException.class, () -> new RandomRotation(1, -1, Interpolation.NEAREST, 0));
        assertThrows(IllegalArgumentException.class, () -> new RandomAffine(-5, 0, 0));
    }

    @Test
    void aPerspectiveTakesCornersToCorners() {
        double[][] from = {{1, 2}, {8, 1}, {9, 9}, {0, 7}};
        double[][] to = {{0, 0}, {9, 0}, {9, 9}, {0, 9}};
        double[] m = Warp.perspective(from, to);
        for (int i = 0; i < 4; i++) {
            double w = m[6] * from[i][0] + m[7] * from[i][1] + 1;
            assertEquals(to[i][0], (m[0] * from[i][0] + m[1] * from[i][1] + m[2]) / w, 1e-9);
            assertEquals(to[i][1], (m[3] * from[i][0] + m[4] * from[i][1] + m[5]) / w, 1e-9);
        }
        assertThrows(IllegalArgumentException.class,
            () -> Warp.perspective(new double[][] {{0, 0}, {1, 1}, {2, 2}, {3, 3}}, to));
        HostArray x = counted(1, 6, 6);
        assertSame(x, new RandomPerspective(0.5, 0, Interpolation.BILINEAR, 0).apply(x, random));
        assertArrayEquals(x.toByteArray(),
            new RandomPerspective(0, 1, Interpolation.NEAREST, 0).apply(x, random).toByteArray());
    }

    @Test
    void huesGoAroundTheCircle() {
        HostArray red = HostArray.of(new byte[] {(byte) 200, 40, 40}, Shape.of(3, 1, 1));
        Image x = Image.of("test", red);
        assertArrayEquals(new byte[] {40, (byte) 200, 40}, Colors.hue(x, 1 / 3.0).bytes());
        assertArrayEquals(new byte[] {40, 40, (byte) 200}, Colors.hue(x, -1 / 3.0).bytes());
        assertArrayEquals(new byte[] {40, (byte) 200, (byte) 200}, Colors.hue(x, 0.5).bytes());
        assertArrayEquals(new byte[] {(byte) 200, 120, 40}, Colors.hue(x, 1 / 12.0).bytes());
        HostArray f = HostArray.of(new float[] {0.9f, 0.5f, 0.1f}, Shape.of(3, 1, 1));
        assertArrayEquals(f.toFloatArray(), Colors.hue(Image.of("t", f), 0).floats(), 1e-6f);
        HostArray grey = counted(1, 2, 2);
        check(new ColorJitter(0, 0, 0.5, 0.5), grey, Shape.of(1, 2, 2), 0, 1, 2, 3);
        assertThrows(IllegalArgumentException.class, () -> new ColorJitter(0, 0, 0, 0.6));
        assertThrows(IllegalArgumentException.class, () -> new ColorJitter(-1, 0, 0, 0));
        String m = assertThrows(IllegalArgumentException.class,
            () -> new ColorJitter(1, 0, 0, 0).apply(counted(2, 1, 1), random)).getMessage();
        assertTrue(m.contains("2 channels"), m);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            int v = new ColorJitter(0.5, 0, 0, 0).apply(HostArray.of(new byte[] {100}, Shape.of(1, 1, 1)), random)
                .toByteArray()[0] & 0xFF;
            assertTrue(v >= 49 && v <= 150, () -> "brightness " + v);
            seen.add(v);
        }
        assertTrue(seen.size() > 60, seen::toString);
    }

    @Test
    void blurring() {
        HostArray point = HostArray.of(new float[] {0, 0, 0, 0, 1, 0, 0, 0, 0}, Shape.of(1, 3, 3));
        float[] y = new GaussianBlur(3, 3, 1, 1).apply(point, random).toFloatArray();
        double e = Math.exp(-0.5);
        double middle = 1 / (1 + 2 * e);
        double side = e * middle;
        assertEquals(middle * middle, y[4], 1e-6);
        // mirrored at the border, the middle comes from both sides
        assertEquals(middle * 2 * side, y[1], 1e-6);
        assertEquals(4 * side * side, y[0], 1e-6);
        float[] edge = new GaussianBlur(1, 3, 1, 1).apply(HostArray.of(new float[] {0, 1, 0}, Shape.of(1, 1, 3)),
            random).toFloatArray();
        assertArrayEquals(new float[] {(float) (2 * side), (float) middle, (float) (2 * side)}, edge, 1e-6f);
        assertThrows(IllegalArgumentException.class, () -> new GaussianBlur(2));
        assertThrows(IllegalArgumentException.class, () -> new GaussianBlur(7).apply(point, random));
    }

    @Test
    void randAugmentDrawsEveryOperation() {
        RandAugment a = new RandAugment(2, 9);
        assertEquals(0.3 * 0.3, a.strength(RandAugment.Operation.SHEAR_X, 10, 10), 1e-9);
        assertEquals(150 / 331.0 * 100 * 0.3, a.strength(RandAugment.Operation.TRANSLATE_X, 10, 100), 1e-9);
        assertEquals(9, a.strength(RandAugment.Operation.ROTATE, 10, 10), 1e-9);
        assertEquals(0.27, a.strength(RandAugment.Operation.SHARPNESS, 10, 10), 1e-9);
        assertEquals(7, a.strength(RandAugment.Operation.POSTERIZE, 10, 10));
        assertEquals(178.5, a.strength(RandAugment.Operation.SOLARIZE, 10, 10), 1e-9);
        HostArray x = counted(3, 8, 8);
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 400; i++) {
            HostArray y = new RandAugment(1, 15).apply(x, random);
            assertEquals(x.shape(), y.shape());
            assertEquals(DType.U8, y.dtype());
            seen.add(Arrays.toString(y.toByteArray()));
        }
        // 14 operations, 9 of them both ways; some leave this image as it is
        assertTrue(seen.size() >= 18 && seen.size() <= 23, () -> "" + seen.size());
        assertSame(DType.U8, new RandAugment(5, 30).apply(counted(1, 5, 5), random).dtype());
        assertThrows(IllegalArgumentException.class, () -> new RandAugment(2, 31));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> a.apply(floats(1, 2, 2), random)).getMessage()
            .contains("ToTensor"));
    }

    @Test
    void bytesBecomeNormalisedFloats() {
        HostArray x = HostArray.of(new byte[] {0, 51, (byte) 255, 102}, Shape.of(2, 1, 2));
        assertArrayEquals(new float[] {0, 0.2f, 1, 0.4f}, new ToTensor().apply(x, random).toFloatArray(), 1e-7f);
        Transform both = new ToTensor().then(new Normalize(new double[] {0.2, 0}, new double[] {0.5, 2}));
        assertArrayEquals(new float[] {-0.4f, 0, 0.5f, 0.2f}, both.apply(x, random).toFloatArray(), 1e-6f);
        assertThrows(IllegalArgumentException.class, () -> new ToTensor().apply(floats(1, 1, 1), random));
        assertTrue(assertThrows(IllegalArgumentException.class,
            () -> new Normalize(new double[2], new double[] {1, 1}).apply(x, random)).getMessage()
            .contains("after ToTensor"));
        assertThrows(IllegalArgumentException.class, () -> new Normalize(new double[1], new double[] {0}));
        assertThrows(IllegalArgumentException.class, () -> new Normalize(new double[1], new double[] {1, 1}));
    }

    @Test
    void erasedRectanglesHaveTheirShareOfTheArea() {
        HostArray x = HostArray.of(new float[3 * 20 * 30], Shape.of(3, 20, 30));
        int erased = 0;
        for (int i = 0; i < 200; i++) {
            HostArray y = new RandomErasing(1, 0.1, 0.2, 0.5, 2, 7, false).apply(x, random);
            float[] v = y.toFloatArray();
            int n = 0;
            for (int p = 0; p < 600; p++) {
                assertEquals(v[p], v[p + 600]);
                assertEquals(v[p], v[p + 1200]);
                n += v[p] == 7 ? 1 : 0;
            }
            int count = n;
            assertTrue(n == 0 || n > 50 && n < 135, () -> count + " of 600");
            erased += n > 0 ? 1 : 0;
        }
        assertTrue(erased > 190);
        assertSame(x, new RandomErasing(0).apply(x, random));
        float[] noisy = new RandomErasing(1, 0.3, 0.3, 1, 1, 0, true).apply(x, random).toFloatArray();
        assertTrue(new HashSet<>(Arrays.asList(box(noisy))).size() > 300);
        assertEquals(0, x.toFloatArray()[0]);
        assertThrows(IllegalArgumentException.class, () -> new RandomErasing(1).apply(counted(1, 9, 9), random));
        assertThrows(IllegalArgumentException.class, () -> new RandomErasing(2));
    }

    private static Float[] box(float[] values) {
        Float[] out = new Float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return out;
    }

    @Test
    void labelsBecomeProbabilities() {
        Sample s = new OneHot(4).apply(Sample.of(new float[1], Shape.of(1), 2), random);
        assertArrayEquals(new float[] {0, 0, 1, 0}, s.target().toFloatArray());
        String m = assertThrows(IllegalArgumentException.class,
            () -> new OneHot(2).apply(Sample.of(new float[1], Shape.of(1), 2), random)).getMessage();
        assertTrue(m.contains("label 2") && m.contains("0 to 1"), m);
        assertThrows(IllegalArgumentException.class, () -> new OneHot(4).apply(s, random));
        assertThrows(IllegalArgumentException.class, () -> new OneHot(0));
    }

    @Test
    void choicesAndProbabilities() {
        HostArray x = counted(1, 1, 2);
        List<Integer> first = new ArrayList<>();
        Transform t = Transform.randomChoice(new RandomHorizontalFlip(0), new RandomHorizontalFlip(1),
            (image, _) -> HostArray.of(new byte[] {9, 9}, image.shape()));
        for (int i = 0; i < 100; i++) {
            first.add((int) t.apply(x, random).toByteArray()[0]);
        }
        assertEquals(Set.of(0, 1, 9), new HashSet<>(first));
        assertSame(x, Transform.randomApply(0, new RandomHorizontalFlip(1)).apply(x, random));
        check(Transform.randomApply(1, new RandomHorizontalFlip(1)), x, Shape.of(1, 1, 2), 1, 0);
        assertThrows(IllegalArgumentException.class, () -> Transform.randomApply(-0.1, new ToTensor()));
        assertThrows(IllegalArgumentException.class, Transform::randomChoice);
        assertEquals(Shape.of(1, 2, 2), Grayscale.randomly(1).apply(counted(1, 2, 2), random).shape());
        HostArray grey = Grayscale.randomly(1).apply(counted(3, 1, 1), random);
        assertArrayEquals(new byte[] {1, 1, 1}, grey.toByteArray());
    }

    @Test
    void arraysThatAreNoImagesAreRefused() {
        for (HostArray bad : List.of(HostArray.of(1f, 2f), HostArray.label(1),
                HostArray.of(new long[4], Shape.of(1, 2, 2)), HostArray.of(new byte[0], Shape.of(1, 0, 2)))) {
            for (Transform t : List.of(new Resize(2), new CenterCrop(1), new RandomHorizontalFlip(0), new RandAugment(),
                    new Grayscale(), new GaussianBlur(1), new RandomRotation(1), new RandomErasing(1))) {
                String m = assertThrows(IllegalArgumentException.class, () -> t.apply(bad, random)).getMessage();
                assertTrue(m.contains("[channels, height, width]"), m);
            }
        }
    }
}
