package dev.tenon.backend.cpu.conv;

import dev.tenon.backend.cpu.Use;
import dev.tenon.backend.cpu.WorkerPool;
import org.jspecify.annotations.Nullable;

/// When convolutions go by [Winograd]: a fixed table of what measurements said, so that a program gives the same bits
/// in every run. `-Dtenon.cpu.winograd` says `auto` (the default) for these, `true` for all that it can do, `false` for
/// none. `docs/performance.md` has the measurements.
public final class WinogradRules {
    private static final String SWITCH = "tenon.cpu.winograd";
    /// Multiplications of the definition, at least.
    private static final long LEAST_WORK = 1_000_000;
    /// Channels that are summed over, at least: they fill vectors.
    private static final int SUMMED = 16;
    /// Pairs of channels in and out, at least: the transforms of tiles have to be paid for by products.
    private static final int PAIRS = 192;

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

    /// The same of images in blocks of channels, which it reads as they lie. By itself only with weights that are kept:
    /// in a captured step of ResNet-18 (4 images of 32 x 32) it is faster, but the loss after one step is 0.04 per cent
    /// off an eager step's, and why is not known.
    ///
    /// @param kept whether the weights stay the same from run to run, so that they are transformed once
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable BlockedConvolution blocked(ConvShape s, BlockedConvolution.Task t, boolean kept,
            boolean free, WorkerPool pool) {
        Use use = Use.of(SWITCH);
        boolean wanted = use == Use.TRUE || use == Use.AUTO && free && kept && wins(s, t.data());
        return wanted ? BlockedWinograd.of(s, t, kept, pool) : null;
    }

    private static boolean wins(ConvShape s, boolean data) {
        int[] size = data ? s.in() : s.out();
        int summed = data ? s.oc() : s.c();
        long pairs = (long) s.c() * s.oc();
        boolean tiled = size[1] > 1 && size[2] > 1; // results of one row leave half of each tile unused
        return tiled && summed >= SUMMED && pairs >= PAIRS && s.n() * pairs * s.outVolume() * s.taps() >= LEAST_WORK;
    }
}
