package dev.tenon.opencl;

import dev.tenon.api.DType;
import dev.tenon.api.Dispatcher;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.AvgPool;
import dev.tenon.api.op.AvgPoolBackward;
import dev.tenon.api.op.BinaryFn;
import dev.tenon.api.op.Convolution;
import dev.tenon.api.op.ConvolutionBackwardData;
import dev.tenon.api.op.ConvolutionBackwardWeight;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.FusedConvolution;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MaxPool;
import dev.tenon.api.op.MaxPoolBackward;
import dev.tenon.api.op.Scalars;
import dev.tenon.api.op.WindowGeometry;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Native kernels of composites against their decompositions, which the reference backend runs.
class OpenClCompositesTest {

    @BeforeAll
    static void device() {
        Twins.requireOpenCl();
    }

    private static void convolutions(DType dtype, WindowGeometry geometry, int groups, Shape input, Shape weight) {
        Convolution c = new Convolution(geometry, groups);
        // The decomposition rounds the sums of each image.
        double tolerance = dtype == DType.F64 ? 1e-12 : dtype == DType.F32 ? 1e-4 : 0.1;
        Twins.compare(c + " " + dtype, tolerance, d -> {
            Tensor x = Twins.data(d, dtype, 1, input.toArray());
            Tensor w = Twins.data(d, dtype, 2, weight.toArray());
            Tensor bias = Twins.data(d, dtype, 3, weight.dim(0));
            Tensor y = Dispatcher.run(c, x, w);
            Tensor g = Twins.data(d, dtype, 4, y.shape().toArray());
            return List.of(y, Dispatcher.run(c, x, w, bias),
                    Dispatcher.run(new ConvolutionBackwardData(c, input), g, w),
                    Dispatcher.run(new ConvolutionBackwardWeight(c, weight), x, g));
        });
    }

    @Test
    void convolutionsAndGradients() {
        convolutions(DType.F32, WindowGeometry.of(2, 1, 2, 1), 1, Shape.of(3, 2, 11, 12), Shape.of(20, 2, 5, 5));
        convolutions(DType.F64, new WindowGeometry(List.of(2, 1), List.of(1, 0), List.of(0, 2), List.of(1, 2)), 2,
                Shape.of(2, 4, 9, 10), Shape.of(6, 2, 3, 2));
        convolutions(DType.F32, WindowGeometry.of(1, 3, 1, 1), 1, Shape.of(2, 3, 40), Shape.of(4, 3, 4));
        convolutions(DType.BF16, WindowGeometry.of(2, 1, 1, 1), 1, Shape.of(2, 3, 6, 7), Shape.of(4, 3, 3, 3));
        convolutions(DType.F16, WindowGeometry.of(2, 1, 1, 1), 3, Shape.of(2, 3, 6, 7), Shape.of(6, 1, 3, 3));
        convolutions(DType.F32, WindowGeometry.of(2, 2, 3, 1), 1, Shape.of(2, 3, 21, 18), Shape.of(12, 3, 7, 7));
        convolutions(DType.F32, new WindowGeometry(List.of(3, 2), List.of(-1, 2), List.of(2, -1), List.of(1, 2)), 2,
                Shape.of(2, 4, 15, 16), Shape.of(10, 2, 2, 3));
    }

    @Test
    void pooling() {
        Shape input = Shape.of(2, 3, 9, 8);
        for (boolean ceil : new boolean[] {false, true}) {
            WindowGeometry geometry = new WindowGeometry(List.of(2, 3), List.of(1, 0), List.of(1, 0), List.of(1, 2));
            MaxPool pool = new MaxPool(List.of(3, 2), geometry, ceil);
            Twins.compare("max pool", 1e-6, d -> {
                List<Tensor> y = Dispatcher.apply(pool, List.of(Twins.data(d, DType.F32, 1, input.toArray())));
                Tensor g = Twins.data(d, DType.F32, 2, y.getFirst().shape().toArray());
                return Stream.concat(y.stream(),
                        Dispatcher.apply(new MaxPoolBackward(input), List.of(g, y.get(1))).stream()).toList();
            });
        }
    }

    @Test
    void meansOfWindows() {
        Shape input = Shape.of(2, 3, 9, 8);
        OptionalLong none = OptionalLong.empty();
        WindowGeometry geometry = new WindowGeometry(List.of(2, 3), List.of(1, 1), List.of(1, 0), List.of(1, 1));
        List<AvgPool> pools = List.of(new AvgPool(List.of(3, 2), geometry, false, true, none),
                new AvgPool(List.of(3, 2), geometry, true, true, none),
                new AvgPool(List.of(3, 2), geometry, true, false, none),
                new AvgPool(List.of(3, 2), geometry, true, false, OptionalLong.of(5)));
        for (DType dtype : List.of(DType.F32, DType.F16, DType.F64)) {
            Twins.compare("mean of windows " + dtype, dtype == DType.F64 ? 1e-12 : 1e-5, d -> pools.stream()
                    .flatMap(pool -> {
                        Tensor x = Twins.data(d, dtype, 1, 3, 2, 9, 8).transpose(0, 1);
                        Tensor y = Dispatcher.run(pool, x);
                        Tensor g = Twins.data(d, dtype, 2, y.shape().toArray());
                        return Stream.of(y, Dispatcher.run(new AvgPoolBackward(pool, input), g));
                    }).toList());
        }
        Twins.compare("mean of windows of integers", 0, d -> pools.stream().flatMap(pool -> Stream.of(DType.U8,
                DType.I64).map(t -> Dispatcher.run(pool, Twins.data(d, t, 1, input.toArray())))).toList());
    }

    @Test
    void fusedConvolutions() {
        for (DType dtype : List.of(DType.F32, DType.BF16, DType.F64)) {
            Lambda scaled = Lambda.of(Exprs.binary(BinaryFn.MAX, Exprs.add(Exprs.mul(Exprs.in(0, dtype),
                    Exprs.in(1, dtype)), Exprs.in(2, dtype)), new Expr.Param(dtype.kind(), 0)), dtype);
            FusedConvolution op = new FusedConvolution(new Convolution(WindowGeometry.of(2, 2, 1, 1), 2), scaled,
                    Scalars.of(-0.5));
            Twins.compare("fused convolution " + dtype, dtype == DType.F64 ? 1e-12 : 1e-4, d -> List.of(
                    Dispatcher.run(op, Twins.data(d, dtype, 1, 2, 4, 9, 11), Twins.data(d, dtype, 2, 6, 2, 3, 3)
                            .mul(0.1), Twins.data(d, dtype, 3, 6, 1, 1), Twins.data(d, dtype, 4, 2, 6, 5, 6))));
        }
    }
}
