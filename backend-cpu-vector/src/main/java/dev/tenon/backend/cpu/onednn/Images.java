package dev.tenon.backend.cpu.onednn;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Format;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Images of floats with their channels in blocks: `[n, c / block, h, w, block]`. Blocks are whole, so that all that
/// is elementwise may go over the memory as it lies.
///
/// @param n images
/// @param c channels, a multiple of the block
/// @param h height
/// @param w width
/// @param block 8 or 16, as vectors are long
/// @param pool who copies
public record Images(long n, long c, long h, long w, int block, WorkerPool pool) implements Format {
    private static final int BYTES = 4;

    /// One block of channels of one image: dense in both layouts.
    private record Copy(Primitive primitive, long count, long step, WorkerPool pool) implements Kernel {
        @Override
        public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
                @Nullable Operand workspace, Scalars scalars) {
            long from = CpuMemory.address(in.getFirst());
            long to = CpuMemory.address(out.getFirst());
            pool.parallelTasks((int) count, (i, ignored) -> primitive.run(from + i * step, to + i * step));
        }
    }

    @Override
    public long bytes() {
        return n * c * h * w * BYTES;
    }

    @Override
    public Kernel pack() {
        return copy(true);
    }

    @Override
    public Kernel unpack() {
        return copy(false);
    }

    private Kernel copy(boolean pack) {
        long slice = n >= pool.threads() ? c : block;
        long[] dims = {1, slice, h, w};
        long blocked = Dnnl.blocked(dims, block);
        long plain = Dnnl.layout(Dnnl.F32, dims, slice * h * w, h * w, w, 1);
        int before = Dnnl.alone();
        try {
            Primitive p = pack ? Primitive.copy(plain, blocked) : Primitive.copy(blocked, plain);
            return new Copy(p, n * (c / slice), slice * h * w * BYTES, pool);
        } finally {
            Dnnl.back(before);
            Dnnl.freeLayout(blocked);
            Dnnl.freeLayout(plain);
        }
    }
}
