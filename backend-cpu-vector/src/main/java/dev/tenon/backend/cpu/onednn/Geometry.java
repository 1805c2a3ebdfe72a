package dev.tenon.backend.cpu.onednn;

import dev.tenon.backend.cpu.conv.ConvShape;

/// How the windows of a convolution lie, as oneDNN wants it told: for each of its axes.
///
/// @param stride the steps of the kernel
/// @param dilation the gaps between its elements
/// @param low zeros before the input
/// @param high zeros after it
record Geometry(long[] stride, long[] dilation, long[] low, long[] high) {
    /// Of the axes from `first` on.
    static Geometry of(ConvShape s, int first) {
        int n = 3 - first;
        Geometry g = new Geometry(new long[n], new long[n], new long[n], new long[n]);
        for (int i = 0; i < n; i++) {
            int a = first + i;
            g.stride[i] = s.stride()[a];
            g.dilation[i] = s.dilation()[a] - 1;
            g.low[i] = s.pad()[a];
            g.high[i] = (s.out()[a] - 1) * g.stride[i] + (s.kernel()[a] - 1L) * s.dilation()[a] + 1 - s.in()[a]
                    - g.low[i];
        }
        return g;
    }
}
