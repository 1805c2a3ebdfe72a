package dev.tenon.backend.cpu.conv;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.Mem;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where the maxima of windows are, as [BlockedMaxPool] tells it: half the memory of the positions in planes that they
/// stand for.
///
/// @param shape of the pooling
/// @param pool who copies
public record Places(ConvShape shape, WorkerPool pool) implements Format {
    private static final int BYTES = 4;

    @Override
    public long bytes() {
        return (long) shape.n() * shape.c() * shape.outVolume() * BYTES;
    }

    @Override
    public Kernel pack() {
        throw new UnsupportedOperationException("places in windows come from a pooling of images in blocks alone");
    }

    @Override
    public Kernel unpack() {
        return new Kernel() {
            @Override
            public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                    @Nullable Operand workspace, Scalars scalars) {
                long places = CpuMemory.address(in.getFirst());
                long positions = CpuMemory.address(out.getFirst());
                pool.parallelFor((long) shape.n() * shape.c(), 1, (from, to) -> {
                    for (long p = from; p < to; p++) {
                        plane(places, positions, p);
                    }
                });
            }
        };
    }

    private void plane(long places, long positions, long plane) {
        int lanes = BlockedMaxPool.BLOCK;
        int volume = shape.outVolume();
        long from = places + (plane / lanes * volume * lanes + plane % lanes) * BYTES;
        long to = positions + plane * volume * Long.BYTES;
        int width = shape.kernel()[2];
        for (int o = 0; o < volume; o++) {
            int place = (int) Mem.getFloat(from + (long) o * lanes * BYTES);
            int row = o / shape.out()[2] * shape.stride()[1] - shape.pad()[1] + place / width * shape.dilation()[1];
            int col = o % shape.out()[2] * shape.stride()[2] - shape.pad()[2] + place % width * shape.dilation()[2];
            Mem.putLong(to + (long) o * Long.BYTES, place < 0 ? -1 : (long) row * shape.in()[2] + col);
        }
    }
}
