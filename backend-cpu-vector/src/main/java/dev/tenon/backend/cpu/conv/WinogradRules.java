package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Use;
import dev.tenon.backend.cpu.WorkerPool;
import org.jspecify.annotations.Nullable;

/// When convolutions go by [Winograd]: a fixed table of what measurements said, so that a program gives the same bits
/// in every run. `-Dtenon.cpu.winograd` says `auto` (the default) for these, `true` for all that it can do, `false` for
/// none. `docs/performance.md` has the measurements.
public final class WinogradRules {
    private static final String SWITCH = "tenon.cpu.winograd";
    /// Channels in and out, at least: the transforms of tiles have to be paid for by products.
    private static final int CHANNELS = 32;
    /// Tiles, at least: so have those of weights.
    private static final int TILES = 96;
    /// Weights of so many channels in and out are read from memory for each strip.
    private static final int MANY = 512;

    private WinogradRules() {}

    /// The convolution, or its gradient of the input, or null if it is to be computed in another way.
    ///
    /// @param data whether it is the gradient
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable Winograd convolution(ConvShape s, boolean data, boolean free, WorkerPool pool) {
        Use use = Use.of(SWITCH);
        if (use == Use.FALSE || !Winograd.fits(s) || use == Use.AUTO && !(free && wins(s, data))) {
            return null;
        }
        return data ? Winograd.backwardData(s, pool) : Winograd.forward(s, pool);
    }

    /// The same of images in blocks of channels, which it reads as they lie.
    ///
    /// @param kept whether the weights stay the same from run to run, so that they are transformed but once
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable BlockedConvolution blocked(ConvShape s, BlockedConvolution.Task t, boolean kept,
            boolean free, WorkerPool pool) {
        Use use = Use.of(SWITCH);
        boolean wanted = use == Use.TRUE || use == Use.AUTO && free && (kept ? winsOnce(s) : wins(s, t.data()));
        return wanted ? BlockedWinograd.of(s, t, pool) : null;
    }

    private static boolean winsOnce(ConvShape s) {
        return Math.min(s.c(), s.oc()) >= CHANNELS;
    }

    private static boolean wins(ConvShape s, boolean data) {
        int[] size = data ? s.in() : s.out();
        long tiles = (long) s.n() * ((size[1] + 1) / 2) * ((size[2] + 1) / 2);
        return Math.min(s.c(), s.oc()) >= CHANNELS && Math.max(s.c(), s.oc()) < MANY && tiles >= TILES;
    }
}
