package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
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
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.WindowGeometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/// Convolutions of one to three axes with their gradients, and pooling: strides, padding on one side, dilation, groups.
public final class WindowSamples {
    private record Case(String name, Shape input, Shape weight, WindowGeometry geometry, int groups) {}

    private static final List<Case> CONVOLUTIONS = List.of(
            new Case("1d", Shape.of(2, 3, 17), Shape.of(4, 3, 5), WindowGeometry.of(1, 1, 0, 1), 1),
            new Case("1d strided dilated", Shape.of(2, 4, 19), Shape.of(6, 2, 3), WindowGeometry.of(1, 2, 1, 3), 2),
            new Case("pointwise", Shape.of(2, 5, 6, 7), Shape.of(8, 5, 1, 1), WindowGeometry.of(2, 1, 0, 1), 1),
            new Case("3x3", Shape.of(2, 3, 9, 8), Shape.of(5, 3, 3, 3), WindowGeometry.of(2, 1, 1, 1), 1),
            new Case("5x5 one channel", Shape.of(1, 1, 12, 12), Shape.of(6, 1, 5, 5), WindowGeometry.of(2, 1, 2, 1), 1),
            new Case("3x3 wide", Shape.of(1, 17, 6, 19), Shape.of(19, 17, 3, 3), WindowGeometry.of(2, 1, 1, 1), 1),
            new Case("strided", Shape.of(2, 3, 11, 10), Shape.of(4, 3, 3, 2), WindowGeometry.of(2, 2, 1, 1), 1),
            new Case("dilated", Shape.of(1, 2, 11, 13), Shape.of(3, 2, 3, 3), WindowGeometry.of(2, 1, 2, 2), 1),
            new Case("grouped", Shape.of(2, 6, 7, 7), Shape.of(9, 2, 3, 3), WindowGeometry.of(2, 1, 1, 1), 3),
            new Case("depthwise", Shape.of(2, 5, 9, 7), Shape.of(5, 1, 3, 3), WindowGeometry.of(2, 2, 1, 1), 5),
            new Case("asymmetric", Shape.of(1, 2, 9, 10), Shape.of(3, 2, 4, 3), new WindowGeometry(
                    List.of(2, 3), List.of(0, 2), List.of(3, 1), List.of(1, 2)), 1),
            new Case("cutting padding", Shape.of(1, 2, 9, 10), Shape.of(3, 2, 2, 3), new WindowGeometry(
                    List.of(1, 1), List.of(-1, 0), List.of(0, -2), List.of(1, 1)), 1),
            new Case("wide padding", Shape.of(1, 1, 3, 3), Shape.of(1, 1, 2, 2), WindowGeometry.of(2, 1, 4, 1), 1),
            new Case("no batch", Shape.of(0, 2, 5, 5), Shape.of(3, 2, 3, 3), WindowGeometry.of(2, 1, 1, 1), 1),
            new Case("3d", Shape.of(1, 2, 5, 6, 7), Shape.of(3, 2, 2, 3, 3), WindowGeometry.of(3, 1, 1, 1), 1),
            new Case("3d strided", Shape.of(2, 2, 6, 5, 7), Shape.of(4, 1, 3, 2, 2), WindowGeometry.of(3, 2, 1, 1), 2));

