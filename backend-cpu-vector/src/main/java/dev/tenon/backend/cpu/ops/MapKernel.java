package dev.tenon.backend.cpu.ops;

import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cpu.CpuMemory;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Elementwise ops.
final class MapKernel implements Kernel {
    /// Steps of a program times elements below which a second thread costs more than it saves.
    private static final long PARALLEL_WORK = 1 << 16;

    private final WorkerPool pool;
    private final Plan plan;
    private final long elements;
    private final long unit;
    private final long grain;

    MapKernel(Blocks blocks, WorkerPool pool, Lambda body, List<TensorType> in, List<TensorType> out) {
        this.pool = pool;
        TensorType first = out.getFirst();
        long[] dims = first.shape().toArray();
        plan = new Plan(blocks, body, dims, order(first), in, out);
        elements = first.elements();
        unit = plan.shortRows ? plan.block : Plan.BLOCK;
        long steps = plan.program.code.length + plan.program.loads.size() + 1L;
        grain = Math.max(1, PARALLEL_WORK / 2 / (steps * unit));
    }

    /// The axes in the order of an output's strides, so that memory is written in order.
    static int[] order(TensorType t) {
        int[] order = Plan.identity(t.rank());
        if (t.isContiguous()) {
            return order;
        }
        long[] strides = t.strides();
        for (int i = 1; i < order.length; i++) {
            for (int j = i; j > 0 && Math.abs(strides[order[j]]) > Math.abs(strides[order[j - 1]]); j--) {
                int o = order[j];
                order[j] = order[j - 1];
                order[j - 1] = o;
            }
        }
        return order;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        run(CpuMemory.addresses(in, out), scalars);
    }

    /// Ready to run, part by part, over operands and outputs at the given addresses. Where the outputs are contiguous,
    /// elements have their row-major numbers.
    Frame open(long[] addresses, Scalars scalars) {
        return plan.open(addresses, scalars);
    }

    /// Runs over operands and outputs at the given addresses.
    void run(long[] addresses, Scalars scalars) {
        long units = (elements + unit - 1) / unit;
        if (units <= grain) {
            if (elements > 0) {
                plan.open(addresses, scalars).run(0, elements);
            }
            return;
        }
        pool.parallelFor(units, grain, (from, to) -> plan.open(addresses, scalars)
                .run(from * unit, Math.min(elements, to * unit)));
    }
}
