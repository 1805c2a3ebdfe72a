package dev.tenon.api.op;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Cross-correlation, as neural networks use it, over any number of spatial axes. Operands: input `[n, c, spatial...]`,
/// weight `[o, c / groups, kernel...]` and, optionally, bias `[o]`. Result: `[n, o, windows...]`.
///
/// @param geometry how the windows slide
/// @param groups into how many independent groups channels are cut
public record Convolution(WindowGeometry geometry, int groups) implements Composite {
    @Override
    public String name() {
        return "conv" + geometry.axes() + "d";
    }

    @Override
    public List<TensorType> infer(List<TensorType> in) {
        TensorType x = in.get(0);
        TensorType w = in.get(1);
        int rank = geometry.axes() + 2;
        if (x.rank() != rank || w.rank() != rank) {
            throw new TensorException(name() + ": input " + x.shape() + ", weight " + w.shape() + ": expected " + rank
                    + " axes each, [n, c, spatial...] and [o, c / groups, kernel...]");
        }
        if (x.dtype() != w.dtype() || x.dtype() == DType.BOOL) {
            throw new TensorException(name() + ": input " + x.dtype() + ", weight " + w.dtype()
                    + ": expected one dtype other than bool; convert with to(DType)");
        }
        long c = x.shape().dim(1);
        long o = w.shape().dim(0);
        if (groups < 1 || c != w.shape().dim(1) * groups || o % groups != 0) {
            throw new TensorException(name() + ": input " + x.shape() + ", weight " + w.shape() + ", groups " + groups
                    + ": the weight takes " + w.shape().dim(1) * groups + " channels, the input has " + c
                    + ", and groups must divide both " + c + " and " + o);
        }
        if (in.size() > 2 && (!in.get(2).shape().equals(Shape.of(o)) || in.get(2).dtype() != x.dtype())) {
            throw new TensorException(name() + ": bias " + in.get(2) + ": expected " + x.dtype() + "[" + o + "]");
        }
        long[] dims = new long[rank];
        dims[0] = x.shape().dim(0);
        dims[1] = o;
        for (int i = 2; i < rank; i++) {
            dims[i] = geometry.windows(name(), i - 2, x.shape().dim(i), w.shape().dim(i), false);
        }
        return List.of(TensorType.of(x.dtype(), Shape.of(dims)));
    }

    @Override
    public List<Tensor> decompose(List<Tensor> in) {
        Tensor w = in.get(1);
        Shape out = infer(in.stream().map(Tensor::type).toList()).getFirst().shape();
        Tensor columns = columns(in.get(0), w.shape(), out.slice(2, out.rank()));
        Tensor matrix = w.reshape(groups, w.size(0) / groups, w.elements() / Math.max(1, w.size(0)));
        Tensor y = matrix.matmul(columns.mT()).reshape(out);
        if (in.size() > 2) {
            long[] channels = new long[out.rank()];
            Arrays.fill(channels, 1);
            channels[1] = out.dim(1);
            y = y.add(in.get(2).reshape(channels));
        }
        return List.of(y);
    }

    /// The input's windows as rows, `[n, groups, windows, c / groups * positions]`.
    Tensor columns(Tensor x, Shape weight, Shape windows) {
        int s = geometry.axes();
        List<Integer> size = new ArrayList<>();
        for (int i = 0; i < s; i++) {
            size.add((int) weight.dim(i + 2));
        }
        Tensor t = geometry.unfold(x, 0, windows, size).unflatten(1, groups, weight.dim(1));
        int[] order = new int[3 + 2 * s];
        order[1] = 1;
        for (int i = 0; i < s; i++) {
            order[2 + i] = 3 + i;
            order[3 + s + i] = 3 + s + i;
        }
        order[2 + s] = 2;
        Tensor rows = t.permute(order);
        return rows.reshape(x.size(0), groups, windows.elements(), weight.slice(1, weight.rank()).elements());
    }
}
