package dev.tenon.api;

import dev.tenon.api.DType.Kind;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Cat;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Makes tensors, and joins them: what `torch.zeros`, `torch.arange`, `torch.cat` are in PyTorch. Worth a static
/// import.
/// Where no dtype is given it is `F32`; where no device is given, the default one.
public final class Tensors {
    private Tensors() {}

    // --- from Java values

    /// A scalar.
    public static Tensor scalar(double value) {
        return full(Shape.SCALAR, value, DType.F32, Device.getDefault());
    }

    /// A scalar that takes part in promotion with `with` as a plain floating-point number does: it does not widen a
    /// floating-point operand, and makes others `F32`.
    public static Tensor number(double value, Tensor with) {
        boolean same = with.dtype() == DType.F64 || with.dtype().isFloating() && with.rank() == 0;
        return full(Shape.SCALAR, value, same ? with.dtype() : DType.F32, with.device());
    }

    /// A scalar that takes part in promotion with `with` as a plain integer does: it only changes the dtype of truth
    /// values, to `I64`.
    public static Tensor number(long value, Tensor with) {
        DType d = with.dtype();
        if (d.isFloating()) {
            return number((double) value, with);
        }
        return full(Shape.SCALAR, value, d == DType.BOOL ? DType.I64 : d, with.device());
    }

    /// A vector of `F32`.
    public static Tensor of(float... values) {
        return of(values, Shape.of(values.length), Device.getDefault());
    }

    /// A vector of `F64`.
    public static Tensor of(double... values) {
        return of(values, Shape.of(values.length), Device.getDefault());
    }

    /// A vector of `I64`.
    public static Tensor of(long... values) {
        return of(values, Shape.of(values.length), Device.getDefault());
    }

    /// A vector of `I32`.
    public static Tensor of(int... values) {
        return of(values, Shape.of(values.length), Device.getDefault());
    }

