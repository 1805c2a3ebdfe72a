package dev.tenon.data.transform;

import dev.tenon.data.image.ImageFiles;
import java.util.function.IntUnaryOperator;

/// What changes colours, by the rules of Pillow's ImageEnhance and ImageOps.
final class Colors {
    private Colors() {
    }

    static void checkChannels(String transform, Image image) {
        if (image.channels != 1 && image.channels != 3) {
            throw new IllegalArgumentException(transform + ": got an image of " + image.channels
                + " channels; expected 1 (grey) or 3 (red, green, blue)");
        }
    }

    /// One plane of brightness: L = 0.299 R + 0.587 G + 0.114 B.
    static float[] grey(Image image) {
        int n = image.height * image.width;
        float[] out = new float[n];
        float[] in = image.floats();
        for (int i = 0; i < n; i++) {
            out[i] = image.channels == 1 ? in[i]
                : image.isBytes() ? ImageFiles.luma((int) in[i], (int) in[n + i], (int) in[2 * n + i])
                : 0.299f * in[i] + 0.587f * in[n + i] + 0.114f * in[2 * n + i];
        }
        return out;
    }

    /// From the other image (factor 0) to this (1) and beyond.
    ///
    /// @param other one value, one plane, or as many values as the image
    private static Image blend(Image image, float[] other, double factor) {
        float f = (float) factor;
        float[] in = image.floats();
        float[] out = new float[in.length];
        // where the other image has one value or one plane, it serves every channel
        int step = other.length == 1 ? 0 : 1;
        int again = other.length == in.length ? 0 : image.height * image.width * step;
        int plane = image.height * image.width;
        for (int c = 0; c < image.channels; c++) {
            for (int i = c * plane, at = i * step - c * again; i < (c + 1) * plane; i++, at += step) {
                float o = other[at];
                out[i] = o + f * (in[i] - o);
            }
        }
        return image.truncated(out);
    }

    static Image brightness(Image image, double factor) {
        return blend(image, new float[] {0}, factor);
    }

    static Image contrast(Image image, double factor) {
        double sum = 0;
        float[] grey = grey(image);
        for (float g : grey) {
            sum += g;
        }
        double mean = sum / grey.length;
        return blend(image, new float[] {image.isBytes() ? (int) (mean + 0.5) : (float) mean}, factor);
    }

    static Image saturation(Image image, double factor) {
        return blend(image, grey(image), factor);
    }

    /// Blends with a smoothed image (3 x 3, the middle five times the others' weight; the border as it is).
    static Image sharpness(Image image, double factor) {
        float[] in = image.floats();
        float[] smooth = in.clone();
        int w = image.width;
        for (int c = 0; c < image.channels; c++) {
            for (int y = 1; y < image.height - 1; y++) {
                for (int x = 1; x < w - 1; x++) {
                    int at = (c * image.height + y) * w + x;
                    float sum = 4 * in[at];
                    for (int dy = -w; dy <= w; dy += w) {
                        sum += in[at + dy - 1] + in[at + dy] + in[at + dy + 1];
                    }
                    smooth[at] = image.isBytes() ? (int) (sum / 13 + 0.5f) : sum / 13;
                }
            }
        }
        return blend(image, smooth, factor);
    }

    /// Turns the hue by a share of the circle; grey images have none.
    static Image hue(Image image, double turn) {
        if (image.channels == 1) {
            return image;
        }
        int n = image.height * image.width;
        float[] in = image.floats();
        float[] out = new float[3 * n];
        for (int i = 0; i < n; i++) {
            float r = in[i];
            float g = in[n + i];
            float b = in[2 * n + i];
            float value = Math.max(r, Math.max(g, b));
            float chroma = value - Math.min(r, Math.min(g, b));
            double sixth = chroma == 0 ? 0 : value == r ? (g - b) / chroma : value == g ? 2 + (b - r) / chroma
                : 4 + (r - g) / chroma;
            sixth += 6 * turn;
            out[i] = channel(5 + sixth, value, chroma);
            out[n + i] = channel(3 + sixth, value, chroma);
            out[2 * n + i] = channel(1 + sixth, value, chroma);
        }
        return image.with(3, image.height, image.width, out);
    }

    private static float channel(double at, float value, float chroma) {
        double k = at - 6 * Math.floor(at / 6);
        return (float) (value - chroma * Math.max(0, Math.min(1, Math.min(k, 4 - k))));
    }

    /// Every byte by a table.
    private static Image lookUp(Image image, int channel, byte[] out, IntUnaryOperator table) {
        byte[] values = new byte[256];
        for (int v = 0; v < 256; v++) {
            values[v] = (byte) table.applyAsInt(v);
        }
        int plane = image.height * image.width;
        byte[] in = image.bytes();
        for (int i = channel * plane; i < (channel + 1) * plane; i++) {
            out[i] = values[in[i] & 0xFF];
        }
        return Image.of(image.channels, image.height, image.width, out);
    }

    private static Image lookUp(Image image, IntUnaryOperator table) {
        byte[] out = new byte[image.bytes().length];
        Image result = image;
        for (int c = 0; c < image.channels; c++) {
            result = lookUp(image, c, out, table);
        }
        return result;
    }

    static Image posterize(Image image, int bits) {
        int mask = 0xFF << 8 - bits & 0xFF;
        return lookUp(image, v -> v & mask);
    }

    static Image solarize(Image image, double threshold) {
        return lookUp(image, v -> v < threshold ? v : 255 - v);
    }

    private static int[] histogram(Image image, int channel) {
        int plane = image.height * image.width;
        int[] counts = new int[256];
        byte[] in = image.bytes();
        for (int i = channel * plane; i < (channel + 1) * plane; i++) {
            counts[in[i] & 0xFF]++;
        }
        return counts;
    }

    /// Each channel stretched so that its darkest value becomes 0 and its brightest 255.
    static Image autoContrast(Image image) {
        byte[] out = new byte[image.bytes().length];
        Image result = image;
        for (int c = 0; c < image.channels; c++) {
            int[] counts = histogram(image, c);
            int low = 0;
            int high = 255;
            while (low < 255 && counts[low] == 0) {
                low++;
            }
            while (high > 0 && counts[high] == 0) {
                high--;
            }
            double scale = high > low ? 255.0 / (high - low) : 1;
            double offset = high > low ? -low * scale : 0;
            result = lookUp(image, c, out, v -> Math.clamp((int) (v * scale + offset), 0, 255));
        }
        return result;
    }

    /// Each channel's values spread so that all are about as frequent.
    static Image equalize(Image image) {
        byte[] out = new byte[image.bytes().length];
        Image result = image;
        for (int c = 0; c < image.channels; c++) {
            int[] counts = histogram(image, c);
            int last = 255;
            while (last > 0 && counts[last] == 0) {
                last--;
            }
            int step = (image.height * image.width - counts[last]) / 255;
            int[] table = new int[256];
            int n = step / 2;
            for (int v = 0; v < 256; v++) {
                table[v] = step == 0 ? v : Math.min(255, n / step);
                n += counts[v];
            }
            result = lookUp(image, c, out, v -> table[v]);
        }
        return result;
    }
}
