package dev.tenon.data.transform;

/// Rotations, shears and perspectives: each pixel of the result is looked up where it came from. Coordinates run from
/// the upper left corner, so that the middle of the first pixel is at (0.5, 0.5), as in Pillow.
final class Warp {
    private static final double TINY = 1e-12;

    private Warp() {
    }

    /// Where a rotated, scaled, sheared and moved image's pixels come from: the inverse of
    /// move(center + translation) rotate scale shear move(-center), as torchvision composes it.
    ///
    /// @param angle clockwise, in degrees
    /// @param shearX in degrees
    /// @param shearY in degrees
    /// @return six numbers a, b, c, d, e, f: x' = a x + b y + c, y' = d x + e y + f
    static double[] inverseAffine(double centerX, double centerY, double angle, double moveX, double moveY,
            double scale, double shearX, double shearY) {
        double rotation = Math.toRadians(angle);
        double sx = Math.toRadians(shearX);
        double sy = Math.toRadians(shearY);
        double a = StrictMath.cos(rotation - sy) / StrictMath.cos(sy);
        double b = -a * StrictMath.tan(sx) - StrictMath.sin(rotation);
        double c = StrictMath.sin(rotation - sy) / StrictMath.cos(sy);
        double d = -c * StrictMath.tan(sx) + StrictMath.cos(rotation);
        double x = -centerX - moveX;
        double y = -centerY - moveY;
        return new double[] {d / scale, -b / scale, (d * x - b * y) / scale + centerX,
            -c / scale, a / scale, (-c * x + a * y) / scale + centerY};
    }

    static Image affine(Image image, double[] m, Interpolation kind, double fill) {
        return transform(image, new double[] {m[0], m[1], m[2], m[3], m[4], m[5], 0, 0}, kind, fill);
    }

    /// @param m x' = (m0 x + m1 y + m2) / (m6 x + m7 y + 1), y' = (m3 x + m4 y + m5) / (m6 x + m7 y + 1)
    static Image transform(Image image, double[] m, Interpolation kind, double fill) {
        int height = image.height;
        int width = image.width;
        int plane = height * width;
        float[] in = image.floats();
        float[] out = new float[in.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double px = x + 0.5;
                double py = y + 0.5;
                double w = m[6] * px + m[7] * py + 1;
                double fromX = (m[0] * px + m[1] * py + m[2]) / w;
                double fromY = (m[3] * px + m[4] * py + m[5]) / w;
                boolean inside = fromX >= 0 && fromX < width && fromY >= 0 && fromY < height;
                int at = y * width + x;
                for (int c = 0; c < image.channels; c++, at += plane) {
                    out[at] = !inside ? (float) fill
                        : kind == Interpolation.NEAREST ? in[c * plane + (int) fromY * width + (int) fromX]
                        : bilinear(in, c * plane, height, width, fromY - 0.5, fromX - 0.5);
                }
            }
        }
        return image.with(image.channels, height, width, out);
    }

    private static float bilinear(float[] in, int offset, int height, int width, double y, double x) {
        int x0 = (int) Math.floor(x);
        int y0 = (int) Math.floor(y);
        double dx = x - x0;
        double dy = y - y0;
        int left = Math.max(x0, 0);
        int right = Math.min(x0 + 1, width - 1);
        int top = offset + Math.max(y0, 0) * width;
        int bottom = offset + Math.min(y0 + 1, height - 1) * width;
        double above = in[top + left] + (in[top + right] - in[top + left]) * dx;
        double below = in[bottom + left] + (in[bottom + right] - in[bottom + left]) * dx;
        return (float) (above + (below - above) * dy);
    }

    /// The eight numbers of the perspective that takes each of four points to another, by elimination.
    ///
    /// @param from x and y of four points
    /// @param to where they go
    static double[] perspective(double[][] from, double[][] to) {
        double[][] a = new double[8][9];
        for (int i = 0; i < 4; i++) {
            double x = from[i][0];
            double y = from[i][1];
            double u = to[i][0];
            double v = to[i][1];
            a[2 * i] = new double[] {x, y, 1, 0, 0, 0, -u * x, -u * y, u};
            a[2 * i + 1] = new double[] {0, 0, 0, x, y, 1, -v * x, -v * y, v};
        }
        for (int k = 0; k < 8; k++) {
            int best = k;
            for (int r = k + 1; r < 8; r++) {
                best = Math.abs(a[r][k]) > Math.abs(a[best][k]) ? r : best;
            }
            double[] swap = a[k];
            a[k] = a[best];
            a[best] = swap;
            if (Math.abs(a[k][k]) < TINY) {
                throw new IllegalArgumentException("perspective: three of the four points lie on a line");
            }
            for (int r = 0; r < 8; r++) {
                double f = r == k ? 0 : a[r][k] / a[k][k];
                for (int c = k; f != 0 && c < 9; c++) {
                    a[r][c] -= f * a[k][c];
                }
            }
        }
        double[] out = new double[8];
        for (int k = 0; k < 8; k++) {
            out[k] = a[k][8] / a[k][k];
        }
        return out;
    }
}
