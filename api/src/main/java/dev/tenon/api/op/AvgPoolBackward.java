package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.List;

/// The gradient of an [AvgPool] with respect to its input. Operand: the gradient of the means.
///
/// @param pool the pooling
/// @param input the shape of the pooled tensor
public record AvgPoolBackward(AvgPool pool, Shape input) implements Composite {
    @Override
    public String name() {
        return pool.name() + "_backward";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType g = in.getFirst();
        TensorType x = TensorType.of(g.dtype(), input);
        Shape expected = pool.infer(List.of(x)).getFirst().shape();
        if (!expected.equals(g.shape())) {
            throw new TensorException(name() + ": input " + input + " gives " + expected + ", the gradient has "
                    + g.shape());
        }
        return List.of(x);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor g = in.getFirst();
        WindowGeometry geometry = pool.geometry();
        Shape planes = Shape.of(input.dim(0) * input.dim(1), 1);
        Shape spatial = input.slice(2, input.rank());
        Shape windows = g.shape().slice(2, g.rank());
        // Each window's share goes back to its positions: a transposed convolution with ones over single planes, wide
        // enough for windows that reach over the end.
        long[] wide = spatial.toArray();
        for (int i = 0; i < wide.length; i++) {
            long needed = (windows.dim(i) - 1) * geometry.stride().get(i) + pool.kernel().get(i);
            wide[i] = Math.max(wide[i], needed - geometry.padLow().get(i) - geometry.padHigh().get(i));
        }
        Tensor ones = Tensors.ones(
                Shape.of(1, 1).concat(Shape.of(pool.kernel().stream().mapToLong(k -> k).toArray())),
                g.dtype(),
                g.device());
        Tensor share = pool.divided(g, input).reshape(planes.concat(windows));
        Convolution sum = new Convolution(geometry, 1);
        Tensor x = Dispatcher.run(new ConvolutionBackwardData(sum, planes.concat(Shape.of(wide))), share, ones);
        for (int i = 0; i < wide.length; i++) {
            x = x.narrow(i + 2, 0, spatial.dim(i));
        }
        return List.of(x.contiguous().reshape(input));
    }
}
