package dev.tenon.backend.cpu.conv;

/// The sizes of a convolution: `[n, c, d, h, w] * [oc, c / groups, kd, kh, kw] -> [n, oc, od, oh, ow]`, all contiguous.
///
/// One and two dimensions are three with the outer ones 1 (stride and dilation 1, padding 0). Arrays are (d, h, w);
/// only the padding before
/// the input is given: how much follows shows in the output's sizes.
///
/// @param n images
/// @param c channels in
/// @param in input sizes
/// @param oc channels out
/// @param kernel kernel sizes
/// @param out output sizes
/// @param stride steps of the kernel
/// @param pad zeros before the input
/// @param dilation distances of kernel elements
/// @param groups groups of channels
public record ConvShape(
        int n, int c, int[] in, int oc, int[] kernel, int[] out, int[] stride, int[] pad, int[] dilation, int groups) {

    public int inVolume() {
        return in[0] * in[1] * in[2];
    }

    public int outVolume() {
        return out[0] * out[1] * out[2];
    }

    public int taps() {
        return kernel[0] * kernel[1] * kernel[2];
    }

    public int groupIn() {
        return c / groups;
    }

    public int groupOut() {
        return oc / groups;
    }
}
