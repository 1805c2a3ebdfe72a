package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import java.util.List;
import java.util.Optional;

/// A copy of the operand: into contiguous layout (or into the layout of a given output), to another dtype, to another
/// device. A backend sees it only with both sides on its own device.
///
/// @param dtype the dtype of the copy; empty keeps it
/// @param device the device of the copy; empty keeps it
public record CopyOp(Optional<DType> dtype, Optional<Device> device) implements Primitive {
    /// A copy of the same dtype on the same device.
    public static final CopyOp SAME = new CopyOp(Optional.empty(), Optional.empty());

    /// A copy of another dtype on the same device.
    public static CopyOp to(DType dtype) {
        return new CopyOp(Optional.of(dtype), Optional.empty());
    }

    /// A copy of the same dtype on another device.
    public static CopyOp to(Device device) {
        return new CopyOp(Optional.empty(), Optional.of(device));
    }

    @Override
    public String name() {
        return "copy";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        return List.of(TensorType.of(dtype.orElse(x.dtype()), x.shape()));
    }
}
