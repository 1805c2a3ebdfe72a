package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Batch normalisation with the statistics of the batch, and its gradients, of images in blocks of as many channels as
/// a vector of floats has lanes: `[n, c / lanes, h, w, lanes]`. A channel is a lane, so that sums are sums of vectors;
/// they are taken in single precision over at most [#PART] points, and in double precision beyond them.
public final class BlockedNorm {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = BlockedMaxPool.BLOCK;
    private static final int BYTES = 4 * L;
    /// Points that are summed in single precision.
    private static final int PART = 256;

    private final WorkerPool pool;
    private final int images;
    private final int blocks;
    private final int points;

    /// @param images how many
    /// @param channels whole blocks
    /// @param points in each channel of an image
    public BlockedNorm(WorkerPool pool, long images, long channels, long points) {
        this.pool = pool;
        this.images = Math.toIntExact(images);
        this.blocks = Math.toIntExact(channels / L);
        this.points = Math.toIntExact(points);
    }

    private static FloatVector load(long at) {
        return FloatVector.fromMemorySegment(S, Mem.ALL, at, ORDER);
    }

    private long at(long base, int image, int block) {
        return base + ((long) image * blocks + block) * points * BYTES;
    }

    /// What is done with one block of channels of one image.
    @FunctionalInterface
    private interface Body {
        void run(int image, int block);
    }

    /// Sums of each channel over points and images, two of them: `2 * channels` numbers, those of a block together. The
    /// sums of an image do not depend on the threads, and are added in their order.
    private double[] sums(Sums one) {
        double[] all = new double[images * blocks * 2 * L];
        each((i, b) -> one.add(i, b, all, (b * images + i) * 2 * L));
        double[] sums = new double[blocks * 2 * L];
        for (int b = 0; b < blocks; b++) {
            for (int i = 0; i < images; i++) {
                for (int k = 0; k < 2 * L; k++) {
                    sums[b * 2 * L + k] += all[(b * images + i) * 2 * L + k];
                }
            }
        }
        return sums;
    }

    /// Sums over the points of one block of an image.
    @FunctionalInterface
    private interface Sums {
        void add(int image, int block, double[] to, int at);
    }

    /// Goes block by block of channels: what was read to sum is read again soon.
    private void each(Body body) {
        pool.parallelFor((long) images * blocks, Math.max(1, 2048 / points), (from, to) -> {
            for (long t = from; t < to; t++) {
                body.run((int) (t % images), (int) (t / images));
            }
        });
    }

    /// The result, the mean and the reciprocal of the deviation.
    ///
    /// @param scale the addresses of a number for each channel, as are `shift`, `mean` and `rstd`
    public void forward(long x, long scale, long shift, double epsilon, long y, long mean, long rstd) {
        double count = (double) images * points;
        float[] pivots = new float[blocks * L];
        for (int b = 0; b < blocks; b++) {
            load(at(x, 0, b)).intoArray(pivots, b * L);
        }
        // Numbers are taken from one of them first: the squares of what is far from zero would cancel each other.
        double[] first = new double[blocks * 2 * L];
        for (int b = 0; b < blocks; b++) {
            moments(at(x, 0, b), pivots, b * L, Math.min(points, PART), first, b * 2 * L);
        }
        for (int c = 0; c < blocks * L; c++) {
            pivots[c] += (float) (first[c / L * 2 * L + c % L] / Math.min(points, PART));
            pivots[c] = Float.isFinite(pivots[c]) ? pivots[c] : 0;
        }
        double[] sums = sums((i, b, to, k) -> moments(at(x, i, b), pivots, b * L, points, to, k));
        float[] means = new float[blocks * L];
        float[] factors = new float[blocks * L];
        float[] added = new float[blocks * L];
        for (int c = 0; c < blocks * L; c++) {
            int k = c / L * 2 * L + c % L;
            double m = sums[k] / count;
            double variance = Math.max(0, sums[k + L] / count - m * m);
            float r = (float) (1 / Math.sqrt(variance + epsilon));
            means[c] = (float) (pivots[c] + m);
            factors[c] = r * Mem.getFloat(scale + 4L * c);
            added[c] = Mem.getFloat(shift + 4L * c);
            Mem.putFloat(mean + 4L * c, means[c]);
            Mem.putFloat(rstd + 4L * c, r);
        }
        each((i, b) -> affine(at(x, i, b), at(y, i, b), means, factors, added, b * L, points));
    }

