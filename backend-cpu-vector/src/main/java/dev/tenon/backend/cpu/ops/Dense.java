package dev.tenon.backend.cpu.ops;

import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A kernel for contiguous operands and results, around which others are copied to and from scratch memory.
final class Dense implements Kernel {
    /// The computation on contiguous memory.
    interface Body {
        /// Runs with the addresses of the inputs, then of the outputs.
        void run(long[] at);

        /// As [#run(long[])], with the numbers of this run, for ops that take some.
        default void run(long[] at, Scalars scalars) {
            run(at);
        }
    }

    private record Copy(int operand, long offset, CopyKernel kernel) {}

    private final Body body;
    private final List<Copy> before = new ArrayList<>();
    private final List<Copy> after = new ArrayList<>();
    private final long bytes;

    Dense(Blocks blocks, WorkerPool pool, List<TensorType> in, List<TensorType> out, Body body) {
        this.body = body;
        long offset = 0;
        for (int i = 0; i < in.size() + out.size(); i++) {
            boolean input = i < in.size();
            TensorType t = input ? in.get(i) : out.get(i - in.size());
            if (t.isContiguous()) {
                continue;
            }
            TensorType dense = t.withDType(t.dtype());
            TensorType from = input ? t : dense;
            TensorType to = input ? dense : t;
            (input ? before : after).add(new Copy(i, offset, new CopyKernel(blocks, pool, from, to)));
            offset += t.elements() * t.dtype().bytes() + 63 & -64;
        }
        bytes = offset;
    }

    @Override
    public long workspaceBytes() {
        return bytes;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] at = CpuMemory.addresses(in, out);
        if (workspace == null) {
            body.run(at, scalars);
            return;
        }
        long scratch = CpuMemory.address(workspace);
        long[] dense = at.clone();
        for (Copy c : before) {
            dense[c.operand] = scratch + c.offset;
            c.kernel.run(at[c.operand], dense[c.operand]);
        }
        for (Copy c : after) {
            dense[c.operand] = scratch + c.offset;
        }
        body.run(dense, scalars);
        for (Copy c : after) {
            c.kernel.run(dense[c.operand], at[c.operand]);
        }
    }
}
