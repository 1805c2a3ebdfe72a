package dev.tenon.nn.layer;

/// Puts the elements of a [MaxPool1d] back to where they came from, `[n, c, length]`, with or without n.
public final class MaxUnpool1d extends MaxUnpoolLayer {
    /// For windows side by side.
    public MaxUnpool1d(int kernelSize) {
        this(new int[] {kernelSize}, new int[] {kernelSize}, 0);
    }

    /// For windows that slid as given: one number for all spatial axes or one for each.
    public MaxUnpool1d(int[] kernelSize, int[] stride, int... padding) {
        super(1, kernelSize, stride, padding);
    }
}
