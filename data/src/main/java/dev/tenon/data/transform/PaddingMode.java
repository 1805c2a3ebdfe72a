package dev.tenon.data.transform;

/// What is put around an image.
public enum PaddingMode {
    /// A constant value.
    CONSTANT,
    /// The outermost pixel, repeated.
    EDGE,
    /// The image mirrored at its outermost pixel, which is not repeated: 3 2 | 1 2 3 | 2 1.
    REFLECT,
    /// The image mirrored at its edge: 2 1 | 1 2 3 | 3 2.
    SYMMETRIC;

    /// The pixel that stands at place i of a line of n, which may lie outside; -1 for the constant.
    int place(int i, int n) {
        if (i >= 0 && i < n) {
            return i;
        }
        return switch (this) {
            case CONSTANT -> -1;
            case EDGE -> i < 0 ? 0 : n - 1;
            case REFLECT -> {
                int period = Math.max(1, 2 * (n - 1));
                int at = Math.floorMod(i, period);
                yield at < n ? at : period - at;
            }
            case SYMMETRIC -> {
                int at = Math.floorMod(i, 2 * n);
                yield at < n ? at : 2 * n - 1 - at;
            }
        };
    }
}
