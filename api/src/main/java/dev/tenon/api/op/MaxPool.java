package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.List;

/// The largest element of each window of `[n, c, spatial...]`. Outputs: the values `[n, c, windows...]`, and as
/// `I64` the
/// row-major position of each within its channel's plane. Padding never wins; NaN does; of several the first.
///
/// @param kernel positions in a window, for each spatial axis
/// @param geometry how the windows slide; padding is at most half the window
/// @param ceil whether a last window may reach over the end
public record MaxPool(List<Integer> kernel, WindowGeometry geometry, boolean ceil) implements Composite {
    /// Copies the kernel.
    public MaxPool {
        kernel = List.copyOf(kernel);
    }

    @Override
    public String name() {
        return "max_pool" + geometry.axes() + "d";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.getFirst();
        Shape out = outputShape(name(), x, kernel, geometry, ceil);
        return List.of(TensorType.of(x.dtype(), out), TensorType.of(DType.I64, out));
    }

    static Shape outputShape(String op, TensorType x, List<Integer> kernel, WindowGeometry geometry, boolean ceil) {
        int s = geometry.axes();
        if (x.rank() != s + 2 || kernel.size() != s || x.dtype() == DType.BOOL) {
            throw new TensorException(op + ": input " + x + ", window " + kernel + ": expected numbers [n, c, "
                    + s + " spatial axes] and " + s + " window sizes");
        }
        long[] dims = x.shape().toArray();
        for (int i = 0; i < s; i++) {
            if (geometry.padLow().get(i) * 2 > kernel.get(i) || geometry.padLow().get(i) < 0) {
                throw new TensorException(op + ": padding " + geometry.padLow().get(i) + " for a window of "
                        + kernel.get(i) + ": expected at most half of it");
            }
            dims[i + 2] = geometry.windows(op, i, dims[i + 2], kernel.get(i), ceil);
        }
        return Shape.of(dims);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor x = in.getFirst();
        Shape out = infer(List.of(x.type())).getFirst().shape();
        Tensor windows = geometry.unfold(x, Double.NEGATIVE_INFINITY, out.slice(2, out.rank()), kernel)
                .reshape(out.concat(Shape.of(kernel.stream().mapToLong(k -> k).reduce(1, (a, b) -> a * b))));
        Tensor at = windows.argmax(-1, true);
        Tensor values = windows.gather(-1, at).squeeze(-1);
        return List.of(values, Dispatcher.run(MapOp.of("max_pool_position", positions(x.shape())), at.squeeze(-1)));
    }

    /// From the position within the window to that within the plane.
    private Lambda positions(Shape input) {
        Expr rest = Exprs.in(0, DType.I64);
        Expr plane = Exprs.constant(Kind.I64, 0L);
        long pitch = 1;
        for (int i = geometry.axes() - 1; i >= 0; i--) {
            Expr size = Exprs.constant(Kind.I64, (long) kernel.get(i));
            Expr inWindow = Exprs.binary(BinaryFn.REM, rest, size);
            rest = Exprs.div(rest, size);
            Expr start = Exprs.mul(new Expr.Index(i + 2), Exprs.constant(Kind.I64, (long) geometry.stride().get(i)));
            Expr along = Exprs.mul(inWindow, Exprs.constant(Kind.I64, (long) geometry.dilation().get(i)));
            Expr position = Exprs.sub(
                    Exprs.add(start, along), Exprs.constant(Kind.I64, (long) geometry.padLow().get(i)));
            plane = Exprs.add(plane, Exprs.mul(position, Exprs.constant(Kind.I64, pitch)));
            pitch *= input.dim(i + 2);
        }
        return Lambda.of(plane, DType.I64);
    }
}
