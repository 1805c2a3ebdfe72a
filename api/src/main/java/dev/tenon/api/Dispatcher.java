package dev.tenon.api;

import dev.tenon.api.internal.DeviceState;
import dev.tenon.api.internal.KernelCache.Prepared;
import dev.tenon.api.internal.Storage;
import dev.tenon.api.op.Composite;
import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.CustomOp;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Op;
import dev.tenon.api.op.Primitive;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.spi.DeviceMemory;
import dev.tenon.api.spi.GradientEngine;
import dev.tenon.api.spi.Kernel;
import dev.tenon.api.spi.OpPolicy;
import dev.tenon.api.spi.Operand;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The one path that every operation takes: infer the result's type, record or run, link the gradient.
public final class Dispatcher {
    /// More than any machine addresses, and far enough from 2^63 that sizes can be rounded up.
    private static final long MAX_BYTES = 1L << 62;

    private Dispatcher() {}

    /// The only output of an op.
    public static Tensor run(Op op, Tensor... in) {
        return apply(op, List.of(in)).getFirst();
    }

    /// The outputs of an op with at least one input.
    public static List<Tensor> apply(Op op, List<Tensor> in) {
        if (in.isEmpty()) {
            throw new TensorException(op.name() + ": an op without operands needs a device: use create");
        }
        Context context = Context.current();
        OpPolicy policy = context.policy;
        if (policy == null) {
            return dispatch(op, in, in.getFirst().device());
        }
        context.policy = null;
        try {
            return policy.apply(op, in);
        } finally {
            context.policy = policy;
        }
    }

    /// The only output of an op without inputs, on the given device.
    public static Tensor create(MapOp op, Device device) {
        return dispatch(op, List.of(), device).getFirst();
    }

    private static List<Tensor> dispatch(Op op, List<Tensor> in, Device device) {
        Context context = Context.current();
        boolean gradient = context.gradients && anyRequiresGrad(in);
        if (gradient) {
            engine().check(op, in);
        }
        List<Tensor> out;
        if (context.recorder != null) {
            if (gradient && op instanceof Composite c && !engine().hasRule(op)) {
                return c.decompose(in);
            }
            out = context.recorder.record(op, in, List.of(), device);
        } else if (op instanceof ViewOp view) {
            out = List.of(view(view, in.getFirst()));
        } else {
            TensorType[] types = types(op, in, device);
            DeviceState state = device.state();
            Prepared p = state.kernels().get(op.kernelKey(), types, () -> prepare(op, types, state));
            Kernel kernel = p.kernel();
            if (gradient && op instanceof Composite c && !engine().hasRule(op)) {
                return c.decompose(in);
            }
            if (kernel != null) {
                out = allocate(p.outputs(), device, state);
                launch(kernel, op, in, out, state);
            } else {
                boolean before = context.gradients;
                context.gradients = false;
                try {
                    out = withoutKernel(op, in, p.outputs(), device);
                } finally {
                    context.gradients = before;
                }
            }
        }
        if (context.anomalies && context.recorder == null) {
            Anomalies.check(op, in, out);
        }
        if (gradient) {
            engine().link(op, in, out);
        }
        return out;
    }

    /// Runs an op with its results written into given tensors of matching shapes and dtypes, whatever their layout.
    /// They
    /// may be among the inputs: an update in place.
    ///
    /// @throws TensorException if an output does not match, or is a leaf that requires a gradient
    public static void applyInto(Op op, List<Tensor> in, List<Tensor> into) {
        Context context = Context.current();
        List<Tensor> all = new ArrayList<>(in);
        all.addAll(into);
        for (Tensor t : into) {
            t.checkAlive(op);
        }
        boolean gradient = context.gradients && anyRequiresGrad(all);
        if (gradient) {
            checkInPlace(op, in, into);
        }
        Device device = into.getFirst().device();
        TensorType[] types = types(op, all, device);
        if (context.recorder != null) {
            checkFits(op, op.infer(List.of(types).subList(0, in.size())), into);
            context.recorder.record(op, in, into, device);
        } else {
            runInto(op, in, into, types, device);
        }
        for (Tensor t : into) {
            t.storage().touch();
        }
        if (gradient) {
            engine().linkInPlace(op, in, into);
        }
    }

    private static void runInto(Op op, List<Tensor> in, List<Tensor> into, TensorType[] types, Device device) {
        DeviceState state = device.state();
        Prepared p = state.kernels().get(op.kernelKey(), types, () -> prepareInto(op, types, in.size(), state));
        checkFits(op, p.outputs(), into);
        Kernel kernel = p.kernel();
        if (kernel != null && !overlaps(op, in, into)) {
            launch(kernel, op, in, into, state);
        } else {
            Prepared plain = state.kernels()
                    .get(op.kernelKey(), types(op, in, device),
                            () -> prepare(op, types(op, in, device), state));
            copyInto(op, in, into, plain, device, state);
        }
    }

