package dev.tenon.data;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// An endless data set of handwritten-looking digits, for examples, tests and machines without a network.
///
/// Images are 28 x 28 greyscale, one unsigned byte per pixel, row by row, ink 255 on background 0: the layout of
/// MNIST. Image and label `i` are pure functions of `(seed, i)`: any image can be made alone, in any order and on any
/// thread, and has the same bytes on every machine (only exact IEEE operations and [StrictMath] are used). Every
/// aligned run of ten indices holds each digit once, so a data set of 10·n images from 0 is balanced.
///
/// The images are synthetic. An accuracy measured on them says that a model learns, not how it fares on MNIST: name
/// the data set wherever such a number is shown. For a training and a test set take two seeds.
///
/// Instances are immutable and safe for use by several threads.
public final class DigitGenerator {
    /// Pixels per row.
    public static final int WIDTH = 28;
    /// Rows per image.
    public static final int HEIGHT = 28;
    /// Bytes per image.
    public static final int PIXELS = WIDTH * HEIGHT;
    /// Number of classes; labels are 0 .. CLASSES-1.
    public static final int CLASSES = 10;

    private static final long LABELS = 0x6C6162656C730001L;
    private static final long STROKES = 0x7374726F6B650002L;

    /// Curve pieces drawn between two neighbouring points of a stroke.
    private static final int STEPS = 7;
    /// Clear pixels kept at every edge.
    private static final double MARGIN = 1.0;

    private final long seed;

    /// @param seed names the data set; any number
    public DigitGenerator(long seed) {
        this.seed = seed;
    }

    /// The seed given.
    public long seed() {
        return seed;
    }