    /// The gradients of input, scale and shift.
    ///
    /// @param g the gradient of the result
    public void backward(long g, long x, long scale, long mean, long rstd, long dx, long toScale, long toShift) {
        double count = (double) images * points;
        float[] means = new float[blocks * L];
        for (int c = 0; c < blocks * L; c++) {
            means[c] = Mem.getFloat(mean + 4L * c);
        }
        double[] sums = sums((i, b, to, k) -> products(at(g, i, b), at(x, i, b), means, b * L, points, to, k));
        float[] f = new float[blocks * L];
        float[] along = new float[blocks * L];
        float[] added = new float[blocks * L];
        for (int c = 0; c < blocks * L; c++) {
            int k = c / L * 2 * L + c % L;
            double r = Mem.getFloat(rstd + 4L * c);
            // a (g - shift / n - (x - mean) rstd² scale / n), of the form a g + b (x - mean) + d.
            double a = r * Mem.getFloat(scale + 4L * c);
            f[c] = (float) a;
            along[c] = (float) (-a * r * r * sums[k + L] / count);
            added[c] = (float) (-a * sums[k] / count);
            Mem.putFloat(toScale + 4L * c, (float) (sums[k + L] * r));
            Mem.putFloat(toShift + 4L * c, (float) sums[k]);
        }
        each((i, b) -> affine(at(g, i, b), at(x, i, b), at(dx, i, b), means, f, along, added, b * L, points));
    }

    // --- one block of an image

    /// Adds the sums of `x - pivot` and of its squares.
    private static void moments(long x, float[] pivots, int c, int n, double[] to, int at) {
        float[] part = new float[2 * L];
        for (int p = 0; p < n; p += PART) {
            momentsOfPart(x + (long) p * BYTES, FloatVector.fromArray(S, pivots, c), Math.min(PART, n - p), part);
            for (int k = 0; k < 2 * L; k++) {
                to[at + k] += part[k];
            }
        }
    }

    private static void momentsOfPart(long x, FloatVector pivot, int n, float[] to) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long end = x + (long) n / 2 * 2 * BYTES;
        for (long p = x; p < end; p += 2 * BYTES) {
            FloatVector u = load(p).sub(pivot);
            FloatVector v = load(p + BYTES).sub(pivot);
            a = a.add(u);
            b = b.add(v);
            c = u.fma(u, c);
            d = v.fma(v, d);
        }
        if (n % 2 != 0) {
            FloatVector u = load(end).sub(pivot);
            a = a.add(u);
            c = u.fma(u, c);
        }
        a.add(b).intoArray(to, 0);
        c.add(d).intoArray(to, L);
    }

    /// Adds the sums of `g` and of `g (x - mean)`.
    private static void products(long g, long x, float[] means, int c, int n, double[] to, int at) {
        float[] part = new float[2 * L];
        for (int p = 0; p < n; p += PART) {
            productsOfPart(g + (long) p * BYTES, x + (long) p * BYTES, FloatVector.fromArray(S, means, c),
                    Math.min(PART, n - p), part);
            for (int k = 0; k < 2 * L; k++) {
                to[at + k] += part[k];
            }
        }
    }

    private static void productsOfPart(long g, long x, FloatVector mean, int n, float[] to) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long dx = x - g;
        long end = g + (long) n / 2 * 2 * BYTES;
        for (long p = g; p < end; p += 2 * BYTES) {
            FloatVector u = load(p);
            FloatVector v = load(p + BYTES);
            a = a.add(u);
            b = b.add(v);
            c = load(p + dx).sub(mean).fma(u, c);
            d = load(p + dx + BYTES).sub(mean).fma(v, d);
        }
        if (n % 2 != 0) {
            FloatVector u = load(end);
            a = a.add(u);
            c = load(end + dx).sub(mean).fma(u, c);
        }
        a.add(b).intoArray(to, 0);
        c.add(d).intoArray(to, L);
    }

    /// `y = a (x - mean) + d`.
    private static void affine(long x, long y, float[] means, float[] a, float[] d, int c, int n) {
        FloatVector m = FloatVector.fromArray(S, means, c);
        FloatVector va = FloatVector.fromArray(S, a, c);
        FloatVector vd = FloatVector.fromArray(S, d, c);
        long dy = y - x;
        for (long p = x, end = x + (long) n * BYTES; p < end; p += BYTES) {
            load(p).sub(m).fma(va, vd).intoMemorySegment(Mem.ALL, p + dy, ORDER);
        }
    }

    /// `y = a g + b (x - mean) + d`.
    private static void affine(long g, long x, long y, float[] means, float[] a, float[] b, float[] d, int c, int n) {
        FloatVector m = FloatVector.fromArray(S, means, c);
        FloatVector va = FloatVector.fromArray(S, a, c);
        FloatVector vb = FloatVector.fromArray(S, b, c);
        FloatVector vd = FloatVector.fromArray(S, d, c);
        long dx = x - g;
        long dy = y - g;
        for (long p = g, end = g + (long) n * BYTES; p < end; p += BYTES) {
            FloatVector r = load(p + dx).sub(m).fma(vb, vd);
            load(p).fma(va, r).intoMemorySegment(Mem.ALL, p + dy, ORDER);
        }
    }
}
