package dev.tenon.data.transform;

/// How values between pixels are found.
public enum Interpolation {
    /// The nearest pixel's.
    NEAREST(0),
    /// Linear in both directions.
    BILINEAR(1),
    /// Cubic convolution with a = -0.5 in both directions (Keys 1981).
    BICUBIC(2);

    private static final double A = -0.5;

    private final int support;

    Interpolation(int support) {
        this.support = support;
    }

    /// How far, in pixels, a pixel has influence.
    int support() {
        return support;
    }

    /// The weight of a pixel at a distance.
    double weight(double distance) {
        double x = Math.abs(distance);
        return switch (this) {
            case NEAREST -> throw new IllegalStateException("nearest has no weights");
            case BILINEAR -> Math.max(0, 1 - x);
            case BICUBIC -> x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
                : x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
        };
    }
}
