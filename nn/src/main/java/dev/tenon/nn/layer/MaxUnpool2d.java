package dev.tenon.nn.layer;

/// Puts the elements of a [MaxPool2d] back to where they came from, `[n, c, height, width]`, with or without n.
public final class MaxUnpool2d extends MaxUnpoolLayer {
    /// For windows side by side.
    public MaxUnpool2d(int kernelSize) {
        this(new int[] {kernelSize}, new int[] {kernelSize}, 0);
    }

    /// For windows that slid as given: one number for all spatial axes or one for each.
    public MaxUnpool2d(int[] kernelSize, int[] stride, int... padding) {
        super(2, kernelSize, stride, padding);
    }
}
