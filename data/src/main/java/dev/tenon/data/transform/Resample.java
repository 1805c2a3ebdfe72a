package dev.tenon.data.transform;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Resizing, by Pillow's rules: weights over the pixels that a new pixel covers (antialias) or touches, first along
/// rows and then along columns; bytes in 22-bit fixed point, rounded after each.
final class Resample {
    private static final int BITS = 22;

    private Resample() {
    }

    /// The weights by which the pixels of a line make those of another.
    ///
    /// @param first for each new pixel the first old one that counts
    /// @param weights for each new pixel the weights from there on
    private record Weights(int[] first, double[][] weights) {
        static Weights of(int from, int to, Interpolation kind, boolean antialias) {
            double scale = (double) from / to;
            double stretch = antialias ? Math.max(1, scale) : 1;
            double support = kind.support() * stretch;
            int[] first = new int[to];
            double[][] weights = new double[to][];
            for (int i = 0; i < to; i++) {
                double center = (i + 0.5) * scale;
                int low = Math.max(0, (int) (center - support + 0.5));
                int high = Math.min(from, (int) (center + support + 0.5));
                double[] w = new double[high - low];
                double sum = 0;
                for (int k = 0; k < w.length; k++) {
                    w[k] = kind.weight((low + k - center + 0.5) / stretch);
                    sum += w[k];
                }
                first[i] = low;
                weights[i] = w;
                for (int k = 0; k < w.length; k++) {
                    w[k] /= sum;
                }
            }
            return new Weights(first, weights);
        }
    }

    static Image resize(Image image, int height, int width, Interpolation kind, boolean antialias) {
        if (height == image.height && width == image.width) {
            return image;
        }
        if (kind == Interpolation.NEAREST) {
            return image.remapped(nearest(image.height, height), nearest(image.width, width), 0);
        }
        Image x = image;
        if (width != x.width) {
            x = rows(x, Weights.of(x.width, width, kind, antialias), width);
        }
        if (height != x.height) {
            x = columns(x, Weights.of(x.height, height, kind, antialias), height);
        }
        return x;
    }

    private static int[] nearest(int from, int to) {
        double scale = (double) from / to;
        return IntStream.range(0, to).map(i -> Math.min(from - 1, (int) ((i + 0.5) * scale))).toArray();
    }

    private static int[] fixed(double[] weights) {
        int[] out = new int[weights.length];
        for (int k = 0; k < out.length; k++) {
            out[k] = (int) (weights[k] * (1 << BITS) + (weights[k] < 0 ? -0.5 : 0.5));
        }
        return out;
    }

    private static byte clip(int sum) {
        return (byte) Math.clamp(sum >> BITS, 0, 255);
    }

    private static Image rows(Image image, Weights w, int width) {
        int lines = image.channels * image.height;
        int old = image.width;
        if (image.isBytes()) {
            byte[] in = image.bytes();
            byte[] out = new byte[lines * width];
            int[][] fixed = new int[width][];
            for (int x = 0; x < width; x++) {
                fixed[x] = fixed(w.weights[x]);
            }
            for (int y = 0; y < lines; y++) {
                for (int x = 0; x < width; x++) {
                    int[] k = fixed[x];
                    int from = y * old + w.first[x];
                    int sum = 1 << BITS - 1;
                    for (int i = 0; i < k.length; i++) {
                        sum += k[i] * (in[from + i] & 0xFF);
                    }
                    out[y * width + x] = clip(sum);
                }
            }
            return Image.of(image.channels, image.height, width, out);
        }
        float[] in = image.floats();
        float[] out = new float[lines * width];
        for (int y = 0; y < lines; y++) {
            for (int x = 0; x < width; x++) {
                double[] k = w.weights[x];
                int from = y * old + w.first[x];
                double sum = 0;
                for (int i = 0; i < k.length; i++) {
                    sum += k[i] * in[from + i];
                }
                out[y * width + x] = (float) sum;
            }
        }
        return Image.of(image.channels, image.height, width, out);
    }

    private static Image columns(Image image, Weights w, int height) {
        int width = image.width;
        if (image.isBytes()) {
            byte[] in = image.bytes();
            byte[] out = new byte[image.channels * height * width];
            int[] sums = new int[width];
            for (int c = 0; c < image.channels; c++) {
                for (int y = 0; y < height; y++) {
                    int[] k = fixed(w.weights[y]);
                    Arrays.fill(sums, 1 << BITS - 1);
                    for (int i = 0; i < k.length; i++) {
                        int from = (c * image.height + w.first[y] + i) * width;
                        for (int x = 0; x < width; x++) {
                            sums[x] += k[i] * (in[from + x] & 0xFF);
                        }
                    }
                    int to = (c * height + y) * width;
                    for (int x = 0; x < width; x++) {
                        out[to + x] = clip(sums[x]);
                    }
                }
            }
            return Image.of(image.channels, height, width, out);
        }
        float[] in = image.floats();
        float[] out = new float[image.channels * height * width];
        for (int c = 0; c < image.channels; c++) {
            for (int y = 0; y < height; y++) {
                double[] k = w.weights[y];
                int to = (c * height + y) * width;
                for (int i = 0; i < k.length; i++) {
                    int from = (c * image.height + w.first[y] + i) * width;
                    float weight = (float) k[i];
                    for (int x = 0; x < width; x++) {
                        out[to + x] += weight * in[from + x];
                    }
                }
            }
        }
        return Image.of(image.channels, height, width, out);
    }
}
