package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.tck.math.Numbers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// The recipe of an operand: the same bits in the same layout on whatever device it is made.
///
/// @param dtype the element type
/// @param shape the shape
/// @param layout how it lies in memory
/// @param domain which numbers it holds
/// @param seed which of the streams of such numbers
/// @param fixed the numbers themselves, if not empty; repeated as often as needed
public record Input(DType dtype, Shape shape, Layout layout, Domain domain, long seed, List<Double> fixed) {
    /// Copies the numbers.
    public Input {
        fixed = List.copyOf(fixed);
    }

    /// A contiguous operand of the usual numbers.
    public static Input of(DType dtype, long... dims) {
        return new Input(dtype, Shape.of(dims), Layout.CONTIGUOUS, Domain.USUAL, 1, List.of());
    }

    /// A contiguous operand of the given numbers, row by row.
    public static Input values(DType dtype, Shape shape, double... values) {
        List<Double> list = Arrays.stream(values).boxed().toList();
        return new Input(dtype, shape, Layout.CONTIGUOUS, Domain.USUAL, 1, list);
    }

    /// This recipe with another layout.
    public Input in(Layout other) {
        return new Input(dtype, shape, other, domain, seed, fixed);
    }

    /// This recipe with other numbers.
    public Input from(Domain other) {
        return new Input(dtype, shape, layout, other, seed, fixed);
    }

    /// This recipe with another stream of numbers.
    public Input seed(long other) {
        return new Input(dtype, shape, layout, domain, other, fixed);
    }

    /// The operand on a device.
    public Tensor on(Device device) {
        Shape base = layout.base(shape);
        Tensor t = Tensors.fromHost(MemorySegment.ofArray(bytes(base.elements())), dtype, base, device);
        return layout.view(t, shape);
    }

    private byte[] bytes(long elements) {
        byte[] bytes = new byte[Math.toIntExact(elements * dtype.bytes())];
        MemorySegment s = MemorySegment.ofArray(bytes);
        for (int i = 0; i < elements; i++) {
            if (dtype.isFloating()) {
                double v = fixed.isEmpty() ? domain.real(seed, i) : fixed.get(i % fixed.size());
                put(s, i, v);
            } else {
                long v = fixed.isEmpty() ? domain.integer(dtype, seed, i) : fixed.get(i % fixed.size()).longValue();
                put(s, i, v);
            }
        }
        return bytes;
    }

    private void put(MemorySegment s, long i, double v) {
        switch (dtype) {
            case F64 -> s.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8 * i, v);
            case F32 -> s.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, (float) v);
            case F16 -> s.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, Float.floatToFloat16((float) v));
            default -> s.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, Numbers.toBFloat16((float) v));
        }
    }

    private void put(MemorySegment s, long i, long v) {
        switch (dtype) {
            case I64 -> s.set(ValueLayout.JAVA_LONG_UNALIGNED, 8 * i, v);
            case I32 -> s.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, (int) v);
            case I16 -> s.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, (short) v);
            default -> s.set(ValueLayout.JAVA_BYTE, i, (byte) v);
        }
    }

    @Override
    public String toString() {
        return dtype + shape.toString() + " " + layout;
    }
}
