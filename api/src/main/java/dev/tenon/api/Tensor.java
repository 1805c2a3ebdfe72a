package dev.tenon.api;

import dev.tenon.api.internal.Storage;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.GradState;
import dev.tenon.api.spi.Operand;
import dev.tenon.api.spi.Recorder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// An n-dimensional array of numbers on a device, which remembers how it was computed where gradients are wanted.
///
/// Operations live in groups: elementwise ([ElementwiseOps], [ArithmeticOps], [TrigonometricOps], [SpecialOps]),
/// activations ([ActivationOps]), reductions ([ReductionOps], [StatisticsOps]), shape ([ShapeOps], [ArrangementOps]),
/// indexing ([IndexingOps], [SelectionOps]) and linear algebra ([LinearAlgebraOps], [ProductOps]). Tensors are made by
/// the methods of [Tensors]. Operations make new tensors; those whose names end in `_` change the tensor itself.
/// Views (slices, transposes, expansions) share memory with the tensor they view.
///
/// Memory is outside the Java heap. It is freed by a [Scope], by [#close()], or some time after the tensor has become
/// unreachable.
public final class Tensor
        implements ElementwiseOps, ArithmeticOps, TrigonometricOps, SpecialOps, ActivationOps, ReductionOps,
                StatisticsOps, ShapeOps, ArrangementOps, IndexingOps, SelectionOps, LinearAlgebraOps,
                ProductOps, Operand, AutoCloseable {
    private final Device device;
    private final TensorType type;
    private final Storage storage;
    private final long offset;
    private final boolean view;
    private boolean closed;
    private @Nullable GradState gradState;
    @Nullable Scope owner;

    /// A tensor that belongs to the open scope, if there is one.
    Tensor(Device device, TensorType type, Storage storage, long offset, boolean view) {
        this(device, type, storage, offset, view, true);
    }

    private Tensor(Device device, TensorType type, Storage storage, long offset, boolean view, boolean scoped) {
        this.device = device;
        this.type = type;
        this.storage = storage;
        this.offset = offset;
        this.view = view;
        if (scoped) {
            Scope scope = Context.current().scope;
            if (scope != null) {
                scope.add(this);
            }
        }
    }

    // --- what it is

    /// The device on which it lives.
    public Device device() {
        return device;
    }

    /// Element type, shape and strides.
    public TensorType type() {
        return type;
    }

    /// The element type.
    public DType dtype() {
        return type.dtype();
    }

    /// The shape.
    public Shape shape() {
        return type.shape();
    }

    /// The extent along `axis`; a negative axis counts from the last.
    public long size(int axis) {
        return type.shape().dim(axis);
    }

    /// The number of axes.
    public int rank() {
        return type.rank();
    }

    /// The number of elements.
    public long elements() {
        return type.elements();
    }

    /// Whether the elements lie row-major without gaps.
    public boolean isContiguous() {
        return type.isContiguous();
    }

    // --- values

    /// The only element of a tensor of one element, as a double (exact for all dtypes but large `I64`).
    ///
    /// @throws TensorException if there is not exactly one element
    public double item() {
        checkSingle("item");
        return type.dtype().kind().isFloating() ? toDoubleArray()[0] : itemLong();
    }

    /// The only element of a tensor of one element, as a long; floating-point values are truncated.
    ///
    /// @throws TensorException if there is not exactly one element
    public long itemLong() {
        checkSingle("itemLong");
        return toLongArray()[0];
    }

    private void checkSingle(String method) {
        if (elements() != 1) {
            throw new TensorException(method + ": takes a tensor of one element, got shape " + shape()
                    + "; index it first, or use toDoubleArray");
        }
    }

    /// The elements in row-major order, converted to float.
    public float[] toFloatArray() {
        return converted(DType.F32, s -> s.toArray(ValueLayout.JAVA_FLOAT));
    }

    /// The elements in row-major order, converted to double.
    public double[] toDoubleArray() {
        return converted(DType.F64, s -> s.toArray(ValueLayout.JAVA_DOUBLE));
    }

    /// The elements in row-major order, converted to long; floating-point values are truncated.
    public long[] toLongArray() {
        return converted(DType.I64, s -> s.toArray(ValueLayout.JAVA_LONG));
    }

    /// The elements in row-major order, converted to int; floating-point values are truncated.
    public int[] toIntArray() {
        return converted(DType.I32, s -> s.toArray(ValueLayout.JAVA_INT));
    }

    /// The elements in row-major order: whether each is not zero.
    public boolean[] toBooleanArray() {
        byte[] b = converted(DType.BOOL, s -> s.toArray(ValueLayout.JAVA_BYTE));
        boolean[] out = new boolean[b.length];
        for (int i = 0; i < b.length; i++) {
            out[i] = b[i] != 0;
        }
        return out;
    }

    private <T> T converted(DType to, Function<MemorySegment, T> read) {
        checkReadable();
        checkOutsideCapture();
        if (elements() > Integer.MAX_VALUE - 8) {
            throw new TensorException("a tensor of shape " + shape()
                    + " has too many elements for an array: use copyTo");
        }
        try (Arena arena = Arena.ofConfined()) {
            Tensor t = this;
            if (dtype() != to) {
                try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.recording(null)) {
                    t = to(to);
                }
            }
            MemorySegment s = Transfers.toHost(t, arena);
            T out = read.apply(s.asSlice(0, elements() * to.bytes()));
            if (t != this) {
                t.close();
            }
            return out;
        }
    }

    /// Copies the elements in row-major order, in the tensor's own dtype and native byte order, to host memory, and
    /// waits
    /// until they are there.
    ///
    /// @throws TensorException if the memory is too small
    public void copyTo(MemorySegment host) {
        long bytes = elements() * dtype().bytes();
        if (host.byteSize() < bytes) {
            throw new TensorException("copyTo: " + type + " takes " + bytes + " bytes, the host memory has "
                    + host.byteSize());
        }
        checkOutsideCapture();
        Transfers.toHost(this, host);
    }

    /// As NumPy prints an array: rows in brackets, long axes shortened, followed by dtype, shape and device where
    /// they are not the usual ones. Inside a capture the type alone.
    @Override
    public String toString() {
        if (storage.isFreed() || closed) {
            return "tensor(closed, " + type + ")";
        }
        return storage.isSymbolic() || Context.isRecording() ? "tensor(" + type + ", " + device + ")"
                : TensorText.of(this);
    }

    // --- gradients

    /// Whether gradients are computed for this tensor.
    public boolean requiresGrad() {
        return gradState != null && gradState.requiresGrad();
    }

    /// Marks this leaf as one whose gradient [#backward()] computes, and returns it.
    ///
    /// @throws TensorException if the tensor is no leaf or not floating-point
    public Tensor requiresGrad(boolean on) {
        if (on && !dtype().isFloating()) {
            throw new TensorException("requiresGrad: dtype " + dtype()
                    + " has no gradient; only floating-point tensors have");
        }
        if (!isLeaf()) {
            throw new TensorException("requiresGrad: " + type + " was computed by an op; detach() gives a leaf");
        }
        gradState().setLeafRequiresGrad(on);
        return this;
    }

    /// Whether the tensor was not computed by a recorded op.
    public boolean isLeaf() {
        return gradState == null || gradState.isLeaf();
    }

    /// The gradient that backward passes have accumulated, or null.
    public @Nullable Tensor grad() {
        return gradState == null ? null : gradState.grad();
    }

    /// Replaces the accumulated gradient; null clears it. The one before is closed.
    ///
    /// @throws TensorException if the gradient has another shape or dtype
    public void setGrad(@Nullable Tensor g) {
        if (g != null && (!g.shape().equals(shape()) || g.dtype() != dtype())) {
            throw new TensorException("setGrad: gradient " + g.type() + " for a tensor " + type);
        }
        Tensor before = grad();
        gradState().setGrad(g);
        if (before != null && before != g) {
            before.close();
        }
    }

    /// Keeps the gradient of a tensor that is no leaf in [#grad()] when [#backward()] computes it.
    public Tensor retainGrad() {
        gradState().retainGrad();
        return this;
    }

    /// Calls `hook` with each gradient that a backward pass computes for this tensor; what it returns takes its place.
    ///
    /// @return removes the hook
    public Runnable registerHook(UnaryOperator<Tensor> hook) {
        if (!requiresGrad()) {
            throw new TensorException("registerHook: " + type + " requires no gradient");
        }
        return gradState().addHook(hook);
    }

    /// Computes the gradients of this scalar for every leaf that it was computed from, and adds them to [#grad()].
    ///
    /// @throws TensorException if this is no scalar or requires no gradient
    public void backward() {
        backward(null, false, false);
    }

    /// Computes the gradients for every leaf, given that of this tensor.
    ///
    /// @param gradient of this tensor's shape; null stands for one, if this is a scalar
    /// @param retainGraph whether another backward pass may follow
    /// @param createGraph whether the gradients can themselves be differentiated
    public void backward(@Nullable Tensor gradient, boolean retainGraph, boolean createGraph) {
        Dispatcher.engine().backward(List.of(this), Arrays.asList(gradient), retainGraph || createGraph, createGraph);
    }

    /// The same values without history: gradients do not flow through the result, which shares memory with this tensor.
    public Tensor detach() {
        checkReadable();
        return new Tensor(device, type, storage.retain(), offset, view, true);
    }

    /// A copy with memory of its own, contiguous.
    @Override
    public Tensor clone() {
        return Dispatcher.run(CopyOp.SAME, this);
    }

    // --- life

    /// Frees the memory if no view shares it. Using the tensor afterwards is an error. Closing twice does nothing.
    @Override
    public void close() {
        synchronized (storage) {
            if (closed) {
                return;
            }
            closed = true;
        }
        if (gradState != null) {
            gradState.clearNode();
        }
        storage.release();
    }

    /// Whether the tensor was closed, by itself or with its scope.
    public boolean isClosed() {
        return closed;
    }

    // --- for engines, recorders and loaders

    /// Another handle on the same memory, without history and in no scope. For engines that save tensors.
    public Tensor alias() {
        checkReadable();
        return new Tensor(device, type, storage.retain(), offset, view, false);
    }

    /// A tensor without memory that stands for a value to be computed later. For recorders.
    public static Tensor symbolic(TensorType type, Device device) {
        return new Tensor(device, type, new Storage(type.elements() * type.dtype().bytes()), 0, false);
    }

    /// Whether this has no memory but stands for a value that a captured graph will compute.
    public boolean isSymbolic() {
        return storage.isSymbolic();
    }

    /// A tensor of another type that lies in this tensor's memory, in no scope: for engines that hand out one block of
    /// memory among several tensors.
    ///
    /// @param byteOffset from the start of this tensor's memory, a multiple of the element size
    public Tensor inMemory(long byteOffset, TensorType other) {
        checkReadable();
        return new Tensor(device, other, storage.retain(), byteOffset / other.dtype().bytes(), false, false);
    }

    /// Where in its memory this tensor begins, in elements.
    public long storageOffset() {
        return offset;
    }

    /// Stands for the tensor's memory: the same object for all tensors that share it.
    public Object storageKey() {
        return storage;
    }

    /// How often the memory was changed in place.
    public int version() {
        return storage.version();
    }

    /// Notes that the memory was changed in place by other means than an op.
    public void touch() {
        storage.touch();
    }

    /// What the gradient engine knows of this tensor.
    public GradState gradState() {
        GradState g = gradState;
        if (g == null) {
            g = new GradState();
            gradState = g;
        }
        return g;
    }

    /// Whether this was made as a view of another tensor, whose memory it shares.
    public boolean isView() {
        return view;
    }

    /// Whether another tensor that is not closed, such as a view or what an engine saved, lies in the same memory.
    public boolean isShared() {
        return storage.isShared();
    }

    /// Whether this and another tensor lie in the same memory.
    public boolean sharesMemoryWith(Tensor other) {
        return storage == other.storage;
    }

    @Override
    public DeviceMemory memory() {
        return storage.memory();
    }

    @Override
    public long byteOffset() {
        return storage.byteOffset() + offset * type.dtype().bytes();
    }

    Storage storage() {
        return storage;
    }

    long offset() {
        return offset;
    }

    /// Throws where a capture is going on, or this is a value of one: there is no value to read, or reading it would
    /// freeze it into the graph.
    void checkOutsideCapture() {
        Recorder recorder = Context.current().recorder;
        if (recorder != null && !recorder.isConstant(this)) {
            throw recorder.readRefused(this);
        }
        storage.memory();
    }

    void checkReadable() {
        if (closed) {
            throw new IllegalStateException("the tensor " + type
                    + " was closed, by itself or with the scope it was made in; keep it with Scope.keep");
        }
    }

    void checkAlive(Op op) {
        if (closed) {
            throw new IllegalStateException(op.name() + ": an operand " + type
                    + " was closed, by itself or with the scope it was made in; keep it with Scope.keep");
        }
    }
}
