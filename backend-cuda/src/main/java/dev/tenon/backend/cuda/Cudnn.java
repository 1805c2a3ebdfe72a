package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// cuDNN at work on a device.
///
/// Of the library's ways to compute something (its engines) the first is taken, in the order of its heuristics for this
/// device, that gives the same results in every run, has the precision asked for, keeps what is not finite where it
/// belongs (which neither Fourier transforms nor Winograd's algorithm do), and takes no more scratch memory than the
/// limit. Where there is none, our own kernels compute.
final class Cudnn implements LibraryPlan.Library {
    private static final System.Logger LOG = System.getLogger("dev.tenon.cuda");
    /// The most scratch memory of a plan.
    private static final long WORKSPACE = 1L << 30;

    private final CudnnCalls calls;
    private final Consumer<Runnable> inContext;
    private final long workspace;
    private final boolean tf32;
    private final long handle;
    private final Set<String> warned = new HashSet<>();
    private long stream;

    /// Starts the library on the current context's device, on which it stays as long as the process.
    ///
    /// @param inContext runs something with that context made current, later
    /// @param memory how much the device has
    /// @param tf32 whether `F32` may be multiplied in less precision
    /// @throws DriverException if it does not start
    Cudnn(CudnnCalls calls, Consumer<Runnable> inContext, long memory, boolean tf32) {
        this.calls = calls;
        this.inContext = inContext;
        this.workspace = Math.min(WORKSPACE, memory / 8);
        this.tf32 = tf32;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(ADDRESS);
            calls.check("cudnnCreate", calls.create(slot));
            this.handle = slot.get(ADDRESS, 0).address();
        }
    }

    /// The library of this machine, started on a device; empty where there is none or it does not start.
    static Optional<LibraryPlan.Library> start(CudaContext context, long memory) {
        CudnnLibrary library = CudnnLibrary.find().library();
        if (library == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(context.get(() -> "starting cuDNN", () -> new Cudnn(library,
                    work -> context.run(() -> "freeing a plan", work), memory, DeviceFacts.TF32)));
        } catch (BackendException e) {
            LOG.log(Level.WARNING, "everything is computed without cuDNN: " + e.getMessage());
            return Optional.empty();
        }
    }

    /// The notes on engines that are not taken.
    ///
    /// @param tf32 whether `F32` may be multiplied in less precision
    static Set<Integer> unwanted(DType dtype, boolean tf32) {
        Set<Integer> notes = new HashSet<>(Set.of(CudnnCode.NUMERICAL_NOTE_NONDETERMINISTIC,
                CudnnCode.NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CudnnCode.NUMERICAL_NOTE_FFT,
                CudnnCode.NUMERICAL_NOTE_WINOGRAD, CudnnCode.NUMERICAL_NOTE_WINOGRAD_TILE_4x4,
                CudnnCode.NUMERICAL_NOTE_WINOGRAD_TILE_6x6, CudnnCode.NUMERICAL_NOTE_WINOGRAD_TILE_13x13));
        if (dtype.bytes() > 2) {
            notes.add(CudnnCode.NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
        }
        if (dtype == DType.F32 && !tf32) {
            notes.add(CudnnCode.NUMERICAL_NOTE_TENSOR_CORE);
        }
        return notes;
    }

    @Override
    public String identity() {
        return "cuDNN " + CudnnLibrary.version(calls.version());
    }

    /// One at a time, as executions: a handle serves one thread.
    @Override
    public synchronized Optional<LibraryPlan> plan(LibraryForm form) {
        if (form instanceof AttentionForm a && !a.isRightIn(calls.version())) {
            return Optional.empty();
        }
        try (CudnnDescriptors d = new CudnnDescriptors(calls)) {
            CudnnGraph graph = graph(d, form);
            Optional<CudnnPlan> plan = CudnnPlan.choose(this, graph, unwanted(form.dtype(), tf32), workspace);
            LOG.log(Level.DEBUG, () -> "cuDNN: " + form + ": "
                    + plan.map(p -> p.workspaceBytes() + " bytes of scratch memory").orElse("no engine that will do"));
            return plan.map(p -> p);
        } catch (DriverException e) {
            if (e.code() / 1000 == CudnnCode.STATUS_NOT_SUPPORTED / 1000) {
                LOG.log(Level.DEBUG, "cuDNN does not know " + form, e);
            } else {
                warn(form, e);
            }
            return Optional.empty();
        }
    }

    /// The operations of a form.
    static CudnnGraph graph(CudnnDescriptors d, LibraryForm form) {
        CudnnGraph g = new CudnnGraph(d, form.operands().size() + form.results());
        switch (form) {
            case ConvolutionForm c -> ConvolutionGraph.fill(g, c);
            case NormForm n -> NormGraph.fill(g, n);
            case AttentionForm a -> AttentionGraph.fill(g, a);
        }
        return g;
    }

    /// Something is wrong with the library or with what it was given: to be seen once, not for every shape.
    private void warn(LibraryForm form, DriverException e) {
        boolean first;
        synchronized (warned) {
            first = warned.add(form.what() + form.dtype());
        }
        LOG.log(first ? Level.WARNING : Level.DEBUG,
                form.what() + " is computed without cuDNN, which failed to plan " + form + ": " + e.getMessage());
    }

    CudnnCalls calls() {
        return calls;
    }

    long handle() {
        return handle;
    }

    /// Runs something with the device's context, when nobody waits for it.
    void later(Runnable work) {
        try {
            inContext.accept(work);
        } catch (RuntimeException e) {
            // A device that was lost has no plans any more.
            LOG.log(Level.DEBUG, "freeing a plan of cuDNN failed", e);
        }
    }

    /// Enqueues a plan. A handle serves one thread at a time.
    synchronized void execute(long onStream, long plan, long variantPack) {
        if (stream != onStream) {
            calls.check("cudnnSetStream", calls.setStream(handle, onStream));
            stream = onStream;
        }
        calls.check("cudnnBackendExecute", calls.execute(handle, plan, variantPack));
    }
}