    /// A vector of `BOOL`.
    public static Tensor of(boolean... values) {
        byte[] b = new byte[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) (values[i] ? 1 : 0);
        }
        return of(b, DType.BOOL, Shape.of(b.length), Device.getDefault());
    }

    /// A matrix of `F32`, row by row.
    ///
    /// @throws TensorException if the rows differ in length
    public static Tensor of(float[][] rows) {
        int columns = rows.length == 0 ? 0 : rows[0].length;
        float[] all = new float[rows.length * columns];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != columns) {
                throw new TensorException("a matrix needs rows of one length: row 0 has " + columns + ", row " + i
                        + " has "
                        + rows[i].length);
            }
            System.arraycopy(rows[i], 0, all, i * columns, columns);
        }
        return of(all, Shape.of(rows.length, columns), Device.getDefault());
    }

    /// An `F32` tensor of row-major values.
    public static Tensor of(float[] values, Shape shape, Device device) {
        return fromHost(MemorySegment.ofArray(values), values.length, DType.F32, shape, device);
    }

    /// An `F64` tensor of row-major values.
    public static Tensor of(double[] values, Shape shape, Device device) {
        return fromHost(MemorySegment.ofArray(values), values.length, DType.F64, shape, device);
    }

    /// An `I64` tensor of row-major values.
    public static Tensor of(long[] values, Shape shape, Device device) {
        return fromHost(MemorySegment.ofArray(values), values.length, DType.I64, shape, device);
    }

    /// An `I32` tensor of row-major values.
    public static Tensor of(int[] values, Shape shape, Device device) {
        return fromHost(MemorySegment.ofArray(values), values.length, DType.I32, shape, device);
    }

    /// A `U8`, `I8` or `BOOL` tensor of row-major values.
    public static Tensor of(byte[] values, DType dtype, Shape shape, Device device) {
        if (dtype.bytes() != 1) {
            throw new TensorException("bytes make a tensor of dtype u8, i8 or bool, not " + dtype);
        }
        return fromHost(MemorySegment.ofArray(values), values.length, dtype, shape, device);
    }

    private static Tensor fromHost(MemorySegment values, long count, DType dtype, Shape shape, Device device) {
        if (count != shape.elements()) {
            throw new TensorException(count + " values for shape " + shape + ", which has " + shape.elements()
                    + " elements");
        }
        return Transfers.fromHost(values, TensorType.of(dtype, shape), device);
    }

    /// A tensor of the bytes of host memory: row-major elements in native byte order.
    ///
    /// @throws TensorException if the memory is too small
    public static Tensor fromHost(MemorySegment values, DType dtype, Shape shape, Device device) {
        return Transfers.fromHost(values, TensorType.of(dtype, shape), device);
    }

    // --- filled

    /// A tensor with unspecified contents.
    public static Tensor empty(Shape shape, DType dtype, Device device) {
        return Context.isRecording() ? full(shape, 0, dtype, device)
                : Dispatcher.empty(TensorType.of(dtype, shape), device);
    }

    /// Zeros.
    public static Tensor zeros(long... dims) {
        return zeros(Shape.of(dims), DType.F32, Device.getDefault());
    }

    /// Zeros.
    public static Tensor zeros(Shape shape, DType dtype, Device device) {
        return full(shape, 0, dtype, device);
    }

    /// Zeros of the shape, dtype and device of another tensor.
    public static Tensor zerosLike(Tensor x) {
        return full(x.shape(), 0, x.dtype(), x.device());
    }

    /// Ones.
    public static Tensor ones(long... dims) {
        return ones(Shape.of(dims), DType.F32, Device.getDefault());
    }

    /// Ones.
    public static Tensor ones(Shape shape, DType dtype, Device device) {
        return full(shape, 1, dtype, device);
    }

    /// Ones of the shape, dtype and device of another tensor.
    public static Tensor onesLike(Tensor x) {
        return full(x.shape(), 1, x.dtype(), x.device());
    }

    /// One number everywhere.
    public static Tensor full(Shape shape, double value, DType dtype, Device device) {
        Scalars number = dtype.isFloating() ? Scalars.of(value) : Scalars.ofBits((long) value);
        Lambda fill = Lambda.of(new Expr.Param(dtype.kind(), 0), dtype);
        return Dispatcher.create(new MapOp("full", fill, shape, number), device);
    }

    /// One number in the shape, dtype and device of another tensor.
    public static Tensor fullLike(Tensor x, double value) {
        return full(x.shape(), value, x.dtype(), x.device());
    }

    /// 0, 1, ... up to before `stop`, as `I64`.
    public static Tensor arange(long stop) {
        return arange(0, stop, 1, DType.I64, Device.getDefault());
    }

    /// `start`, `start + step`, ... up to before `stop`.
    ///
    /// @throws TensorException if the step is 0 or leads away from `stop`
    public static Tensor arange(double start, double stop, double step, DType dtype, Device device) {
        double count = Math.ceil((stop - start) / step);
        if (step == 0 || !(count >= 0)) {
            throw new TensorException("arange: from " + start + " to " + stop + " by steps of " + step
                    + " leads nowhere");
        }
        boolean whole = !dtype.isFloating();
        DType work = whole ? DType.I64 : DType.F64;
        Expr at = Exprs.cast(work, new Expr.Index(0));
        Expr value = Exprs.add(
                new Expr.Param(work.kind(), 0), Exprs.mul(at, new Expr.Param(work.kind(), 1)));
        Scalars numbers = whole ? Scalars.ofBits((long) start, (long) step) : Scalars.of(start, step);
        Lambda body = Lambda.of(value, dtype);
        return Dispatcher.create(new MapOp("arange", body, Shape.of((long) count), numbers), device);
    }

    /// `count` numbers evenly from `start` to `stop`, both included.
    ///
    /// @throws TensorException if the count is negative
    public static Tensor linspace(double start, double stop, long count, DType dtype, Device device) {
        if (count < 0) {
            throw new TensorException("linspace: " + count + " numbers: expected at least 0");
        }
        Expr i = new Expr.Index(0);
        Expr fromStart = Exprs.add(
                new Expr.Param(Kind.F64, 0), Exprs.mul(Exprs.cast(DType.F64, i), new Expr.Param(Kind.F64, 2)));
        Expr back = Exprs.sub(new Expr.Param(Kind.I64, 3), i);
        Expr fromStop = Exprs.sub(
                new Expr.Param(Kind.F64, 1), Exprs.mul(Exprs.cast(DType.F64, back), new Expr.Param(Kind.F64, 2)));
        // From both ends, so that both are met exactly.
        Expr firstHalf = Exprs.binary(
                BinaryFn.LT, Exprs.mul(i, Exprs.constant(Kind.I64, 2L)), new Expr.Param(Kind.I64, 3));
        double step = count > 1 ? (stop - start) / (count - 1) : 0;
        Expr value = count > 1 ? Exprs.select(firstHalf, fromStart, fromStop) : fromStart;
        Scalars numbers = Scalars.ofBits(
                Double.doubleToRawLongBits(start),
                Double.doubleToRawLongBits(stop),
                Double.doubleToRawLongBits(step),
                count - 1);
        return Dispatcher.create(new MapOp("linspace", Lambda.of(value, dtype), Shape.of(count), numbers), device);
    }

    /// The identity matrix.
    public static Tensor eye(long n) {
        return eye(n, n, DType.F32, Device.getDefault());
    }

    /// Ones on the diagonal, zeros elsewhere.
    public static Tensor eye(long rows, long columns, DType dtype, Device device) {
        Expr same = Exprs.binary(BinaryFn.EQ, new Expr.Index(0), new Expr.Index(1));
        Lambda body = Lambda.of(same, dtype);
        return Dispatcher.create(new MapOp("eye", body, Shape.of(rows, columns), Scalars.NONE), device);
    }

    // --- random

    /// Sets the seed of the default generator.
    public static void manualSeed(long seed) {
        Generator.getDefault().manualSeed(seed);
    }

    /// Uniform in [0, 1).
    public static Tensor rand(long... dims) {
        return rand(Shape.of(dims), DType.F32, Device.getDefault(), Generator.getDefault());
    }

    /// Uniform in [0, 1).
    public static Tensor rand(Shape shape, DType dtype, Device device, Generator generator) {
        return uniform(shape, 0, 1, dtype, device, generator);
    }

    /// Uniform in [low, high).
    public static Tensor uniform(Shape shape, double low, double high, DType dtype, Device device,
            Generator generator) {
        return Randoms.uniform(shape, low, high, dtype, device, generator);
    }

    /// Standard normal.
    public static Tensor randn(long... dims) {
        return randn(Shape.of(dims), DType.F32, Device.getDefault(), Generator.getDefault());
    }

    /// Standard normal.
    public static Tensor randn(Shape shape, DType dtype, Device device, Generator generator) {
        return normal(shape, 0, 1, dtype, device, generator);
    }

    /// Normal with the given mean and standard deviation (Box and Muller's transform).
    public static Tensor normal(
            Shape shape, double mean, double deviation, DType dtype, Device device, Generator generator) {
        return Randoms.normal(shape, mean, deviation, dtype, device, generator);
    }

    /// Uniform integers in [low, high) as `I64`.
    public static Tensor randint(long low, long high, Shape shape, Device device, Generator generator) {
        return Randoms.integers(low, high, shape, device, generator);
    }

    /// Truth values, each true with probability `p`.
    public static Tensor bernoulli(Shape shape, double p, Device device, Generator generator) {
        return Randoms.bernoulli(shape, p, device, generator);
    }

    /// A random permutation of 0 to n-1, as `I64`.
    public static Tensor randperm(long n, Device device, Generator generator) {
        return rand(Shape.of(n), DType.F64, device, generator).argsort(0, false);
    }

    /// Numbers of categories drawn with probabilities in proportion to weights, as `I64`.
    ///
    /// @param weights not negative, `[categories]` or `[n, categories]`
    /// @param replacement whether a category may be drawn again
    /// @throws TensorException if nothing is to be drawn, or more than there is
    public static Tensor multinomial(Tensor weights, long samples, boolean replacement, Generator generator) {
        return Randoms.multinomial(weights, samples, replacement, generator);
    }

    // --- joined

    /// Tensors one after the other along an existing axis.
    ///
    /// @throws TensorException if other extents than that of the axis differ
    public static Tensor cat(int axis, Tensor... parts) {
        return cat(axis, Arrays.asList(parts));
    }

    /// Tensors one after the other along an existing axis.
    ///
    /// @throws TensorException if other extents than that of the axis differ
    public static Tensor cat(int axis, List<Tensor> parts) {
        if (parts.isEmpty()) {
            throw new TensorException("cat: needs at least one tensor");
        }
        DType dtype = Promotion.of(parts);
        Tensor longest = parts.getFirst();
        List<Tensor> used = new ArrayList<>();
        for (Tensor p : parts) {
            // As in PyTorch, an empty vector fits everywhere.
            if (p.rank() != 1 || p.elements() > 0) {
                used.add(p.to(dtype));
                longest = p;
            }
        }
        if (used.isEmpty()) {
            used.add(longest.to(dtype));
        }
        return Dispatcher.apply(new Cat(longest.shape().axis(axis)), used).getFirst();
    }

    /// Tensors of one shape side by side along a new axis.
    public static Tensor stack(int axis, Tensor... parts) {
        return stack(axis, Arrays.asList(parts));
    }

    /// Tensors of one shape side by side along a new axis.
    ///
    /// @throws TensorException if the shapes differ
    public static Tensor stack(int axis, List<Tensor> parts) {
        for (Tensor p : parts) {
            if (!p.shape().equals(parts.getFirst().shape())) {
                throw new TensorException("stack: shapes " + parts.getFirst().shape() + " and " + p.shape()
                        + " differ");
            }
        }
        return cat(axis, parts.stream().map(p -> p.unsqueeze(axis)).toList());
    }

    /// Where the condition is not zero the first tensor's elements, elsewhere the second's; all broadcast.
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return a.where(condition, b);
    }

    /// A tensor with a margin of one number: `widths` holds before and after for the last axis, then for the one before
    /// it, and so on, as PyTorch's `pad`; negative widths cut off.
    public static Tensor pad(Tensor x, double value, long... widths) {
        return Pad.of(x, value, widths);
    }

    /// The tensors repeated, as views, to the shape to which they all broadcast.
    public static List<Tensor> broadcastTensors(List<Tensor> parts) {
        return Joining.broadcast(parts);
    }

    /// For each vector, its values over the grid that the vectors span.
    ///
    /// @param xy whether the first two axes of the grid are exchanged, as in plots
    public static List<Tensor> meshgrid(List<Tensor> parts, boolean xy) {
        return Joining.meshgrid(parts, xy);
    }

    /// Tensors side by side: along the second axis, vectors along the first.
    public static Tensor hstack(List<Tensor> parts) {
        return Joining.horizontally(parts);
    }

    /// Tensors one below the other: along the first axis, after vectors have become rows.
    public static Tensor vstack(List<Tensor> parts) {
        return Joining.vertically(parts);
    }

    /// Tensors one behind the other: along the third axis, which those have that lack it.
    public static Tensor dstack(List<Tensor> parts) {
        return Joining.inDepth(parts);
    }

    /// Vectors as columns, and matrices, side by side.
    public static Tensor columnStack(List<Tensor> parts) {
        return Joining.columns(parts);
    }

    /// Matrices along the diagonal of a matrix of zeros.
    public static Tensor blockDiag(List<Tensor> parts) {
        return Joining.blockDiagonal(parts);
    }

    /// All the combinations of an element of each vector, one row each.
    public static Tensor cartesianProd(List<Tensor> parts) {
        return Joining.product(parts);
    }

    /// All the choices of `size` elements of a vector in their order, one row each.
    public static Tensor combinations(Tensor x, int size, boolean withReplacement) {
        return Joining.combinations(x, size, withReplacement);
    }

    /// Einstein's summation: `einsum("bij,bjk->bik", a, b)`. Letters name axes; those that the right side leaves out
    /// are summed over, those that a term names twice are taken along their diagonal, and `...` stands for any others.
    ///
    /// @throws TensorException if the equation does not fit the operands
    public static Tensor einsum(String equation, Tensor... operands) {
        return Einsum.of(equation, Arrays.asList(operands));
    }

    /// `base` to the power of `count` numbers evenly from `start` to `stop`.
    public static Tensor logspace(double start, double stop, long count, double base, DType dtype, Device device) {
        return Joining.logspace(start, stop, count, base, dtype, device);
    }

    /// The positions of a matrix's elements on and above (or below, if `lower`) a diagonal: a row of row numbers and
    /// one of column numbers.
    public static Tensor triangleIndices(
            long rows, long columns, long diagonal, boolean lower, DType dtype, Device device) {
        return Joining.triangleIndices(rows, columns, diagonal, lower, dtype, device);
    }

    /// The powers of each element in a new last axis of `columns` columns, from the highest to the zeroth, or the other
    /// way round where `increasing`.
    public static Tensor vander(Tensor x, long columns, boolean increasing) {
        return Joining.vander(x, columns, increasing);
    }
}
