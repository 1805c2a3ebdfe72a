package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.MatMulOp;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// A matrix product by a library, and after it, where the library does not know the epilogue, a kernel of ours that
/// reads the product from scratch memory in the kind of arithmetic.
final class MatMulKernel implements Kernel {
    /// What the pool and most views give.
    private static final int ALIGNED = 16;

    private final CudaContext context;
    private final MatMulForm form;
    private final Product aligned;
    private final Product unaligned;
    private final @Nullable Kernel after;
    private final long productBytes;

    private record Place(DeviceMemory memory, long byteOffset) implements Operand {}

    private MatMulKernel(CudaContext context, MatMulForm form, Product aligned, Product unaligned,
            @Nullable Kernel after) {
        this.context = context;
        this.form = form;
        this.aligned = aligned;
        this.unaligned = unaligned;
        this.after = after;
        this.productBytes = after == null ? 0
                : form.batch() * form.m() * form.n() * form.result().bytes() + 255 & -256;
    }

    /// The kernel for an op, or empty if the library does not know it or would not make it faster.
    ///
    /// @param map makes the kernel of the epilogue
    static Optional<Kernel> of(CudaContext context, Product.Library lt, MatMulOp op, List<TensorType> in,
            List<TensorType> out, BiFunction<MapOp, List<TensorType>, Kernel> map) {
        Optional<MatMulForm> form = MatMulForm.of(op, in, out).filter(MatMulForm::isWorthwhile);
        if (form.isEmpty()) {
            return Optional.empty();
        }
        MatMulForm f = form.get();
        Optional<Product> aligned = context.get(() -> "planning matmul", () -> lt.plan(f, ALIGNED));
        Optional<Product> unaligned = context.get(() -> "planning matmul", () -> lt.plan(f, f.dtype().bytes()));
        if (aligned.isEmpty() || unaligned.isEmpty()) {
            return Optional.empty();
        }
        Kernel after = null;
        if (f.ownEpilogue()) {
            Lambda body = op.epilogue().orElseThrow();
            List<TensorType> operands = new ArrayList<>(List.of(
                    TensorType.of(f.result(), out.getFirst().shape())));
            operands.addAll(in.subList(2, in.size()));
            after = map.apply(new MapOp("matmul", body, out.getFirst().shape(), op.scalars()), operands);
        }
        return Optional.of(new MatMulKernel(context, f, aligned.get(), unaligned.get(), after));
    }

    @Override
    public long workspaceBytes() {
        return productBytes + Math.max(aligned.workspaceBytes(), unaligned.workspaceBytes())
                + (after == null ? 0 : after.workspaceBytes());
    }

    private static long address(Operand o) {
        return CudaMemory.of(o.memory()).address() + o.byteOffset();
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        CudaStream s = CudaStream.of(stream);
        Recording recording = s.recording();
        boolean preparing = recording != null && recording.isPreparing();
        if (!preparing) {
            multiply(s, in, out, workspace);
        }
        if (after != null) {
            List<Operand> operands = new ArrayList<>();
            operands.add(scratch(workspace, 0));
            operands.addAll(in.subList(2, in.size()));
            after.run(stream, operands, out, workspace, scalars);
        } else if (recording != null) {
            // One run of a kernel, without numbers, for the recording that counts them.
            if (preparing) {
                recording.prepare(List.of());
            } else {
                recording.next(List.of(), scalars);
            }
        }
    }

    private void multiply(CudaStream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace) {
        long left = address(in.get(0));
        long right = address(in.get(1));
        long bias = form.epilogue().hasBias() ? address(in.get(2)) : 0;
        long result = after == null ? address(out.getFirst()) : address(scratch(workspace, 0));
        Product plan = (left | right | bias | result) % ALIGNED == 0 ? aligned : unaligned;
        long scratch = plan.workspaceBytes() == 0 ? 0 : address(scratch(workspace, productBytes));
        context.launch("matmul", stream,
                () -> plan.run(stream.handle().address(), left, right, bias, result, scratch));
    }

    private Place scratch(@Nullable Operand workspace, long offset) {
        if (workspace == null) {
            throw new BackendException(context.device() + ": matmul: needs scratch memory and was given none");
        }
        return new Place(workspace.memory(), workspace.byteOffset() + offset);
    }
}
