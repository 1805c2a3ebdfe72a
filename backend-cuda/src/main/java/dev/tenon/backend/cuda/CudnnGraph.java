package dev.tenon.backend.cuda;

import dev.tenon.api.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/// A graph of cuDNN's operations while it is made: tensors by their numbers, what is between two operations, and the
/// operations in the order in which they are computed. What is between operations stays in `F32`.
final class CudnnGraph {
    private final CudnnDescriptors d;
    private final int operands;
    private final List<Long> operations = new ArrayList<>();
    private final List<Place> scratch = new ArrayList<>();
    private final List<Constant> constants = new ArrayList<>();
    private long scratchBytes;
    private long next;

    /// A tensor that lies in scratch memory.
    record Place(long id, long offset) {}

    /// A number that a plan is given with the addresses, by the address of host memory where it lies.
    record Constant(long id, float value) {}

    /// @param operands how many tensors have addresses that a run is given
    CudnnGraph(CudnnDescriptors d, int operands) {
        this.d = d;
        this.operands = operands;
        this.next = operands + 1;
    }

    CudnnDescriptors descriptors() {
        return d;
    }

    /// The numbers of the tensors whose addresses a run is given: 1, 2, ...
    List<Long> ids() {
        return LongStream.rangeClosed(1, operands).boxed().toList();
    }

    /// The tensors in scratch memory, before that of the engine.
    List<Place> scratch() {
        return List.copyOf(scratch);
    }

    long scratchBytes() {
        return scratchBytes;
    }

    List<Constant> constants() {
        return List.copyOf(constants);
    }

    /// The library's number for a type of data.
    static int type(DType dtype) {
        return switch (dtype) {
            case F32 -> CudnnCode.DATA_FLOAT;
            case F64 -> CudnnCode.DATA_DOUBLE;
            case F16 -> CudnnCode.DATA_HALF;
            case BF16 -> CudnnCode.DATA_BFLOAT16;
            default -> throw new IllegalArgumentException("cuDNN computes no " + dtype);
        };
    }

    /// The tensor whose address is the one at `index` of those that a run is given.
    long operand(int index, DType dtype, TensorLayout layout) {
        return d.finish(tensor(index + 1, type(dtype), layout), "a tensor");
    }

    /// A tensor between two operations, which has no address.
    long between(int type, TensorLayout layout) {
        long t = tensor(next++, type, layout);
        d.flag(t, CudnnCode.ATTR_TENSOR_IS_VIRTUAL, true);
        return d.finish(t, "a tensor between operations");
    }

    long between(TensorLayout layout) {
        return between(CudnnCode.DATA_FLOAT, layout);
    }

    /// A tensor of `F32` in scratch memory.
    long scratch(TensorLayout layout) {
        scratch.add(new Place(next, scratchBytes));
        scratchBytes += layout.elements() * 4 + 255 & -256;
        return d.finish(tensor(next++, CudnnCode.DATA_FLOAT, layout), "a tensor in scratch memory");
    }

    /// A number of `F32`, as a tensor of so many axes.
    long constant(float value, int rank) {
        List<Long> ones = Collections.nCopies(rank, 1L);
        constants.add(new Constant(next, value));
        long t = tensor(next++, CudnnCode.DATA_FLOAT, new TensorLayout(ones, ones));
        d.flag(t, CudnnCode.ATTR_TENSOR_IS_BY_VALUE, true);
        return d.finish(t, "a number");
    }

    private long tensor(long id, int type, TensorLayout layout) {
        long t = d.create(CudnnCode.BACKEND_TENSOR_DESCRIPTOR);
        d.choice(t, CudnnCode.ATTR_TENSOR_DATA_TYPE, CudnnCode.TYPE_DATA_TYPE, type);
        d.integers(t, CudnnCode.ATTR_TENSOR_DIMENSIONS, layout.dims());
        d.integers(t, CudnnCode.ATTR_TENSOR_STRIDES, layout.strides());
        d.integer(t, CudnnCode.ATTR_TENSOR_UNIQUE_ID, id);
        d.integer(t, CudnnCode.ATTR_TENSOR_BYTE_ALIGNMENT, LibraryPlan.ALIGNMENT);
        return t;
    }

    /// Adds an operation that is filled in.
    void add(long operation, String what) {
        operations.add(d.finish(operation, what));
    }

    /// `y = f(x)`, or `y = f(x, b)`.
    ///
    /// @param b the second operand; 0 for none
    void pointwise(int mode, long x, long b, long y) {
        pointwise(function(mode, CudnnCode.DATA_FLOAT, -1), x, b, 0, y);
    }

    /// The same, with the result in a tensor of its own, which is returned.
    long pointwise(int mode, long x, long b, TensorLayout result) {
        long y = between(result);
        pointwise(mode, x, b, y);
        return y;
    }

