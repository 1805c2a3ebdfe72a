package dev.tenon.backend.opencl;

import static org.jocl.CL.clCreateKernel;
import static org.jocl.CL.clEnqueueNDRangeKernel;
import static org.jocl.CL.clReleaseKernel;
import static org.jocl.CL.clSetKernelArg;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.kernel.Arg;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jspecify.annotations.Nullable;

/// An op ready to be enqueued: its kernels one after the other.
final class ClKernel implements Kernel {
    private static final Cleaner CLEANER = Cleaner.create();

    private final String name;
    private final Health health;
    private final List<Step> steps = new ArrayList<>();
    private final long workspaceBytes;

    /// One kernel object, whose arguments are its state: set and enqueued under its lock.
    private static final class Step {
        final GeneratedKernel source;
        final cl_kernel kernel;
        final long[] global;
        final long[] local;
        final long[] number = new long[1];
        final Pointer numberPointer = Pointer.to(number);

        Step(GeneratedKernel source, cl_kernel kernel) {
            this.source = source;
            this.kernel = kernel;
            this.local = new long[] {source.local()};
            this.global = new long[] {source.groups() * source.local()};
            int at = 0;
            for (Arg arg : source.args()) {
                if (arg instanceof Arg.Number(boolean wide, long value)) {
                    number[0] = value;
                    clSetKernelArg(kernel, at, wide ? 8 : 4, numberPointer);
                }
                at += arg instanceof Arg.Number || arg instanceof Arg.Param ? 1 : 2;
            }
        }

        void set(int at, int bytes, long bits) {
            number[0] = bits;
            clSetKernelArg(kernel, at, bytes, numberPointer);
        }
    }

    /// @param name the op, for messages
    ClKernel(String name, KernelPlan plan, Programs programs, Health health) {
        this.name = name;
        this.health = health;
        this.workspaceBytes = plan.workspaceBytes();
        for (GeneratedKernel k : plan.kernels()) {
            steps.add(programs.withProgram(k.source(), name, program -> {
                cl_kernel kernel = clCreateKernel(program, k.entry(), null);
                CLEANER.register(this, () -> clReleaseKernel(kernel));
                return new Step(k, kernel);
            }));
        }
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        ClStream s = ClStream.of(stream);
        try {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                cl_event event = s.event();
                synchronized (step) {
                    setArguments(step, in, out, workspace, scalars);
                    clEnqueueNDRangeKernel(s.queue(), step.kernel, 1, null, step.global, step.local, 0, null, event);
                }
                s.enqueued(event, name, 0);
            }
        } catch (CLException e) {
            throw health.failed("launching " + name, e);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void setArguments(Step step, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        int at = 0;
        for (Arg arg : step.source.args()) {
            switch (arg) {
                case Arg.Input(int index, int bytes) -> at = buffer(step, at, in.get(index), 0, bytes);
                case Arg.Output(int index, int bytes) -> at = buffer(step, at, out.get(index), 0, bytes);
                case Arg.Workspace(long offset, int bytes) -> {
                    if (workspace == null) {
                        throw new BackendException(
                                health.device() + ": " + name + ": needs scratch memory and was given none");
                    }
                    at = buffer(step, at, workspace, offset, bytes);
                }
                case Arg.Number _ -> at++;
                case Arg.Param(Kind kind, int slot) -> {
                    switch (kind) {
                        case F32 -> step.set(at, 4, Float.floatToRawIntBits((float) scalars.asDouble(slot)));
                        case BOOL, I32 -> step.set(at, 4, scalars.bits(slot));
                        case F64, I64 -> step.set(at, 8, scalars.bits(slot));
                    }
                    at++;
                }
            }
        }
    }

    private static int buffer(Step step, int at, Operand operand, long offset, int elementBytes) {
        clSetKernelArg(step.kernel, at, Sizeof.cl_mem, ClMemory.of(operand.memory()).argument());
        step.set(at + 1, 8, (operand.byteOffset() + offset) / elementBytes);
        return at + 2;
    }
}