    /// The digit shown in image `index`, 0 to 9.
    ///
    /// @throws IllegalArgumentException if `index` is negative
    public int label(long index) {
        checkIndex(index);
        var random = new SplitMix64(seed, LABELS, index / CLASSES);
        int[] order = new int[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            int j = random.below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order[(int) (index % CLASSES)];
    }

    /// The pixels of image `index`: [HEIGHT] x [WIDTH] unsigned bytes, row by row.
    ///
    /// @throws IllegalArgumentException if `index` is negative
    public byte[] image(long index) {
        byte[] pixels = new byte[PIXELS];
        image(index, pixels, 0);
        return pixels;
    }

    /// Writes the pixels of image `index` to `into[offset .. offset+PIXELS-1]`.
    ///
    /// @throws IllegalArgumentException if `index` is negative
    /// @throws IndexOutOfBoundsException if `into` has no room for [PIXELS] bytes from `offset`
    public void image(long index, byte[] into, int offset) {
        checkIndex(index);
        Objects.checkFromIndexSize(offset, PIXELS, into.length);
        draw(label(index), new SplitMix64(seed, STROKES, index), into, offset);
    }

    /// The images `from` .. `from+count-1`, one after the other: `count` x [HEIGHT] x [WIDTH] unsigned bytes.
    ///
    /// @throws IllegalArgumentException if `from` or `count` is negative, or the images do not fit one array
    public byte[] images(long from, int count) {
        checkIndex(from);
        if (count < 0 || count > Integer.MAX_VALUE / PIXELS) {
            throw new IllegalArgumentException("images: count " + count + " is not in 0 .. "
                + Integer.MAX_VALUE / PIXELS + "; make larger sets in several calls");
        }
        byte[] pixels = new byte[count * PIXELS];
        for (int i = 0; i < count; i++) {
            image(from + i, pixels, i * PIXELS);
        }
        return pixels;
    }

    /// The labels `from` .. `from+count-1`, one byte each.
    ///
    /// @throws IllegalArgumentException if `from` or `count` is negative
    public byte[] labels(long from, int count) {
        checkIndex(from);
        if (count < 0) {
            throw new IllegalArgumentException("labels: count " + count + " is negative");
        }
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) label(from + i);
        }
        return labels;
    }

    private static void checkIndex(long index) {
        if (index < 0) {
            throw new IllegalArgumentException("digit index " + index + " is negative; indices count from 0");
        }
    }

    private static void draw(int digit, SplitMix64 random, byte[] into, int offset) {
        List<List<DigitStyles.Stroke>> styles = DigitStyles.of(digit);
        List<DigitStyles.Stroke> strokes = styles.get(random.below(styles.size()));
        Pen pen = new Pen(random);
        pen.write(strokes);
        pen.place();
        float[] ink = pen.ink();
        finish(ink, random, into, offset);
    }

    /// Blurs a little, adds the grain of a scan, and rounds to bytes.
    private static void finish(float[] ink, SplitMix64 random, byte[] into, int offset) {
        float side = (float) random.uniform(0, 0.14);
        float middle = 1 - 2 * side;
        float[] across = new float[PIXELS];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int i = y * WIDTH + x;
                float left = x > 0 ? ink[i - 1] : 0;
                float right = x < WIDTH - 1 ? ink[i + 1] : 0;
                across[i] = middle * ink[i] + side * (left + right);
            }
        }
        double strength = random.uniform(0.82, 1.06);
        double grain = random.uniform() < 0.35 ? 0 : random.uniform(0.005, 0.035);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int i = y * WIDTH + x;
                float above = y > 0 ? across[i - WIDTH] : 0;
                float below = y < HEIGHT - 1 ? across[i + WIDTH] : 0;
                double value = strength * (middle * across[i] + side * (above + below));
                if (grain > 0) {
                    // one 64-bit draw gives four 16-bit numbers, whose sum is bell shaped
                    long bits = random.nextLong();
                    long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
                    double bell = (sum - 131070) * (1.7320508075688772 / 65536);
                    value += bell * grain * (1 + value);
                }
                into[offset + i] = (byte) (int) Math.clamp(value * 255 + 0.5, 0, 255);
            }
        }
    }

    /// One hand with one pen, writing one digit: turns strokes into a chain of short pieces with a radius, in pixels.
    private static final class Pen {
        private final SplitMix64 random;
        private double[] x = new double[160];
        private double[] y = new double[160];
        private double[] radius = new double[160];
        /// joined[i]: piece i-1 .. i is drawn.
        private boolean[] joined = new boolean[160];
        private int count;

        private final double height;
        private final double aspect;
        private final double slant;
        private final double sin;
        private final double cos;
        private final double wobble;
        private final double bendX;
        private final double bendY;
        private final double phaseX;
        private final double phaseY;
        private final double width;
        private final double nib;
        private final double nibX;
        private final double nibY;
        private final double soft;
        private final double taperStart;
        private final double taperEnd;

        Pen(SplitMix64 random) {
            this.random = random;
            height = random.uniform(15.5, 21.0);
            aspect = 1.07 + 0.14 * random.bell();
            slant = 0.10 + 0.19 * random.bell();
            double angle = Math.clamp(6.0 * random.bell(), -15.0, 15.0) * (StrictMath.PI / 180);
            sin = StrictMath.sin(angle);
            cos = StrictMath.cos(angle);
            wobble = random.uniform(1.2, 3.8);
            bendX = 3.2 * random.bell();
            bendY = 2.6 * random.bell();
            phaseX = random.uniform(0, 2 * StrictMath.PI);
            phaseY = random.uniform(0, 2 * StrictMath.PI);
            width = random.uniform(0.78, 1.50);
            nib = random.uniform(0, 0.22);
            double nibAngle = random.uniform(0, 2 * StrictMath.PI);
            nibX = StrictMath.cos(nibAngle);
            nibY = StrictMath.sin(nibAngle);
            soft = random.uniform(0.5, 0.8);
            taperStart = random.uniform(0.6, 1.05);
            taperEnd = random.uniform(0.4, 1.0);
        }

        /// Fills the chain with the jittered, bent, slanted and turned strokes; origin in the digit's middle.
        void write(List<DigitStyles.Stroke> strokes) {
            for (DigitStyles.Stroke stroke : strokes) {
                int n = stroke.x().length;
                double[] px = new double[n];
                double[] py = new double[n];
                double driftX = 0.6 * wobble * random.bell();
                double driftY = 0.6 * wobble * random.bell();
                for (int i = 0; i < n; i++) {
                    // the hand is less sure where it sets down and lifts off
                    double sure = i == 0 || i == n - 1 ? 1.35 : 1.0;
                    bend(stroke.x()[i] + driftX + sure * wobble * random.bell(),
                        stroke.y()[i] + driftY + sure * wobble * random.bell(), px, py, i);
                }
                trace(px, py, stroke.corner());
            }
        }

        private void bend(double u, double v, double[] px, double[] py, int i) {
            double s = u - 35 + bendX * StrictMath.sin(v * 0.045 + phaseX);
            double t = v - 50 + bendY * StrictMath.sin(u * 0.055 + phaseY);
            double scale = height / 100;
            double sx = s * scale * aspect - slant * t * scale;
            double sy = t * scale;
            px[i] = cos * sx - sin * sy;
            py[i] = sin * sx + cos * sy;
        }

        /// Catmull-Rom curve through the points, broken at corners; radius by pressure, nib direction and taper.
        private void trace(double[] px, double[] py, boolean[] corner) {
            int n = px.length;
            int total = (n - 1) * STEPS;
            reserve(total + 1);
            int first = count;
            double pressure = random.uniform(0.03, 0.14);
            double beats = random.uniform(2.0, 6.0);
            double beat = random.uniform(0, 2 * StrictMath.PI);
            for (int i = 0; i < n - 1; i++) {
                double x1 = px[i];
                double y1 = py[i];
                double x2 = px[i + 1];
                double y2 = py[i + 1];
                boolean openBefore = i == 0 || corner[i];
                boolean openAfter = i == n - 2 || corner[i + 1];
                double leaveX = openBefore ? 0.5 * (x2 - x1) : 0.5 * (x2 - px[i - 1]);
                double leaveY = openBefore ? 0.5 * (y2 - y1) : 0.5 * (y2 - py[i - 1]);
                double reachX = openAfter ? 0.5 * (x2 - x1) : 0.5 * (px[i + 2] - x1);
                double reachY = openAfter ? 0.5 * (y2 - y1) : 0.5 * (py[i + 2] - y1);
                int steps = i == n - 2 ? STEPS + 1 : STEPS;
                for (int k = 0; k < steps; k++) {
                    double t = k / (double) STEPS;
                    double t2 = t * t;
                    double t3 = t2 * t;
                    double a = 2 * t3 - 3 * t2 + 1;
                    double b = t3 - 2 * t2 + t;
                    double c = 3 * t2 - 2 * t3;
                    double d = t3 - t2;
                    x[count] = a * x1 + b * leaveX + c * x2 + d * reachX;
                    y[count] = a * y1 + b * leaveY + c * y2 + d * reachY;
                    joined[count] = count > first;
                    count++;
                }
            }
            for (int i = first; i < count; i++) {
                double along = (i - first) / (double) total;
                double dx = x[Math.min(i + 1, count - 1)] - x[Math.max(i - 1, first)];
                double dy = y[Math.min(i + 1, count - 1)] - y[Math.max(i - 1, first)];
                double length2 = dx * dx + dy * dy + 1e-9;
                double turn = ((dx * dx - dy * dy) * nibX + 2 * dx * dy * nibY) / length2;
                double r = width * (1 + nib * turn) * (1 + pressure * StrictMath.sin(beats * along + beat));
                r *= Math.min(1, taperStart + (1 - taperStart) * along / 0.18);
                r *= Math.min(1, taperEnd + (1 - taperEnd) * (1 - along) / 0.22);
                radius[i] = Math.max(0.45, r);
            }
        }

        private void reserve(int more) {
            if (count + more > x.length) {
                int size = 2 * (count + more);
                x = Arrays.copyOf(x, size);
                y = Arrays.copyOf(y, size);
                radius = Arrays.copyOf(radius, size);
                joined = Arrays.copyOf(joined, size);
            }
        }

        /// Moves the digit near the middle of the image, shrunk if it would touch an edge.
        void place() {
            double left = Double.MAX_VALUE;
            double right = -Double.MAX_VALUE;
            double top = Double.MAX_VALUE;
            double bottom = -Double.MAX_VALUE;
            for (int i = 0; i < count; i++) {
                left = Math.min(left, x[i] - radius[i]);
                right = Math.max(right, x[i] + radius[i]);
                top = Math.min(top, y[i] - radius[i]);
                bottom = Math.max(bottom, y[i] + radius[i]);
            }
            double roomX = WIDTH - 2 * MARGIN;
            double roomY = HEIGHT - 2 * MARGIN;
            double scale = Math.min(1, Math.min(roomX / (right - left), roomY / (bottom - top)));
            double freeX = 0.5 * (roomX - scale * (right - left));
            double freeY = 0.5 * (roomY - scale * (bottom - top));
            double shiftX = Math.clamp(1.3 * random.bell(), -freeX, freeX);
            double shiftY = Math.clamp(1.3 * random.bell(), -freeY, freeY);
            double moveX = 0.5 * WIDTH + shiftX - scale * 0.5 * (left + right);
            double moveY = 0.5 * HEIGHT + shiftY - scale * 0.5 * (top + bottom);
            for (int i = 0; i < count; i++) {
                x[i] = scale * x[i] + moveX;
                y[i] = scale * y[i] + moveY;
            }
        }

        /// Coverage of every pixel, 0 to 1: the nearest piece of the chain decides.
        float[] ink() {
            float[] ink = new float[PIXELS];
            for (int i = 1; i < count; i++) {
                if (joined[i]) {
                    piece(i, ink);
                }
            }
            return ink;
        }

        private void piece(int i, float[] ink) {
            double ax = x[i - 1];
            double ay = y[i - 1];
            double dx = x[i] - ax;
            double dy = y[i] - ay;
            double inverse = 1 / (dx * dx + dy * dy + 1e-12);
            double ra = radius[i - 1];
            double dr = radius[i] - ra;
            double reach = Math.max(ra, radius[i]) + soft;
            int x0 = Math.max(0, (int) (Math.min(ax, x[i]) - reach - 0.5));
            int x1 = Math.min(WIDTH - 1, (int) (Math.max(ax, x[i]) + reach));
            int y0 = Math.max(0, (int) (Math.min(ay, y[i]) - reach - 0.5));
            int y1 = Math.min(HEIGHT - 1, (int) (Math.max(ay, y[i]) + reach));
            for (int row = y0; row <= y1; row++) {
                double qy = row + 0.5 - ay;
                for (int column = x0; column <= x1; column++) {
                    double qx = column + 0.5 - ax;
                    double t = Math.clamp((qx * dx + qy * dy) * inverse, 0.0, 1.0);
                    double ex = qx - t * dx;
                    double ey = qy - t * dy;
                    double far = ra + t * dr + soft;
                    double square = ex * ex + ey * ey;
                    if (square < far * far) {
                        double cover = Math.min(1, (far - Math.sqrt(square)) / (2 * soft));
                        int at = row * WIDTH + column;
                        ink[at] = Math.max(ink[at], (float) cover);
                    }
                }
            }
        }
    }
}