    /// `y[.., i, j] = i <= j ...`: what the elements of `x` are where their place on one axis compares with that on
    /// another, and `other` elsewhere.
    ///
    /// @param mode the comparison of the place on axis `first` with that on axis `second`
    long where(int mode, int first, int second, long x, long other, TensorLayout layout) {
        long i = index(x, first, layout);
        long j = index(x, second, layout);
        long chosen = between(CudnnCode.DATA_BOOLEAN, layout);
        pointwise(function(mode, CudnnCode.DATA_BOOLEAN, -1), i, j, 0, chosen);
        long y = between(layout);
        pointwise(function(CudnnCode.POINTWISE_BINARY_SELECT, CudnnCode.DATA_FLOAT, -1), x, other, chosen, y);
        return y;
    }

    private long index(long x, int axis, TensorLayout layout) {
        long y = between(CudnnCode.DATA_INT32, layout);
        pointwise(function(CudnnCode.POINTWISE_GEN_INDEX, CudnnCode.DATA_FLOAT, axis), x, 0, 0, y);
        return y;
    }

    /// @param axis that of an index; -1 for other functions
    private long function(int mode, int precision, int axis) {
        long p = d.create(CudnnCode.BACKEND_POINTWISE_DESCRIPTOR);
        d.choice(p, CudnnCode.ATTR_POINTWISE_MODE, CudnnCode.TYPE_POINTWISE_MODE, mode);
        d.choice(p, CudnnCode.ATTR_POINTWISE_MATH_PREC, CudnnCode.TYPE_DATA_TYPE, precision);
        if (axis >= 0) {
            d.integer(p, CudnnCode.ATTR_POINTWISE_AXIS, axis);
        }
        return d.finish(p, "an elementwise function");
    }

    private void pointwise(long function, long x, long b, long t, long y) {
        long op = d.create(CudnnCode.BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_XDESC, x);
        if (b != 0) {
            d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_BDESC, b);
        }
        if (t != 0) {
            d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_TDESC, t);
        }
        d.descriptor(op, CudnnCode.ATTR_OPERATION_POINTWISE_YDESC, y);
        add(op, "an elementwise operation");
    }

    /// `c = a b`, matrices in the last two axes, added up in `F32`.
    void matmul(long a, long b, long c) {
        long m = d.create(CudnnCode.BACKEND_MATMUL_DESCRIPTOR);
        d.choice(m, CudnnCode.ATTR_MATMUL_COMP_TYPE, CudnnCode.TYPE_DATA_TYPE, CudnnCode.DATA_FLOAT);
        d.finish(m, "a matrix product");
        long op = d.create(CudnnCode.BACKEND_OPERATION_MATMUL_DESCRIPTOR);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_MATMUL_ADESC, a);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_MATMUL_BDESC, b);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_MATMUL_CDESC, c);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_MATMUL_DESC, m);
        add(op, "a matrix product");
    }

    /// Reduces the axes of `x` that have extent 1 in the result, which is returned.
    long reduce(int mode, long x, TensorLayout result) {
        long r = d.create(CudnnCode.BACKEND_REDUCTION_DESCRIPTOR);
        d.choice(r, CudnnCode.ATTR_REDUCTION_OPERATOR, CudnnCode.TYPE_REDUCTION_OPERATOR_TYPE, mode);
        d.choice(r, CudnnCode.ATTR_REDUCTION_COMP_TYPE, CudnnCode.TYPE_DATA_TYPE, CudnnCode.DATA_FLOAT);
        d.finish(r, "a reduction");
        long y = between(result);
        long op = d.create(CudnnCode.BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_REDUCTION_DESC, r);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_REDUCTION_XDESC, x);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_REDUCTION_YDESC, y);
        add(op, "a reduction");
        return y;
    }

    /// `x` with its last two axes exchanged, as another type of data.
    ///
    /// @param result the layout of the result, which is that of `x` seen so
    long transpose(long x, int type, TensorLayout result) {
        long y = between(type, result);
        long op = d.create(CudnnCode.BACKEND_OPERATION_RESHAPE_DESCRIPTOR);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_RESHAPE_XDESC, x);
        d.descriptor(op, CudnnCode.ATTR_OPERATION_RESHAPE_YDESC, y);
        add(op, "a transposition");
        return y;
    }

    /// The descriptor of the whole.
    ///
    /// @param handle the library's; 0 for a device that is only described
    long finish(long handle) {
        long graph = d.create(CudnnCode.BACKEND_OPERATIONGRAPH_DESCRIPTOR);
        if (handle != 0) {
            d.longs(graph, CudnnCode.ATTR_OPERATIONGRAPH_HANDLE, CudnnCode.TYPE_HANDLE, List.of(handle));
        }
        d.descriptors(graph, CudnnCode.ATTR_OPERATIONGRAPH_OPS, operations);
        return d.finish(graph, "an operation graph");
    }
}