    private WindowSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : Shapes.FLOATS) {
            for (Case c : CONVOLUTIONS) {
                s.addAll(convolutions(d, c));
            }
            s.addAll(gradients(d));
            s.addAll(pooling(d));
        }
        return s;
    }

    private static Input input(DType d, Shape shape, long seed) {
        return new Input(d, shape, Layout.CONTIGUOUS, Domain.USUAL, seed, List.of());
    }

    /// The size of a sum of that many products of numbers up to 3: as rounding errors accumulate in the kinds of
    /// arithmetic; of 16-bit numbers, which accumulate in 32 bits and round at the end, as such a sum itself.
    private static double scale(DType d, long products) {
        return d.bytes() == 2 ? 3 * Math.sqrt(Math.max(1, products)) : 2.0 * Math.max(4, products);
    }

    private static List<Sample> convolutions(DType d, Case c) {
        Convolution op = new Convolution(c.geometry, c.groups);
        Input x = input(d, c.input, 1);
        Input w = input(d, c.weight, 2);
        Input bias = Input.of(d, c.weight.dim(0)).seed(3);
        Shape out = op.infer(List.of(TensorType.of(d, c.input), TensorType.of(d, c.weight))).getFirst().shape();
        Input g = input(d, out, 4);
        double scale = scale(d, c.weight.slice(1, c.weight.rank()).elements());
        double back = scale(d, c.weight.elements());
        double weight = scale(d, out.elements());
        List<Sample> s = new ArrayList<>();
        s.addAll(Sample.of(op.name(), d, c.name, op, Family.COMPOSITE, x, w).scale(scale)
                .inLayouts(Layout.TRANSPOSED, Layout.STEPPED));
        s.addAll(Sample.of(op.name(), d, c.name + " biased", op, Family.COMPOSITE, x, w, bias).scale(scale)
                .inLayouts(Layout.FLIPPED));
        s.addAll(Sample.of("fused_" + op.name(), d, c.name, finished(op, d), Family.COMPOSITE, x, w,
                Input.of(d, channels(out)).seed(5), input(d, out, 6)).scale(scale + 4)
                .inLayouts(Layout.TRANSPOSED, Layout.BROADCAST));
        ConvolutionBackwardData data = new ConvolutionBackwardData(op, c.input);
        s.addAll(Sample.of(data.name(), d, c.name, data, Family.COMPOSITE, g, w).scale(back)
                .inLayouts(Layout.TRANSPOSED, Layout.BROADCAST));
        ConvolutionBackwardWeight weights = new ConvolutionBackwardWeight(op, c.weight);
        s.addAll(Sample.of(weights.name(), d, c.name, weights, Family.COMPOSITE, x, g).scale(weight)
                .inLayouts(Layout.TRANSPOSED, Layout.BROADCAST));
        return s;
    }

    /// The convolution, then `max(2 y + bias, residual)`, with a number that is no part of the kernel.
    private static FusedConvolution finished(Convolution op, DType d) {
        Expr y = Exprs.add(Exprs.mul(Exprs.in(0, d), new Expr.Param(d.kind(), 0)), Exprs.in(1, d));
        Lambda body = Lambda.of(Exprs.binary(BinaryFn.MAX, y, Exprs.in(2, d)), d);
        return new FusedConvolution(op, body, d.isFloating() ? Scalars.of(2.0) : Scalars.ofBits(2));
    }

    /// The shape of one number for each channel.
    private static long[] channels(Shape out) {
        long[] dims = new long[out.rank() - 1];
        Arrays.fill(dims, 1);
        dims[0] = out.dim(1);
        return dims;
    }

    private static List<Sample> gradients(DType d) {
        WindowGeometry line = new WindowGeometry(List.of(2), List.of(1), List.of(0), List.of(1));
        WindowGeometry plane = new WindowGeometry(List.of(1, 2), List.of(1, 0), List.of(0, 1), List.of(2, 1));
        return List.of(
                Sample.of("conv1d", d, "small", new Convolution(line, 2), Family.COMPOSITE, Input.of(d, 2, 2, 5),
                        Input.of(d, 4, 1, 2).seed(2), Input.of(d, 4).seed(3)).gradients(2),
                Sample.of("conv2d", d, "small", new Convolution(plane, 1), Family.COMPOSITE, Input.of(d, 1, 2, 4, 5),
                        Input.of(d, 2, 2, 2, 2).seed(2), Input.of(d, 2).seed(3)).gradients(2));
    }

    private static List<Sample> pooling(DType d) {
        List<Sample> s = new ArrayList<>();
        WindowGeometry two = WindowGeometry.of(2, 2, 0, 1);
        WindowGeometry three = WindowGeometry.of(2, 2, 1, 1);
        Input plane = Input.of(d, 2, 3, 9, 11);
        max(s, "2x2", new MaxPool(List.of(2, 2), two, false), plane);
        max(s, "2x2 ceil", new MaxPool(List.of(2, 2), two, true), plane);
        max(s, "3x3 padded", new MaxPool(List.of(3, 3), three, false), plane);
        max(s, "3x3 padded ceil", new MaxPool(List.of(3, 3), three, true), Input.of(d, 2, 3, 10, 8));
        max(s, "dilated", new MaxPool(List.of(2, 3), WindowGeometry.of(2, 1, 1, 2), false), plane);
        max(s, "1d", new MaxPool(List.of(3), WindowGeometry.of(1, 2, 1, 1), true), Input.of(d, 2, 3, 14));
        max(s, "3d", new MaxPool(List.of(2, 2, 2), WindowGeometry.of(3, 2, 0, 1), false), Input.of(d, 1, 2, 4, 5, 6));
        max(s, "ties", new MaxPool(List.of(2, 2), two, false), Input.values(d, Shape.of(1, 1, 4, 4), 1, 0, 1, 1));
        max(s, "NaN", new MaxPool(List.of(2, 2), two, false),
                Input.values(d, Shape.of(1, 1, 2, 4), 1, Double.NaN, Double.NEGATIVE_INFINITY, -3));
        max(s, "below", new MaxPool(List.of(3, 3), three, false), plane.from(Domain.of(-9, -1)));
        for (boolean counted : new boolean[] {false, true}) {
            String v = counted ? " with padding" : "";
            OptionalLong none = OptionalLong.empty();
            mean(s, "2x2" + v, new AvgPool(List.of(2, 2), two, false, counted, none), plane);
            mean(s, "2x2 ceil" + v, new AvgPool(List.of(2, 2), two, true, counted, none), plane);
            mean(s, "3x3 padded" + v, new AvgPool(List.of(3, 3), three, false, counted, none), plane);
            mean(s, "3x3 padded ceil" + v, new AvgPool(List.of(3, 3), three, true, counted, none),
                    Input.of(d, 2, 3, 10, 8));
            mean(s, "1d" + v, new AvgPool(List.of(3), WindowGeometry.of(1, 2, 1, 1), true, counted, none),
                    Input.of(d, 2, 3, 14));
            mean(s, "3d" + v, new AvgPool(List.of(2, 3, 2), WindowGeometry.of(3, 2, 1, 1), false, counted, none),
                    Input.of(d, 1, 2, 4, 5, 6));
        }
        mean(s, "divisor", new AvgPool(List.of(2, 2), two, false, true, OptionalLong.of(3)), plane);
        return s;
    }

    private static void max(List<Sample> s, String name, MaxPool op, Input x) {
        DType d = x.dtype();
        Shape out = op.infer(List.of(TensorType.of(d, x.shape()))).getFirst().shape();
        Sample sample = Sample.of(op.name(), d, name, op, Family.EXACT, x);
        boolean smooth = !name.equals("ties") && !name.equals("NaN");
        s.addAll(sample.gradients(smooth && x.shape().elements() < 700 ? 1 : 0)
                .inLayouts(Layout.TRANSPOSED, Layout.STEPPED));
        long plane = x.shape().slice(2, x.shape().rank()).elements();
        Input at = new Input(DType.I64, out, Layout.CONTIGUOUS, Domain.of(0, plane - 1), 5, List.of());
        MaxPoolBackward back = new MaxPoolBackward(x.shape());
        s.addAll(Sample.of(back.name(), d, name, back, Family.COMPOSITE, input(d, out, 6), at)
                .inLayouts(Layout.TRANSPOSED));
    }

    private static void mean(List<Sample> s, String name, AvgPool op, Input x) {
        DType d = x.dtype();
        Shape out = op.infer(List.of(TensorType.of(d, x.shape()))).getFirst().shape();
        s.addAll(Sample.of(op.name(), d, name, op, Family.COMPOSITE, x)
                .gradients(x.shape().elements() < 700 ? 1 : 0).inLayouts(Layout.TRANSPOSED, Layout.STEPPED));
        AvgPoolBackward back = new AvgPoolBackward(op, x.shape());
        s.addAll(Sample.of(back.name(), d, name, back, Family.COMPOSITE, input(d, out, 6))
                .inLayouts(Layout.TRANSPOSED));
    }
}
