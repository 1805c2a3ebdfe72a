package dev.tenon.nn.layer;

import dev.tenon.nn.functional.ConvOptions;

/// A convolution over three axes: `[n, in, depth, height, width]` to `[n, out, ...]`, with or without n. Weight
/// and bias start uniform within ± 1 / √(in / groups · window).
public final class Conv3d extends ConvLayer {
    /// A convolution with stride 1 and a bias, without padding.
    public Conv3d(long inChannels, long outChannels, int kernelSize) {
        this(inChannels, outChannels, kernelSize, new ConvOptions());
    }

    /// A convolution with a bias.
    public Conv3d(long inChannels, long outChannels, int kernelSize, int stride, int padding) {
        this(inChannels, outChannels, kernelSize, new ConvOptions().stride(stride).padding(padding));
    }

    /// A convolution with a bias.
    public Conv3d(long inChannels, long outChannels, int kernelSize, ConvOptions options) {
        this(inChannels, outChannels, new int[] {kernelSize}, true, options);
    }

    /// A convolution.
    ///
    /// @param kernelSize the window's extents: one number for all spatial axes or one for each
    public Conv3d(long inChannels, long outChannels, int[] kernelSize, boolean bias, ConvOptions options) {
        super(3, inChannels, outChannels, kernelSize, bias, options);
    }
}