    private static void checkFits(Op op, List<TensorType> results, List<Tensor> into) {
        if (results.size() != into.size()) {
            throw new TensorException(op.name() + ": has " + results.size() + " results, given " + into.size()
                    + " tensors");
        }
        for (int i = 0; i < into.size(); i++) {
            TensorType want = results.get(i);
            TensorType got = into.get(i).type();
            if (!want.shape().equals(got.shape()) || want.dtype() != got.dtype()) {
                throw new TensorException(op.name() + ": the result " + want
                        + " does not fit into the given tensor " + got);
            }
        }
    }

    /// Tensors that stand for the results of an op, without anything being computed: views of their operands, others
    /// without memory. For recorders.
    ///
    /// @throws TensorException if the operands do not fit
    public static List<Tensor> symbolic(Op op, List<Tensor> in, Device device) {
        for (Tensor t : in) {
            t.checkAlive(op);
        }
        if (op instanceof ViewOp view) {
            return List.of(view(view, in.getFirst()));
        }
        Device where = op instanceof CopyOp c ? c.device().orElse(device) : device;
        List<Tensor> out = new ArrayList<>();
        for (TensorType t : op.infer(List.of(types(op, in, device)))) {
            out.add(Tensor.symbolic(t, where));
        }
        return out;
    }

    /// The kernel of a device for an op, prepared at most once for operands and results of given types; empty where the
    /// device has none. For engines that plan ahead.
    ///
    /// @param in the types of the operands
    /// @param into the types of given outputs; empty for new ones
    public static Optional<Kernel> kernel(Op op, List<TensorType> in, List<TensorType> into, Device device) {
        DeviceState state = device.state();
        TensorType[] types = in.toArray(TensorType[]::new);
        if (into.isEmpty()) {
            return Optional.ofNullable(
                    state.kernels().get(op.kernelKey(), types, () -> prepare(op, types, state)).kernel());
        }
        List<TensorType> all = new ArrayList<>(in);
        all.addAll(into);
        TensorType[] both = all.toArray(TensorType[]::new);
        return Optional.ofNullable(
                state.kernels().get(op.kernelKey(), both, () -> prepareInto(op, both, in.size(), state)).kernel());
    }

    /// The results of an op for which the device has no kernel: by its decomposition, by its own code, or split into
    /// plainer ops. For engines that plan ahead.
    ///
    /// @throws BackendException if there is none of these
    public static List<Tensor> withoutKernel(Op op, List<Tensor> in, Device device) {
        List<TensorType> out = op.infer(List.of(types(op, in, device)));
        return withoutKernel(op, in, out, device);
    }

    private static void copyInto(
            Op op, List<Tensor> in, List<Tensor> into, Prepared p, Device device, DeviceState state) {
        try (Context.Mode _ = Context.noGrad()) {
            List<Tensor> results;
            Kernel kernel = p.kernel();
            if (kernel != null) {
                results = allocate(p.outputs(), device, state);
                launch(kernel, op, in, results, state);
            } else {
                results = withoutKernel(op, in, p.outputs(), device);
            }
            for (int i = 0; i < into.size(); i++) {
                applyInto(CopyOp.SAME, List.of(results.get(i)), List.of(into.get(i)));
                results.get(i).close();
            }
        }
    }

    private static void checkInPlace(Op op, List<Tensor> in, List<Tensor> into) {
        for (Tensor t : into) {
            if (t.isLeaf() && t.requiresGrad()) {
                throw new TensorException(op.name() + ": in-place change of a leaf " + t.type()
                        + " that requires a gradient: do it under Context.noGrad(), or compute a new tensor");
            }
            if (t.isView()) {
                throw new TensorException(op.name() + ": in-place change of a view " + t.type()
                        + " while gradients are tracked: the base would not know; compute a new tensor"
                        + " (cat, stack, where, scatter, sliceScatter), or use Context.noGrad()");
            }
        }
        engine().checkInPlace(op, in, into);
    }

