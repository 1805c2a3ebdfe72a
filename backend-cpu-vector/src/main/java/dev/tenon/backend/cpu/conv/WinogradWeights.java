package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.WinogradTransforms.LANES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.PLACES;
import static dev.tenon.backend.cpu.conv.WinogradTransforms.POINT;

import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.gemm.Workspace;

/// Windows of 3 x 3 as [Winograd] multiplies with them: `[panel][place][channel in][2 * LANES]`, a panel being two
/// vectors of channels out; where their number is odd, a last panel is one. Lanes beyond the channels hold anything,
/// and so does what follows each place.
///
/// @param in channels that are summed over
/// @param out channels of the result
/// @param turned whether windows are turned by 180 degrees, and lie as `[in, out, 3, 3]`: for the gradient of the input
record WinogradWeights(int in, int out, boolean turned) {
    private static final int TAPS = 9;

    /// Blocks of channels in.
    int blocks() {
        return (in + LANES - 1) / LANES;
    }

    private int outBlocks() {
        return (out + LANES - 1) / LANES;
    }

    int panels() {
        return (outBlocks() + 1) / 2;
    }

    /// Whether a panel has two vectors.
    boolean wide(int panel) {
        return 2 * panel + 1 < outBlocks();
    }

    /// Where a panel starts, in bytes.
    long panel(int panel) {
        return panel * PLACES * WinogradTransforms.apart(2 * in * POINT);
    }

    /// Bytes from one place of a panel to the next.
    long place(int panel) {
        return WinogradTransforms.apart((wide(panel) ? 2 : 1) * in * POINT);
    }

    long bytes() {
        return panel(panels());
    }

    /// Transforms all panels.
    ///
    /// @param w the windows: `[out, in, 3, 3]`, or `[in, out, 3, 3]` if they are turned
    /// @param u where they go
    void transform(WorkerPool pool, long w, long u) {
        pool.parallelFor((long) outBlocks() * blocks(), 8, (from, to) -> blocks(w, from, to, u));
    }

    /// Transforms one panel.
    ///
    /// @param u where it goes
    void transform(int panel, long w, long u) {
        long first = 2L * panel * blocks();
        blocks(w, first, first + (wide(panel) ? 2 : 1) * blocks(), u - panel(panel));
    }

    /// Blocks of channels in of one vector of channels out after the other.
    private void blocks(long w, long from, long to, long u) {
        long taps = Workspace.get().memory(Workspace.BORDERED, TAPS * LANES * POINT);
        for (long i = from; i < to; i++) {
            block(w, (int) (i / blocks()), (int) (i % blocks()) * LANES, taps, u);
        }
    }

    /// A block of channels in, from `k` on, of a vector of channels out.
    private void block(long w, int vector, int k, long taps, long u) {
        int o = vector * LANES;
        int some = Math.min(LANES, out - o);
        int inner = Math.min(LANES, in - k);
        int panel = vector / 2;
        long row = wide(panel) ? 2 * POINT : POINT;
        long to = u + panel(panel) + k * row + vector % 2 * POINT;
        long end = w + (long) in * out * TAPS * 4;
        if (!turned) {
            WinogradTransforms.turn(w + ((long) o * in + k) * TAPS * 4, (long) in * TAPS * 4, some, inner * TAPS, taps);
        }
        for (int i = 0; i < inner; i++, to += row) {
            if (!turned) {
                WinogradTransforms.weights(taps + i * TAPS * POINT, POINT, to, place(panel));
                continue;
            }
            long from = w + ((long) (k + i) * out + o) * TAPS * 4;
            // Whole blocks are turned fastest: what follows nine taps comes along where there is any.
            int length = from + ((some - 1L) * TAPS + LANES) * 4 <= end ? Math.max(LANES, TAPS) : TAPS;
            WinogradTransforms.turn(from, TAPS * 4, some, length, taps);
            WinogradTransforms.weights(taps + (TAPS - 1) * POINT, -POINT, to, place(panel));
        }
    }
}
