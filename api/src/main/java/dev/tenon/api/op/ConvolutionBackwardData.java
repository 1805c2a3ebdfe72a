package dev.tenon.api.op;

import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The gradient of a [Convolution] with respect to its input; also the transposed convolution. Operands: the
/// gradient of
/// the result `[n, o, windows...]` and the weight `[o, c / groups, kernel...]`.
///
/// @param convolution the convolution
/// @param input the shape of its input
public record ConvolutionBackwardData(Convolution convolution, Shape input) implements Composite {
    @Override
    public String name() {
        return convolution.name() + "_backward_data";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType g = in.get(0);
        TensorType x = TensorType.of(g.dtype(), input);
        Shape expected = convolution.infer(List.of(x, in.get(1))).getFirst().shape();
        if (!expected.equals(g.shape())) {
            throw new TensorException(name() + ": input " + input + " and weight " + in.get(1).shape() + " give "
                    + expected
                    + ", the gradient has " + g.shape());
        }
        return List.of(x);
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor g = in.get(0);
        Tensor w = in.get(1);
        WindowGeometry geometry = convolution.geometry();
        int groups = convolution.groups();
        int s = geometry.axes();
        if (g.elements() == 0 || w.elements() == 0) {
            return List.of(Tensors.zeros(input, g.dtype(), g.device()));
        }
        List<Integer> low = new ArrayList<>();
        List<Integer> high = new ArrayList<>();
        int[] spatial = new int[s];
        Tensor spread = g;
        for (int i = 0; i < s; i++) {
            int a = i + 2;
            spatial[i] = a;
            long length = (g.size(a) - 1) * geometry.stride().get(i) + 1;
            if (geometry.stride().get(i) > 1) {
                Tensor zeros = Tensors.zeros(spread.shape().with(a, length), g.dtype(), g.device());
                ViewOp every = new ViewOp.Slice(a, 0, g.size(a), geometry.stride().get(i));
                spread = Dispatcher.run(new ViewScatter(every), zeros, spread);
            }
            long reach = (long) geometry.dilation().get(i) * (w.size(a) - 1);
            low.add((int) (reach - geometry.padLow().get(i)));
            high.add((int) (input.dim(a) + reach - length - low.get(i)));
        }
        Shape kernel = w.shape().slice(2, w.rank());
        Tensor turned = w.flip(spatial)
                .reshape(Shape.of(groups, w.size(0) / groups, w.size(1)).concat(kernel))
                .transpose(1, 2)
                .reshape(Shape.of(groups * w.size(1), w.size(0) / groups).concat(kernel));
        WindowGeometry around = new WindowGeometry(Collections.nCopies(s, 1), low, high, geometry.dilation());
        return List.of(Dispatcher.run(new Convolution(around, groups), spread, turned));
    }
}
