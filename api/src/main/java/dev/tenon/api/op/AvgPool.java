package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// The mean of each window of `[n, c, spatial...]`; of integers truncated towards zero.
///
/// @param kernel positions in a window, for each spatial axis
/// @param geometry how the windows slide; padding is at most half the window, dilation is 1
/// @param ceil whether a last window may reach over the end; what lies there is not counted
/// @param countPadding whether padding counts in the mean
/// @param divisor what sums are divided by, instead of the number of positions
public record AvgPool(
        List<Integer> kernel, WindowGeometry geometry, boolean ceil, boolean countPadding, OptionalLong divisor)
        implements Composite {
    /// Copies the kernel.
    public AvgPool {
        kernel = List.copyOf(kernel);
    }

    @Override
    public String name() {
        return "avg_pool" + geometry.axes() + "d";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        return List.of(TensorType.of(x.dtype(), MaxPool.outputShape(name(), x, kernel, geometry, ceil)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor x = in.getFirst();
        Shape out = infer(List.of(x.type())).getFirst().shape();
        int[] positions = IntStream.range(out.rank(), out.rank() + geometry.axes()).toArray();
        Tensor sums = geometry.unfold(x, 0, out.slice(2, out.rank()), kernel).sum(positions, false, x.dtype());
        return List.of(divided(sums, x.shape()));
    }

    /// Each element of a tensor with one element a window, divided by what that window's sum is divided by.
    Tensor divided(Tensor sums, Shape input) {
        Expr count = Exprs.constant(Kind.I64, 1L);
        if (divisor.isPresent()) {
            count = Exprs.constant(Kind.I64, divisor.getAsLong());
        } else {
            for (int i = 0; i < geometry.axes(); i++) {
                count = Exprs.mul(count, counted(i, input.dim(i + 2)));
            }
        }
        DType work = sums.dtype().kind().dtype();
        Expr mean = Exprs.div(Exprs.in(0, sums.dtype()), Exprs.cast(work, count));
        return Dispatcher.run(MapOp.of(name(), Lambda.of(mean, sums.dtype())), sums);
    }

    /// How many positions of the window at this element's place count along a spatial axis.
    private Expr counted(int axis, long extent) {
        Expr start = Exprs.sub(
                Exprs.mul(new Expr.Index(axis + 2), constant(geometry.stride().get(axis))),
                constant(geometry.padLow().get(axis)));
        Expr end = Exprs.add(start, constant(kernel.get(axis)));
        long last = countPadding ? extent + geometry.padHigh().get(axis) : extent;
        Expr from = countPadding ? start : Exprs.binary(BinaryFn.MAX, start, constant(0));
        return Exprs.sub(Exprs.binary(BinaryFn.MIN, end, constant(last)), from);
    }

    private static Expr constant(long value) {
        return Exprs.constant(Kind.I64, value);
    }
}
