package dev.tenon.backend.cpu.conv;

import java.util.ArrayList;
import java.util.List;

/// The input points whose positions have the same residue modulo the stride: they meet the same kernel elements.
///
/// @param first the first of them (d, h, w)
/// @param grid how many there are in d, h, w
/// @param taps the kernel elements they meet
/// @param offsets for each of these, from a point's place in the grid to the place of its output
record Residue(int[] first, int[] grid, List<Integer> taps, int[][] offsets) {

    static Residue of(ConvShape s, int[] first) {
        return of(s, first, s.stride());
    }

    /// The points at every `step`-th position from the first, multiples of the stride apart.
    static Residue of(ConvShape s, int[] first, int[] step) {
        int[] grid = new int[3];
        for (int i = 0; i < 3; i++) {
            grid[i] = (s.in()[i] - first[i] + step[i] - 1) / step[i];
        }
        List<int[]> offsets = new ArrayList<>();
        List<Integer> taps = new ArrayList<>();
        for (int t = s.taps() - 1; t >= 0; t--) { // backwards, so that offsets rise
            int[] k = {t / (s.kernel()[1] * s.kernel()[2]), t / s.kernel()[2] % s.kernel()[1], t % s.kernel()[2]};
            int[] o = new int[3];
            boolean meets = true;
            for (int i = 0; i < 3; i++) {
                int p = first[i] + s.pad()[i] - k[i] * s.dilation()[i];
                meets &= Math.floorMod(p, s.stride()[i]) == 0;
                o[i] = Math.floorDiv(p, s.stride()[i]);
            }
            if (meets) {
                offsets.add(o);
                taps.add(t);
            }
        }
        return new Residue(first, grid, taps, offsets.toArray(int[][]::new));
    }

    /// All classes of a convolution.
    static List<Residue> all(ConvShape s) {
        List<Residue> all = new ArrayList<>();
        int[] stride = s.stride();
        for (int z = 0; z < Math.min(stride[0], s.in()[0]); z++) {
            for (int y = 0; y < Math.min(stride[1], s.in()[1]); y++) {
                for (int x = 0; x < Math.min(stride[2], s.in()[2]); x++) {
                    all.add(of(s, new int[] {z, y, x}));
                }
            }
        }
        return all;
    }
}
