package dev.tenon.nn.layer;

import dev.tenon.nn.functional.ConvOptions;

/// A transposed convolution over three axes: `[n, in, depth, height, width]` to `[n, out, ...]`, with or without n. See
/// [ConvTransposeLayer] for extents. Weight and bias start uniform within ± 1 / √(out / groups · window).
public final class ConvTranspose3d extends ConvTransposeLayer {
    /// With stride 1 and a bias.
    public ConvTranspose3d(long inChannels, long outChannels, int kernelSize) {
        this(inChannels, outChannels, kernelSize, new ConvOptions());
    }

    /// With a bias.
    public ConvTranspose3d(
            long inChannels, long outChannels, int kernelSize, ConvOptions options, int... outputPadding) {
        this(inChannels, outChannels, new int[] {kernelSize}, true, options, outputPadding);
    }

    /// A transposed convolution.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    /// @param options stride, padding (which is cut off the result), dilation and groups
    /// @param outputPadding elements added at the high end of each spatial axis: none, one number or one for each
    public ConvTranspose3d(long inChannels, long outChannels, int[] kernelSize, boolean bias, ConvOptions options,
            int... outputPadding) {
        super(3, inChannels, outChannels, kernelSize, bias, options, outputPadding);
    }
}
