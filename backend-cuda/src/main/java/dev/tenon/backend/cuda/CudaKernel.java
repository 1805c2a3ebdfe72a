package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Stream;
import dev.tenon.backend.cuda.Driver.Handle;
import dev.tenon.kernel.Arg;
import dev.tenon.kernel.CudaDialect;
import dev.tenon.kernel.GeneratedKernel;
import dev.tenon.kernel.KernelPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An op ready to be launched: its kernels one after the other.
final class CudaKernel implements Kernel {
    private final String name;
    private final CudaContext context;
    private final Modules modules;
    private final List<Step> steps = new ArrayList<>();
    private final List<Arg.Param> params = new ArrayList<>();
    private final long workspaceBytes;

    /// A kernel function.
    ///
    /// @param module keeps it loaded
    private record Code(Modules.Loaded module, Handle function) {}

    /// One launch. Its arguments lie where the driver reads them: filled in and launched under its lock.
    private static final class Step {
        final GeneratedKernel source;
        final Code code;
        final MemorySegment values;
        final MemorySegment addresses;
        /// The same kernel with the run's numbers taken from memory; compiled when a recording first needs it.
        @Nullable Code fromMemory;

        Step(GeneratedKernel source, Code code) {
            this.source = source;
            this.code = code;
            int n = 0;
            for (Arg arg : source.args()) {
                n += arg instanceof Arg.Number || arg instanceof Arg.Param ? 1 : 2;
            }
            Arena arena = Arena.ofAuto();
            this.values = arena.allocate(8L * Math.max(1, n), 8);
            this.addresses = arena.allocate(ADDRESS.byteSize() * Math.max(1, n), 8);
            int at = 0;
            for (Arg arg : source.args()) {
                if (arg instanceof Arg.Number(boolean _, long value)) {
                    set(at, value);
                }
                at += arg instanceof Arg.Number || arg instanceof Arg.Param ? 1 : 2;
            }
            for (int i = 0; i < n; i++) {
                addresses.setAtIndex(ADDRESS, i, values.asSlice(8L * i));
            }
        }

        void set(int at, long bits) {
            values.setAtIndex(JAVA_LONG, at, bits);
        }

        boolean hasParams() {
            return source.args().stream().anyMatch(Arg.Param.class::isInstance);
        }
    }

    /// @param name the op, for messages
    CudaKernel(String name, KernelPlan plan, CudaContext context, Modules modules) {
        this.name = name;
        this.context = context;
        this.modules = modules;
        this.workspaceBytes = plan.workspaceBytes();
        for (GeneratedKernel k : plan.kernels()) {
            if (k.groups() > Integer.MAX_VALUE) {
                throw new BackendException(context.device() + ": " + name + ": takes " + k.groups()
                        + " blocks of threads, and " + Integer.MAX_VALUE + " are the most");
            }
            steps.add(new Step(k, code(k, false)));
            for (Arg arg : k.args()) {
                if (arg instanceof Arg.Param p) {
                    params.add(p);
                }
            }
        }
    }

    private Code code(GeneratedKernel k, boolean fromMemory) {
        Modules.Loaded module = modules.load(CudaDialect.withParams(k, fromMemory), name);
        return new Code(module, module.function(k.entry(), name));
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    /// The bits of a number as kernels take them.
    static long bits(Scalars scalars, Arg.Param p) {
        return p.kind() == Kind.F32
                ? Float.floatToRawIntBits((float) scalars.asDouble(p.slot())) & 0xFFFF_FFFFL
                : scalars.bits(p.slot());
    }

    @Override
    public void run(Stream stream, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars) {
        CudaStream s = CudaStream.of(stream);
        Recording recording = s.recording();
        if (recording != null && recording.isPreparing()) {
            recording.prepare(params);
            steps.stream().filter(Step::hasParams).forEach(this::loadFromMemory);
            return;
        }
        long numbers = recording == null ? 0 : recording.next(params, scalars);
        try {
            context.launch(name, s, () -> {
                long at = numbers;
                for (int i = 0; i < steps.size(); i++) {
                    Step step = steps.get(i);
                    synchronized (step) {
                        at = arguments(step, in, out, workspace, scalars, recording != null, at);
                        Code code = recording != null && step.fromMemory != null ? step.fromMemory : step.code;
                        context.driver().launch(code.function(), (int) step.source.groups(), step.source.local(),
                                s.handle(), step.addresses.address());
                    }
                }
            });
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void loadFromMemory(Step step) {
        synchronized (step) {
            if (step.fromMemory == null) {
                step.fromMemory = code(step.source, true);
            }
        }
    }

    /// Fills in the arguments.
    ///
    /// @param at where in memory the next number lies
    /// @return where the one after the step's numbers lies
    private long arguments(Step step, List<? extends Operand> in, List<? extends Operand> out,
            @Nullable Operand workspace, Scalars scalars, boolean fromMemory, long at) {
        int i = 0;
        long number = at;
        for (Arg arg : step.source.args()) {
            switch (arg) {
                case Arg.Input(int index, int bytes) -> i = buffer(step, i, in.get(index), 0, bytes);
                case Arg.Output(int index, int bytes) -> i = buffer(step, i, out.get(index), 0, bytes);
                case Arg.Workspace(long offset, int bytes) -> {
                    if (workspace == null) {
                        throw new BackendException(context.device() + ": " + name
                                + ": needs scratch memory and was given none");
                    }
                    i = buffer(step, i, workspace, offset, bytes);
                }
                case Arg.Number _ -> i++;
                case Arg.Param p -> {
                    step.set(i++, fromMemory ? number : bits(scalars, p));
                    number += 8;
                }
            }
        }
        return number;
    }

    private static int buffer(Step step, int at, Operand operand, long offset, int elementBytes) {
        step.set(at, CudaMemory.of(operand.memory()).address());
        step.set(at + 1, (operand.byteOffset() + offset) / elementBytes);
        return at + 2;
    }
}
