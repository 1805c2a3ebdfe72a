package dev.tenon.backend.cpu.conv;

import static dev.tenon.backend.cpu.conv.WinogradTransforms.LANES;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// [Winograd]'s convolution of images in blocks of channels, which need no turning: tiles are read and written as
/// images lie.
public final class BlockedWinograd implements BlockedConvolution {
    private final Winograd winograd;
    private final Weights weights;
    private final boolean kept;
    private final int points;
    private final boolean rectified;

    private BlockedWinograd(ConvShape s, Task t, boolean kept, WorkerPool pool) {
        this.winograd = t.data() ? Winograd.backwardData(s, pool) : Winograd.forward(s, pool);
        this.weights = new Weights(winograd.weights(), pool);
        this.kept = kept;
        this.points = t.data() ? s.inVolume() : s.outVolume();
        this.rectified = t.rectified();
    }

    /// The convolution, or null if it is none with windows of 3 x 3 that leaves out no point.
    ///
    /// @param kept whether the weights stay the same for many runs: they are a format then. Those of a single run are
    ///     transformed by the threads that multiply with them.
    public static @Nullable BlockedWinograd of(ConvShape s, Task t, boolean kept, WorkerPool pool) {
        boolean fits = Winograd.fits(s) && !t.plain() && s.c() % LANES == 0 && s.oc() % LANES == 0;
        return fits ? new BlockedWinograd(s, t, kept, pool) : null;
    }

    /// The windows transformed and, after them, as they were: for what is not finite.
    private record Weights(WinogradWeights transformed, WorkerPool pool) implements Format {
        @Override
        public long bytes() {
            return transformed.bytes() + transformed.windowBytes();
        }

        @Override
        public Kernel pack() {
            return new Kernel() {
                @Override
                public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                        @Nullable Operand workspace, Scalars scalars) {
                    long from = CpuMemory.address(in.getFirst());
                    long to = CpuMemory.address(out.getFirst());
                    transformed.transform(pool, from, to);
                    Mem.copy(from, to + transformed.bytes(), transformed.windowBytes());
                }
            };
        }

        @Override
        public Kernel unpack() {
            throw new UnsupportedOperationException("the weights of a convolution are packed for it alone");
        }
    }

    @Override
    public Optional<Format> weights() {
        return kept ? Optional.of(weights) : Optional.empty();
    }

    @Override
    public void run(long x, long w, long bias, long sum, long y, @Nullable After after) {
        BlockedEpilogue epilogue = new BlockedEpilogue(bias, sum, y, rectified, after);
        int blocks = weights.transformed.out() / LANES;
        long windows = kept ? w + weights.transformed.bytes() : w;
        winograd.run(x, windows, kept ? w : 0, y, true, (_, channel, channels, point, count) -> {
            for (int b = channel / LANES; b < (channel + channels) / LANES; b++) {
                long to = ((long) (point / points) * blocks + b) * points + point % points;
                epilogue.apply(b, to, to + count);
            }
        });
    }
}
