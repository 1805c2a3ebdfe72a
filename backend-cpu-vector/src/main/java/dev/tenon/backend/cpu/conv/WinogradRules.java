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

    /// Channels in and out together for each tile, at most, where weights are what is summed.
    private static final int CHANNELS_PER_TILE = 8;

    private WinogradRules() {}

    /// The convolution, or its gradient of the input, or null if it is to be computed in another way.
    ///
    /// @param data whether it is the gradient
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable Winograd convolution(ConvShape s, boolean data, boolean free, WorkerPool pool) {
        if (!wanted(s, free, wins(s, data))) {
            return null;
        }
        return data ? Winograd.backwardData(s, pool) : Winograd.forward(s, pool);
    }

    /// The gradient of the weights, or null if it is to be computed in another way.
    ///
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable WinogradBackwardWeights weights(ConvShape s, boolean free, WorkerPool pool) {
        return wanted(s, free, winsWeights(s)) ? new WinogradBackwardWeights(s, pool) : null;
    }

    private static boolean wanted(ConvShape s, boolean free, boolean wins) {
        Use use = Use.of(SWITCH);
        return Winograd.fits(s) && (use == Use.TRUE || use == Use.AUTO && free && wins);
    }

    /// The same of images in blocks of channels, which it reads as they lie.
    ///
    /// @param kept whether the weights stay the same from run to run, so that they are transformed once
    /// @param free whether `auto` may choose: not where another way is wanted
    public static @Nullable BlockedConvolution blocked(ConvShape s, BlockedConvolution.Task t, boolean kept,
            boolean free, WorkerPool pool) {
        return wanted(s, free, wins(s, t.data())) ? BlockedWinograd.of(s, t, kept, pool) : null;
    }

    private static boolean wins(ConvShape s, boolean data) {
        int[] size = data ? s.in() : s.out();
        int summed = data ? s.oc() : s.c();
        boolean tiled = size[1] > 1 && size[2] > 1; // results of one row leave half of each tile unused
        return tiled && summed >= SUMMED && pays(s) && !(data && FewChannels.fits(s));
    }

    private static boolean winsWeights(ConvShape s) {
        int[] size = s.out();
        long tiles = (long) s.n() * ((size[1] + 1) / 2) * ((size[2] + 1) / 2);
        boolean enough = CHANNELS_PER_TILE * tiles >= s.c() + s.oc(); // for all the sums that are transformed back
        return size[1] > 1 && size[2] > 1 && s.c() >= SUMMED / 2 && enough && pays(s);
    }

    private static boolean pays(ConvShape s) {
        long pairs = (long) s.c() * s.oc();
        return pairs >= PAIRS && s.n() * pairs * s.outVolume() * s.taps() >= LEAST_WORK;
    }
}
