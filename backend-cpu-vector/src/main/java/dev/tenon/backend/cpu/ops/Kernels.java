package dev.tenon.backend.cpu.ops;

import dev.tenon.api.DType;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.GatherOp;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.Lstm;
import dev.tenon.api.op.LstmBackward;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.ReduceOp;
import dev.tenon.api.op.ScanOp;
import dev.tenon.api.op.ScatterOp;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.SortOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.TopK;
import dev.tenon.api.spi.FormatRequest;
import dev.tenon.api.spi.FormattedKernel;
import dev.tenon.api.spi.Kernel;
import dev.tenon.backend.cpu.WorkerPool;
import dev.tenon.backend.cpu.block.Blocks;
import dev.tenon.backend.cpu.onednn.Rules;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Chooses the kernel for an op.
public final class Kernels {
    private final Blocks blocks;
    private final WorkerPool pool;
    private final Windowed windowed;
    private final NormKernels norms;
    private final @Nullable Formatted formatted;

    /// @param blocks where block functions come from
    /// @param pool the threads on which kernels run
    public Kernels(Blocks blocks, WorkerPool pool) {
        this.blocks = blocks;
        this.pool = pool;
        this.windowed = new Windowed(blocks, pool);
        this.norms = new NormKernels(blocks, pool);
        this.formatted = blocks.isVector() ? new Formatted(blocks, pool) : null;
    }

    /// A kernel for the op, or empty where there is none.
    public Optional<Kernel> prepare(Op op, List<TensorType> in, List<TensorType> out) {
        return switch (op) {
            case MapOp m when in.size() == 1 && m.body().isIdentity(in.getFirst().dtype())
                    && in.getFirst().shape().equals(out.getFirst().shape()) ->
                Optional.of(new CopyKernel(blocks, pool, in.getFirst(), out.getFirst()));
            case MapOp m -> Optional.of(new MapKernel(blocks, pool, m.body(), in, out));
            case CopyOp _ -> Optional.of(copy(in.getFirst(), out.getFirst()));
            case ReduceOp r -> Optional.of(new ReduceKernel(blocks, pool, r, in, out.getFirst()));
            case MatMulOp m -> product(m, in, out);
            case GatherOp g -> Optional.of(new GatherKernel(blocks, pool, g, in, out.getFirst()));
            case ScatterOp s -> Optional.of(new ScatterKernel(blocks, pool, s, in, out.getFirst()));
            case ScanOp s -> Optional.of(new ScanKernel(pool, s, in.getFirst(), out));
            case SortOp s -> Optional.of(new SortKernel(pool, s, in.getFirst(), out));
            case TopK t when TopKKernel.suits(t, in.getFirst()) ->
                Optional.of(new TopKKernel(blocks, pool, t, in.getFirst(), out));
            case Softmax s -> softmax(s.axis(), in, out, false);
            case LogSoftmax s -> softmax(s.axis(), in, out, true);
            case BatchNorm _, BatchNormBackward _, LayerNorm _, LayerNormBackward _ -> norms.prepare(op, in, out);
            case Attention _, AttentionBackward _ -> AttentionKernel.prepare(blocks, pool, op, in, out);
            case Lstm _, LstmBackward _ -> LstmKernel.prepare(blocks, pool, op, in, out);
            default -> in.isEmpty() ? Optional.empty() : windowed.prepare(op, in, out);
        };
    }

    /// Whether an op may take its operands in formats of this device.
    public boolean takesFormats(Op op, List<TensorType> in) {
        return formatted != null && Rules.carriesFormats() && formatted.takes(op, in);
    }

    /// A kernel that takes or gives formats of this device, or empty where there is none.
    public Optional<FormattedKernel> prepareFormatted(Op op, List<TensorType> in, List<TensorType> out,
            FormatRequest request) {
        return formatted != null && Rules.carriesFormats() ? formatted.prepare(op, in, out, request)
                : Optional.empty();
    }

    private Optional<Kernel> product(MatMulOp op, List<TensorType> in, List<TensorType> out) {
        Optional<Kernel> library = blocks.isVector() ? Rules.matmul(op, in, out, pool) : Optional.empty();
        return library.isPresent() ? library : Optional.of(new MatMulKernel(blocks, pool, op, in, out));
    }

    private Optional<Kernel> softmax(int axis, List<TensorType> in, List<TensorType> out, boolean log) {
        TensorType x = in.getFirst();
        boolean plain = x.dtype() == DType.F32 || x.dtype() == DType.F64;
        if (!plain || axis != x.rank() - 1 || x.elements() == 0) {
            return Optional.empty();
        }
        return Optional.of(new Dense(blocks, pool, in, out, new SoftmaxKernel(blocks, pool, x, log)));
    }

    private Kernel copy(TensorType from, TensorType to) {
        if (from.dtype() == to.dtype()) {
            return new CopyKernel(blocks, pool, from, to);
        }
        Lambda body = Lambda.of(Exprs.in(0, from.dtype(), to.dtype()), to.dtype());
        return new MapKernel(blocks, pool, body, List.of(from), List.of(to));
    }
}
