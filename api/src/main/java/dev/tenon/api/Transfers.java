package dev.tenon.api;

import dev.tenon.api.op.CopyOp;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.spi.DeviceRuntime;
import dev.tenon.api.spi.Recorder;
import dev.tenon.api.spi.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/// Copies between host memory and devices.
final class Transfers {
    private Transfers() {}

    /// A contiguous tensor with the bytes of host memory.
    static Tensor fromHost(MemorySegment host, TensorType type, Device device) {
        return fromHost(host, type, device, device.runtime().defaultStream());
    }

    static Tensor fromHost(MemorySegment host, TensorType type, Device device, Stream stream) {
        long bytes = type.elements() * type.dtype().bytes();
        if (host.byteSize() < bytes) {
            throw new TensorException("a tensor " + type + " takes " + bytes + " bytes, the host memory has "
                    + host.byteSize());
        }
        Tensor t = Dispatcher.empty(type, device);
        if (bytes > 0) {
            MemorySegment view = t.storage().host();
            if (view != null) {
                MemorySegment.copy(host, 0, view, t.byteOffset(), bytes);
            } else {
                device.runtime().copyFromHost(host.asSlice(0, bytes), t.memory(), t.byteOffset(), stream);
            }
        }
        Recorder recorder = Context.current().recorder;
        if (recorder != null) {
            recorder.constant(t);
        }
        return t;
    }

    /// Copies the elements, row-major, to host memory and waits until they are there.
    static void toHost(Tensor x, MemorySegment host) {
        x.checkReadable();
        long bytes = x.elements() * x.dtype().bytes();
        if (bytes == 0) {
            return;
        }
        Tensor c = x;
        if (!x.isContiguous()) {
            try (Context.Mode _ = Context.noGrad(); Context.Mode _ = Context.recording(null)) {
                c = x.contiguous();
            }
        }
        MemorySegment view = c.storage().host();
        if (view != null) {
            // Kernels of a device whose memory the host sees directly may still be running.
            c.device().runtime().defaultStream().synchronize();
            MemorySegment.copy(view, c.byteOffset(), host, 0, bytes);
        } else {
            DeviceRuntime runtime = c.device().runtime();
            Stream stream = runtime.defaultStream();
            runtime.copyToHost(c.memory(), c.byteOffset(), host.asSlice(0, bytes), stream);
            stream.synchronize();
        }
        Reference.reachabilityFence(c);
        if (c != x) {
            c.close();
        }
    }

    /// The elements, row-major, in new host memory.
    static MemorySegment toHost(Tensor x, Arena arena) {
        MemorySegment host = arena.allocate(Math.max(1, x.elements() * x.dtype().bytes()), 64);
        toHost(x, host);
        return host;
    }

    /// The elements, row-major, where the host can read them: in the tensor's own memory if that is possible, which
    /// must stay reachable then.
    private static MemorySegment onHost(Tensor x, Arena arena) {
        MemorySegment view = x.storage().host();
        if (view == null || !x.isContiguous()) {
            return toHost(x, arena);
        }
        x.checkReadable();
        x.device().runtime().defaultStream().synchronize();
        return view.asSlice(x.byteOffset(), x.elements() * x.dtype().bytes());
    }

    /// A copy on another device, perhaps of another dtype. Converted on this side if that makes it smaller.
    static Tensor toDevice(Tensor x, DType dtype, Device device) {
        x.checkOutsideCapture();
        Tensor source = dtype.bytes() < x.dtype().bytes() ? Dispatcher.run(CopyOp.to(dtype), x) : x;
        Tensor there = straight(source, device);
        if (there == null) {
            try (Arena arena = Arena.ofConfined()) {
                there = fromHost(onHost(source, arena), TensorType.of(source.dtype(), x.shape()), device);
                device.synchronize();
            }
        }
        Reference.reachabilityFence(source);
        if (there.dtype() == dtype) {
            return there;
        }
        Tensor converted = Dispatcher.run(CopyOp.to(dtype), there);
        there.close();
        return converted;
    }

    /// A copy on another device that was made without the host, or null.
    private static @Nullable Tensor straight(Tensor x, Device device) {
        long bytes = x.elements() * x.dtype().bytes();
        if (bytes == 0 || !x.device().type().equals(device.type())) {
            return null;
        }
        x.checkReadable();
        Tensor there = Dispatcher.empty(TensorType.of(x.dtype(), x.shape()), device);
        Tensor c = x;
        boolean done = false;
        try (Context.Mode _ = Context.noGrad()) {
            c = x.contiguous();
            done = device.runtime().copyFrom(x.device().runtime(), c.memory(), c.byteOffset(), there.memory(),
                    there.byteOffset(), bytes);
        } finally {
            if (!done) {
                there.close();
            }
            if (c != x) {
                c.close();
            }
        }
        Reference.reachabilityFence(c);
        return done ? there : null;
    }
}