    /// Whether an output shares memory with an input in another layout, so that writing would disturb reading.
    /// Exactly the
    /// same layout is fine for elementwise ops and copies.
    private static boolean overlaps(Op op, List<Tensor> in, List<Tensor> into) {
        boolean elementwise = op instanceof MapOp || op instanceof CopyOp;
        for (Tensor o : into) {
            for (Tensor i : in) {
                if (o.storage() == i.storage()
                        && !(elementwise && o.offset() == i.offset() && o.type().equals(i.type()))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Tensor view(ViewOp op, Tensor x) {
        x.checkAlive(op);
        ViewOp.Placement p = op.place(x.type());
        return new Tensor(x.device(), p.type(), x.storage().retain(), x.offset() + p.offset(), true);
    }

    private static Prepared prepare(Op op, TensorType[] types, DeviceState state) {
        List<TensorType> in = List.of(types);
        List<TensorType> out = List.copyOf(op.infer(in));
        boolean toOtherDevice = op instanceof CopyOp c && c.device().isPresent();
        return new Prepared(out, toOtherDevice ? null : state.runtime().prepare(op, in, out).orElse(null));
    }

    private static Prepared prepareInto(Op op, TensorType[] types, int inputs, DeviceState state) {
        List<TensorType> in = List.of(types).subList(0, inputs);
        List<TensorType> given = List.of(types).subList(inputs, types.length);
        List<TensorType> out = List.copyOf(op.infer(in));
        if (out.size() != given.size()) {
            return new Prepared(out, null);
        }
        for (int i = 0; i < out.size(); i++) {
            if (out.get(i).dtype() != given.get(i).dtype() || !out.get(i).shape().equals(given.get(i).shape())) {
                return new Prepared(out, null);
            }
        }
        return new Prepared(out, state.runtime().prepare(op, in, given).orElse(null));
    }

    private static List<Tensor> withoutKernel(Op op, List<Tensor> in, List<TensorType> out, Device device) {
        return switch (op) {
            case Composite c -> c.decompose(in);
            case CustomOp c -> c.evaluate(in);
            case Primitive primitive ->
                Splitter.split(primitive, in, out, device)
                        .orElseThrow(() -> new BackendException("device " + device + " has no kernel for "
                                + op.name() + " "
                                + in.stream().map(Tensor::type).toList() + " (" + op + "): the backend is incomplete"));
        };
    }

    private static List<Tensor> allocate(List<TensorType> types, Device device, DeviceState state) {
        if (types.size() == 1) {
            return List.of(empty(types.getFirst(), device, state));
        }
        List<Tensor> out = new ArrayList<>(types.size());
        for (TensorType t : types) {
            out.add(empty(t, device, state));
        }
        return out;
    }

    private static Tensor empty(TensorType type, Device device, DeviceState state) {
        long bytes = type.dtype().bytes();
        if (type.elements() > MAX_BYTES / bytes) {
            throw new OutOfMemoryException("device " + device + ": no memory for a tensor " + type
                    + ": it has more than 2^62 bytes");
        }
        Storage s = state.pool().allocate(type.elements() * bytes);
        return new Tensor(device, type, s, 0, false);
    }

    /// A tensor with unspecified contents.
    static Tensor empty(TensorType type, Device device) {
        return empty(type, device, device.state());
    }

    private static void launch(Kernel kernel, Op op, List<Tensor> in, List<Tensor> out, DeviceState state) {
        for (int i = 0; i < in.size(); i++) {
            in.get(i).checkAlive(op);
        }
        long scratch = kernel.workspaceBytes();
        Storage workspace = scratch == 0 ? null : state.pool().allocate(scratch);
        try {
            kernel.run(state.runtime().defaultStream(), in, out, operand(workspace), op.scalars());
        } finally {
            // Kernels see addresses only: nothing may be collected while they run.
            Reference.reachabilityFence(in);
            Reference.reachabilityFence(out);
            if (workspace != null) {
                workspace.release();
            }
        }
    }

    private static @Nullable Operand operand(@Nullable Storage s) {
        return s == null ? null : new Scratch(s.memory(), s.byteOffset());
    }

    private record Scratch(DeviceMemory memory, long byteOffset) implements Operand {}

    private static TensorType[] types(Op op, List<Tensor> in, Device device) {
        TensorType[] types = new TensorType[in.size()];
        for (int i = 0; i < types.length; i++) {
            Tensor t = in.get(i);
            types[i] = t.type();
            if (t.device() != device) {
                throw otherDevice(op, in, device);
            }
        }
        return types;
    }

    private static TensorException otherDevice(Op op, List<Tensor> in, Device device) {
        StringBuilder s = new StringBuilder(op.name()).append(": operands on different devices:");
        for (Tensor t : in) {
            s.append(' ').append(t.type()).append(" on ").append(t.device());
        }
        return new TensorException(s + "; move them to " + device + " with to(Device)");
    }

    private static boolean anyRequiresGrad(List<Tensor> in) {
        for (int i = 0; i < in.size(); i++) {
            if (in.get(i).requiresGrad()) {
                return true;
            }
        }
        return false;
    }

    private static final class Engine {
        static final @Nullable GradientEngine FOUND = Services.gradientEngine();
    }

    /// The gradient engine.
    ///
    /// @throws IllegalStateException if none is on the class or module path
    static GradientEngine engine() {
        GradientEngine e = Engine.FOUND;
        if (e == null) {
            throw new IllegalStateException(
                    "gradients need an engine: add the jar dev.tenon:tenon-autograd to the class or module path");
        }
        return e;
    }
}
