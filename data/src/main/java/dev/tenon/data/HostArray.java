package dev.tenon.data;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Numbers of one sample in host memory: row-major, in native byte order. What data sets hand out, because making a
/// tensor on a device for every sample would cost more than the sample.
///
/// @param dtype the element type
/// @param shape the shape
/// @param memory the elements; on or off the Java heap
public record HostArray(DType dtype, Shape shape, MemorySegment memory) {
    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    /// @throws IllegalArgumentException if the memory is not exactly as large as the shape says
    public HostArray {
        long bytes = shape.elements() * dtype.bytes();
        if (memory.byteSize() != bytes) {
            throw new IllegalArgumentException("an array " + dtype + shape + " takes " + bytes + " bytes, got "
                + memory.byteSize());
        }
    }

    /// `F32` elements, row-major.
    public static HostArray of(float[] values, Shape shape) {
        return new HostArray(DType.F32, shape, MemorySegment.ofArray(values));
    }

    /// A vector of `F32`.
    public static HostArray of(float... values) {
        return of(values, Shape.of(values.length));
    }

    /// `F64` elements, row-major.
    public static HostArray of(double[] values, Shape shape) {
        return new HostArray(DType.F64, shape, MemorySegment.ofArray(values));
    }

    /// `I64` elements, row-major.
    public static HostArray of(long[] values, Shape shape) {
        return new HostArray(DType.I64, shape, MemorySegment.ofArray(values));
    }

    /// `I32` elements, row-major.
    public static HostArray of(int[] values, Shape shape) {
        return new HostArray(DType.I32, shape, MemorySegment.ofArray(values));
    }

    /// `U8` elements, row-major: an image of shape [channels, height, width], for example.
    public static HostArray of(byte[] values, Shape shape) {
        return new HostArray(DType.U8, shape, MemorySegment.ofArray(values));
    }

    /// An `I64` scalar: a class label.
    public static HostArray label(long value) {
        return of(new long[] {value}, Shape.SCALAR);
    }

    /// The elements of a tensor, copied to the host.
    public static HostArray of(Tensor tensor) {
        MemorySegment memory = MemorySegment.ofArray(
            new byte[Math.toIntExact(tensor.elements() * tensor.dtype().bytes())]);
        tensor.copyTo(memory);
        return new HostArray(tensor.dtype(), tensor.shape(), memory);
    }

    /// A tensor of these elements.
    public Tensor toTensor(Device device) {
        return Tensors.fromHost(memory, dtype, shape, device);
    }

    /// The elements of an `F32` array, copied.
    ///
    /// @throws IllegalStateException if the array has another dtype
    public float[] toFloatArray() {
        require(DType.F32);
        return memory.toArray(FLOAT);
    }

    /// The elements of a `U8` array, copied.
    ///
    /// @throws IllegalStateException if the array has another dtype
    public byte[] toByteArray() {
        require(DType.U8);
        return memory.toArray(BYTE);
    }

    /// The elements of an `I64` array, copied.
    ///
    /// @throws IllegalStateException if the array has another dtype
    public long[] toLongArray() {
        require(DType.I64);
        return memory.toArray(LONG);
    }

    private void require(DType wanted) {
        if (dtype != wanted) {
            throw new IllegalStateException("the array is " + dtype + shape + ", not " + wanted);
        }
    }
}
