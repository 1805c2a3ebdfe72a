package dev.tenon.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.backend.cuda.ConvolutionForm.Layout;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// cuDNN at work on a device.
///
/// Of the library's ways to compute something (its engines) the first is taken, in the order of its heuristics for this
/// device, that gives the same results in every run, has the precision asked for, keeps what is not finite where it
/// belongs (which neither Fourier transforms nor Winograd's algorithm do), and takes no more scratch memory than the
/// limit. Where there is none, our own kernels compute.
final class Cudnn implements ConvolutionPlan.Library {
    private static final System.Logger LOG = System.getLogger("dev.tenon.cuda");
    /// The most scratch memory of a plan.
    private static final long WORKSPACE = 1L << 30;

    /// The operands' numbers, by which a plan is given their addresses; those above them are between two operations.
    static final long X = 1;
    static final long W = 2;
    static final long Y = 3;
    static final long BIAS = 4;
    private static final long BETWEEN = 5;

    private final CudnnCalls calls;
    private final Consumer<Runnable> inContext;
    private final long workspace;
    private final boolean tf32;
    private final long handle;
    private final Set<DType> warned = EnumSet.noneOf(DType.class);
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
    static Optional<ConvolutionPlan.Library> start(CudaContext context, long memory) {
        CudnnLibrary library = CudnnLibrary.find().library();
        if (library == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(context.get(() -> "starting cuDNN", () -> new Cudnn(library,
                    work -> context.run(() -> "freeing a plan", work), memory, DeviceFacts.TF32)));
        } catch (BackendException e) {
            LOG.log(Level.WARNING, "convolutions are computed without cuDNN: " + e.getMessage());
            return Optional.empty();
        }
    }

