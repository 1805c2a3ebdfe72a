package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.ConvolutionForm.Epilogue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An op by a library, and after it, where the library does not know a convolution's epilogue, a kernel of ours.
/// Operands that lie where the library does not take them are left to a kernel of ours altogether.
final class CudnnKernel implements Kernel {
    private final CudaContext context;
    private final String name;
    private final List<Integer> operands;
    private final LibraryPlan plan;
    private final @Nullable Kernel after;
    /// Where the library's result goes before the epilogue: 0 for the place of the kernel's result itself.
    private final long resultBytes;
    private final Own own;
    private @Nullable Kernel ours;

    private record Place(DeviceMemory memory, long byteOffset) implements Operand {}

    /// The kernel that does without the library, made when first needed.
    ///
    /// @param workspaceBytes the scratch memory that it will take
    record Own(long workspaceBytes, Supplier<Kernel> make) {}

    private CudnnKernel(CudaContext context, String name, LibraryForm form, LibraryPlan plan, @Nullable Kernel after,
            long resultBytes, Own own) {
        this.context = context;
        this.name = name;
        this.operands = form.operands();
        this.plan = plan;
        this.after = after;
        this.resultBytes = resultBytes;
        this.own = own;
    }

    /// The kernel for an op, or empty if the library does not know it.
    ///
    /// @param map makes the kernel of an epilogue
    static Optional<Kernel> of(CudaContext context, LibraryPlan.Library library, LibraryForm form, Op op,
            List<TensorType> in, List<TensorType> out, BiFunction<MapOp, List<TensorType>, Kernel> map, Own own) {
        String name = op.name();
        boolean whole = !(form instanceof ConvolutionForm c && c.epilogue() == Epilogue.OWN);
        Optional<LibraryPlan> plan = whole ? context.get(() -> "planning " + name, () -> library.plan(form))
                : Optional.empty();
        if (plan.isPresent()) {
            return Optional.of(new CudnnKernel(context, name, form, plan.get(), null, 0, own));
        }
        return form instanceof ConvolutionForm c && c.epilogue() != Epilogue.NONE
                ? parts(context, library, c.plain(), op, in, out, map, own) : Optional.empty();
    }

    /// A convolution by the library and its epilogue by a kernel of ours.
    private static Optional<Kernel> parts(CudaContext context, LibraryPlan.Library library, ConvolutionForm plain,
            Op op, List<TensorType> in, List<TensorType> out, BiFunction<MapOp, List<TensorType>, Kernel> map,
            Own own) {
        String name = op.name();
        Optional<LibraryPlan> plan = context.get(() -> "planning " + name, () -> library.plan(plain));
        if (plan.isEmpty()) {
            return Optional.empty();
        }
        DType dtype = plain.dtype();
        TensorType y = out.getFirst();
        boolean inPlace = y.dtype() == dtype;
        List<TensorType> operands = new ArrayList<>(List.of(inPlace ? y : y.withDType(dtype)));
        MapOp epilogue;
        if (op instanceof FusedConvolution f) {
            operands.addAll(in.subList(2, in.size()));
            epilogue = new MapOp(name, f.epilogue(), y.shape(), f.scalars());
        } else {
            operands.add(perChannel(in.get(2), y.rank()));
            epilogue = MapOp.of(name, Lambda.of(Exprs.add(Exprs.in(0, dtype), Exprs.in(1, dtype)), dtype));
        }
        return Optional.of(new CudnnKernel(context, name, plain, plan.get(), map.apply(epilogue, operands),
                inPlace ? 0 : y.elements() * dtype.bytes() + 255 & -256, own));
    }

    /// A bias with axes of extent 1 behind that of the channels, so that it broadcasts.
    private static TensorType perChannel(TensorType bias, int rank) {
        long[] dims = new long[rank - 1];
        Arrays.fill(dims, 1);
        dims[0] = bias.elements();
        long[] strides = new long[rank - 1];
        strides[0] = bias.stride(0);
        return TensorType.of(bias.dtype(), Shape.of(dims), strides);
    }

    @Override
    public long workspaceBytes() {
        return Math.max(own.workspaceBytes(),
                resultBytes + Math.max(plan.workspaceBytes(), after == null ? 0 : after.workspaceBytes()));
    }

    private static long address(Operand o) {
        return CudaMemory.of(o.memory()).address() + o.byteOffset();
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        long[] addresses = new long[operands.size() + (after == null ? out.size() : 1)];
        long all = 0;
        Operand y = resultBytes == 0 ? out.getFirst() : scratch(workspace, 0);
        for (int i = 0; i < addresses.length; i++) {
            int result = i - operands.size();
            addresses[i] = address(result < 0 ? in.get(operands.get(i)) : result == 0 ? y : out.get(result));
            all |= addresses[i];
        }
        if (all % LibraryPlan.ALIGNMENT != 0) {
            ours().run(stream, in, out, workspace, scalars);
            return;
        }
        CudaStream s = CudaStream.of(stream);
        Recording recording = s.recording();
        boolean preparing = recording != null && recording.isPreparing();
        if (!preparing) {
            long scratch = plan.workspaceBytes() == 0 ? 0 : address(scratch(workspace, resultBytes));
            context.launch(name, s, () -> plan.run(s.handle().address(), addresses, scratch));
        }
        if (after != null) {
            List<Operand> read = new ArrayList<>(List.of(y));
            read.addAll(in.subList(2, in.size()));
            Operand rest = after.workspaceBytes() == 0 ? null : scratch(workspace, resultBytes);
            after.run(stream, read, out, rest, scalars);
        } else if (recording != null) {
            // One run of a kernel, without numbers, for the recording that counts them.
            if (preparing) {
                recording.prepare(List.of());
            } else {
                recording.next(List.of(), scalars);
            }
        }
    }

    private synchronized Kernel ours() {
        Kernel k = ours;
        if (k == null) {
            k = own.make().get();
            ours = k;
        }
        return k;
    }

    private Place scratch(@Nullable Operand workspace, long offset) {
        if (workspace == null) {
            throw new BackendException(context.device() + ": " + name + ": needs scratch memory and was given none");
        }
        return new Place(workspace.memory(), workspace.byteOffset() + offset);
    }
}