    /// The notes on engines that are not taken.
    Set<Integer> unwanted(DType dtype) {
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

    /// One at a time, as executions: a handle serves one thread.
    @Override
    public synchronized Optional<ConvolutionPlan> plan(ConvolutionForm form) {
        try (CudnnDescriptors d = new CudnnDescriptors(calls)) {
            Optional<CudnnPlan> plan = CudnnPlan.choose(this, d, graph(d, form), unwanted(form.dtype()), workspace,
                    form.epilogue().hasBias());
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

    /// Something is wrong with the library or with what it was given: to be seen once, not for every shape.
    private void warn(ConvolutionForm form, DriverException e) {
        boolean first;
        synchronized (warned) {
            first = warned.add(form.dtype());
        }
        LOG.log(first ? Level.WARNING : Level.DEBUG,
                "a convolution is computed without cuDNN, which failed to plan " + form + ": " + e.getMessage());
    }

    /// The operations of a form: the convolution, then what is done to its result.
    private long graph(CudnnDescriptors d, ConvolutionForm form) {
        long x = tensor(d, X, form.dtype(), form.x(), false);
        long w = tensor(d, W, form.dtype(), form.w(), false);
        long y = tensor(d, Y, form.dtype(), form.y(), false);
        List<Long> operations = new ArrayList<>();
        boolean bias = form.epilogue().hasBias();
        boolean relu = form.epilogue().hasRelu();
        // What is between two operations stays in the precision of arithmetic.
        long last = bias || relu ? tensor(d, BETWEEN, DType.F32, form.y(), true) : y;
        operations.add(convolution(d, form, x, w, last));
        if (bias) {
            long b = tensor(d, BIAS, form.dtype(), form.bias(), false);
            long sum = relu ? tensor(d, BETWEEN + 1, DType.F32, form.y(), true) : y;
            operations.add(pointwise(d, CudnnCode.POINTWISE_ADD, last, b, sum));
            last = sum;
        }
        if (relu) {
            operations.add(pointwise(d, CudnnCode.POINTWISE_RELU_FWD, last, 0, y));
        }
        long graph = d.create(CudnnCode.BACKEND_OPERATIONGRAPH_DESCRIPTOR);
        d.longs(graph, CudnnCode.ATTR_OPERATIONGRAPH_HANDLE, CudnnCode.TYPE_HANDLE, List.of(handle));
        d.descriptors(graph, CudnnCode.ATTR_OPERATIONGRAPH_OPS, operations);
        return d.finish(graph, "an operation graph");
    }

    private static int type(DType dtype) {
        return switch (dtype) {
            case F32 -> CudnnCode.DATA_FLOAT;
            case F64 -> CudnnCode.DATA_DOUBLE;
            case F16 -> CudnnCode.DATA_HALF;
            case BF16 -> CudnnCode.DATA_BFLOAT16;
            default -> throw new IllegalArgumentException("cuDNN convolves no " + dtype);
        };
    }

    static long tensor(CudnnDescriptors d, long id, DType dtype, Layout layout, boolean virtual) {
        long t = d.create(CudnnCode.BACKEND_TENSOR_DESCRIPTOR);
        d.choice(t, CudnnCode.ATTR_TENSOR_DATA_TYPE, CudnnCode.TYPE_DATA_TYPE, type(dtype));
        d.integers(t, CudnnCode.ATTR_TENSOR_DIMENSIONS, layout.dims());
        d.integers(t, CudnnCode.ATTR_TENSOR_STRIDES, layout.strides());
        d.integer(t, CudnnCode.ATTR_TENSOR_UNIQUE_ID, id);
        d.integer(t, CudnnCode.ATTR_TENSOR_BYTE_ALIGNMENT, ConvolutionForm.ALIGNMENT);
        if (virtual) {
            d.flag(t, CudnnCode.ATTR_TENSOR_IS_VIRTUAL, true);
        }
        return d.finish(t, "a tensor");
    }

    static long convolution(CudnnDescriptors d, ConvolutionForm form, long x, long w, long y) {
        boolean doubles = form.dtype() == DType.F64;
        long c = d.create(CudnnCode.BACKEND_CONVOLUTION_DESCRIPTOR);
        d.choice(c, CudnnCode.ATTR_CONVOLUTION_COMP_TYPE, CudnnCode.TYPE_DATA_TYPE,
                doubles ? CudnnCode.DATA_DOUBLE : CudnnCode.DATA_FLOAT);
        d.choice(c, CudnnCode.ATTR_CONVOLUTION_CONV_MODE, CudnnCode.TYPE_CONVOLUTION_MODE,
                CudnnCode.CROSS_CORRELATION);
        d.integer(c, CudnnCode.ATTR_CONVOLUTION_SPATIAL_DIMS, form.stride().size());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_PRE_PADDINGS, form.padding());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_POST_PADDINGS, form.padding());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_DILATIONS, form.dilation());
        d.integers(c, CudnnCode.ATTR_CONVOLUTION_FILTER_STRIDES, form.stride());
        d.finish(c, "a convolution");
        Operation o = switch (form.direction()) {
            case FORWARD -> Operation.FORWARD;
            case BACKWARD_DATA -> Operation.BACKWARD_DATA;
            case BACKWARD_WEIGHT -> Operation.BACKWARD_FILTER;
        };
        long op = d.create(o.kind);
        d.descriptor(op, o.x, x);
        d.descriptor(op, o.w, w);
        d.descriptor(op, o.y, y);
        d.descriptor(op, o.convolution, c);
        d.real(op, o.alpha, doubles, 1);
        d.real(op, o.beta, doubles, 0);
        return d.finish(op, "the operation " + form.direction());
    }

    /// The numbers of an operation's attributes.
    private enum Operation {
        FORWARD(CudnnCode.BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_X, CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_FORWARD_BETA),
        BACKWARD_DATA(CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA),
        BACKWARD_FILTER(CudnnCode.BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                CudnnCode.ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA);

        private final int kind;
        private final int x;
        private final int w;
        private final int y;
        private final int convolution;
        private final int alpha;
        private final int beta;

        Operation(int kind, int x, int w, int y, int convolution, int alpha, int beta) {
            this.kind = kind;
            this.x = x;
            this.w = w;
            this.y = y;
            this.convolution = convolution;
            this.alpha = alpha;
            this.beta = beta;
        }
    }

    /// @param b the second operand; 0 for none
    static long pointwise(CudnnDescriptors d, int mode, long x, long b, long y) {
        long p = d.create(CudnnCode.BACKEND_POINTWISE_DESCRIPTOR);
        d.choice(p, CudnnCode.ATTR_POINTWISE_MODE, CudnnCode.TYPE_POINTWISE_MODE, mode);
        d.choice(p, CudnnCode.ATTR_POINTWISE_MATH_PREC, CudnnCode.TYPE_DATA_TYPE, CudnnCode.DATA_FLOAT);
        d.finish(p, "an elementwise function");
        long op = d.create(CudnnCode.BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, p);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_XDESC, x);
        if (b != 0) {
            d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_BDESC, b);
        }
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_YDESC, y);
        return d.finish(op, "an elementwise operation");
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
