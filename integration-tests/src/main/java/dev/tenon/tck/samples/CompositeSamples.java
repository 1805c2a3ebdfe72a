package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Attention;
import dev.tenon.api.op.AttentionBackward;
import dev.tenon.api.op.BatchNorm;
import dev.tenon.api.op.BatchNormBackward;
import dev.tenon.api.op.Cat;
import dev.tenon.api.op.LayerNorm;
import dev.tenon.api.op.LayerNormBackward;
import dev.tenon.api.op.LogSoftmax;
import dev.tenon.api.op.Pad;
import dev.tenon.api.op.Softmax;
import dev.tenon.api.op.TensorType;
import dev.tenon.api.op.ViewOp;
import dev.tenon.api.op.ViewScatter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Softmax, normalisation, joining, padding: composites, against their decompositions too. Also the methods that are
/// built from several ops.
public final class CompositeSamples {
    /// The size of the numbers whose mean a normalisation gives: it is as exact as they are, however small itself.
    private static final double AVERAGED = 3;

    private CompositeSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (DType d : Shapes.FLOATS) {
            s.addAll(softmax(d));
            s.addAll(attention(d));
            s.addAll(normalisation(d));
            s.addAll(statistics(d));
        }
        for (DType d : DType.values()) {
            s.addAll(joined(d));
        }
        return s;
    }

    private static List<Sample> softmax(DType d) {
        List<Sample> s = new ArrayList<>();
        Input x = Input.of(d, 5, 7, 6).from(Domain.of(-8, 8));
        for (int axis = 0; axis < 3; axis++) {
            s.addAll(Sample.of("softmax", d, "axis " + axis, new Softmax(axis), Family.COMPOSITE, x)
                    .inLayouts(Layout.STRIDED));
            s.addAll(Sample.of("log_softmax", d, "axis " + axis, new LogSoftmax(axis), Family.COMPOSITE, x)
                    .inLayouts(Layout.STRIDED));
        }
        Input big = Input.values(d, Shape.of(2, 3), 1000, 1001, 999, -1000, 0, 1000);
        Input infinite = Input.values(d, Shape.of(4, 3), 1, 2, Double.NEGATIVE_INFINITY, 1, Double.NaN, 2, 1, 2,
                Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);
        s.add(Sample.of("softmax", d, "large numbers", new Softmax(1), Family.COMPOSITE, big));
        s.add(Sample.of("softmax", d, "infinities", new Softmax(1), Family.COMPOSITE, infinite));
        s.add(Sample.of("softmax", d, "long", new Softmax(1), Family.COMPOSITE, Input.of(d, 3, 1023)));
        s.add(Sample.of("softmax", d, "empty", new Softmax(1), Family.COMPOSITE, Input.of(d, 3, 0)));
        s.add(Sample.of("softmax", d, "small", new Softmax(1), Family.COMPOSITE, Input.of(d, 2, 4)).gradients(2));
        s.add(Sample.of("log_softmax", d, "large numbers", new LogSoftmax(1), Family.COMPOSITE, big));
        s.add(Sample.of("log_softmax", d, "long", new LogSoftmax(1), Family.COMPOSITE, Input.of(d, 3, 1023)));
        s.add(Sample.of("log_softmax", d, "small", new LogSoftmax(1), Family.COMPOSITE, Input.of(d, 2, 4))
                .gradients(2));
        return s;
    }

    private static List<Sample> attention(DType d) {
        List<Sample> s = new ArrayList<>();
        DType work = d.kind().dtype();
        // Exponentials of large scores would make errors large.
        Domain small = Domain.of(-1, 1);
        Shape[] shapes = {Shape.of(2, 3, 5, 7), Shape.of(4, 1), Shape.of(1, 9, 9), Shape.of(2, 130, 140)};
        for (Shape scores : shapes(d, shapes)) {
            Shape leading = scores.slice(0, scores.rank() - 2);
            Shape queries = scores.slice(0, scores.rank() - 1);
            Input q = Input.of(d, queries.concat(Shape.of(6)).toArray()).from(small);
            Input k = Input.of(d, leading.concat(Shape.of(scores.dim(-1), 6)).toArray()).from(small).seed(2);
            Input v = Input.of(d, leading.concat(Shape.of(scores.dim(-1), 5)).toArray()).from(small).seed(3);
            Input g = Input.of(d, queries.concat(Shape.of(5)).toArray()).from(small).seed(4);
            Input total = Input.of(work, queries.toArray()).from(Domain.of(3, 4));
            Input along = Input.of(work, queries.toArray()).seed(6);
            // The exponentials of many scores are added up, and again when they weigh the values.
            double size = scores.dim(-1) > 100 ? 16 : 0;
            List<Input> masks = List.of(Input.of(d, scores.dim(-2), scores.dim(-1)).from(small).seed(7),
                    Input.of(d, leading.concat(Shape.of(1, scores.dim(-1))).toArray()).from(small)
                            .seed(8));
            for (boolean causal : new boolean[] {false, true}) {
                Attention op = new Attention(causal, 0.4);
                String variant = scores + (causal ? " causal" : "");
                s.addAll(Sample.of("attention", d, variant, op, Family.COMPOSITE, q, k, v).scale(size)
                        .inLayouts(Layout.STRIDED));
                s.addAll(Sample.of("attention_backward", d, variant, new AttentionBackward(op), Family.COMPOSITE, g, q,
                        k, v, total, along).scale(size).inLayouts(Layout.TRANSPOSED, Layout.FLIPPED));
                for (Input mask : masks) {
                    String masked = variant + " masked " + mask.shape();
                    s.addAll(Sample.of("attention", d, masked, op, Family.COMPOSITE, q, k, v, mask)
                            .scale(size).inLayouts(Layout.TRANSPOSED));
                    s.add(Sample.of("attention_backward", d, masked, new AttentionBackward(op), Family.COMPOSITE, g, q,
                            k, v, total, along, mask).scale(size));
                }
            }
        }
        Attention plain = new Attention(true, 0.7);
        s.add(Sample.of("attention", d, "no keys", plain, Family.COMPOSITE, Input.of(d, 2, 3, 4), Input.of(d, 2, 0, 4),
                Input.of(d, 2, 0, 5)));
        s.add(Sample.of("attention", d, "small", plain, Family.COMPOSITE, Input.of(d, 3, 2), Input.of(d, 3, 2).seed(2),
                Input.of(d, 3, 2).seed(3)).gradients(2));
        s.add(Sample.of("attention", d, "small masked", new Attention(false, 0.7), Family.COMPOSITE, Input.of(d, 2, 2),
                Input.of(d, 3, 2).seed(2), Input.of(d, 3, 2).seed(3), Input.of(d, 2, 3).seed(4)).gradients(2));
        return s;
    }

    private static List<Sample> normalisation(DType d) {
        List<Sample> s = new ArrayList<>();
        BatchNorm norm = new BatchNorm(1e-3);
        DType work = d.kind().dtype();
        for (Shape shape : shapes(d, Shape.of(9, 5), Shape.of(4, 3, 7), Shape.of(2, 5, 3, 2),
                Shape.of(3, 5, 4, 3), Shape.of(2, 3, 37, 31))) {
            long[] c = {shape.dim(1)};
            Input x = normalised(d, shape);
            Input scale = Input.of(d, c).from(Domain.POSITIVE).seed(2);
            Input shift = Input.of(d, c).seed(3);
            s.addAll(Sample.of("batch_norm", d, shape.toString(), norm, Family.COMPOSITE, x, scale, shift)
                    .scale(AVERAGED).inLayouts(Layout.TRANSPOSED, Layout.FLIPPED));
            s.addAll(Sample.of("batch_norm_backward", d, shape.toString(), new BatchNormBackward(), Family.COMPOSITE,
                    x.seed(5), x, scale, Input.of(work, c).seed(6), Input.of(work, c).from(Domain.POSITIVE))
                    .inLayouts(Layout.TRANSPOSED));
        }
        s.add(Sample.of("batch_norm", d, "small", norm, Family.COMPOSITE, Input.of(d, 4, 2, 3),
                Input.of(d, 2).from(Domain.POSITIVE), Input.of(d, 2)).gradients(1));
        s.addAll(layerNormalisation(d, work));
        return s;
    }

    private static Input normalised(DType d, Shape shape) {
        return new Input(d, shape, Layout.CONTIGUOUS, Domain.USUAL, 1, List.of());
    }

    /// Long rows, but in double precision, where the reference is itself no more exact than what is compared with it.
    private static List<Shape> shapes(DType d, Shape... all) {
        return Stream.of(all).filter(s -> d != DType.F64 || s.elements() <= 64).toList();
    }

    private static List<Sample> layerNormalisation(DType d, DType work) {
        List<Sample> s = new ArrayList<>();
        for (Shape shape : shapes(d, Shape.of(7, 5), Shape.of(6), Shape.of(2, 3, 4), Shape.of(2, 3, 41),
                Shape.of(3, 1100), Shape.of(40, 130))) {
            for (int axes = 1; axes <= Math.min(2, shape.rank()); axes++) {
                LayerNorm norm = new LayerNorm(axes, 1e-3);
                String variant = shape + " over " + axes;
                Shape normalized = shape.slice(shape.rank() - axes, shape.rank());
                Shape rows = shape.slice(0, shape.rank() - axes);
                Input x = normalised(d, shape);
                Input scale = Input.of(d, normalized.toArray()).from(Domain.POSITIVE).seed(2);
                s.addAll(Sample.of("layer_norm", d, variant, norm, Family.COMPOSITE, x, scale, scale.seed(3))
                        .scale(AVERAGED).inLayouts(Layout.TRANSPOSED, Layout.FLIPPED));
                s.addAll(Sample.of("layer_norm_backward", d, variant, new LayerNormBackward(axes), Family.COMPOSITE,
                        x.seed(5), x, scale, Input.of(work, rows.toArray()).seed(6),
                        Input.of(work, rows.toArray()).from(Domain.POSITIVE)).inLayouts(Layout.TRANSPOSED));
            }
        }
        s.add(Sample.of("layer_norm", d, "small", new LayerNorm(1, 1e-3), Family.COMPOSITE, Input.of(d, 3, 4),
                Input.of(d, 4).from(Domain.POSITIVE), Input.of(d, 4)).gradients(1));
        return s;
    }

    private static List<Sample> statistics(DType d) {
        List<Sample> s = new ArrayList<>();
        Input x = Input.of(d, 5, 7, 6);
        Input small = Input.of(d, 3, 4);
        s.add(method("mean", d, x, in -> in.mean(1)));
        s.add(method("mean", d, small, in -> in.mean()).gradients(1));
        s.add(method("var", d, x, in -> in.var(new int[] {0, 2}, 1, false)));
        s.add(method("var", d, small, in -> in.var(new int[] {1}, 0, true)).gradients(2));
        s.add(method("std", d, small, in -> in.std(new int[] {1}, 1, false)).gradients(2));
        s.add(method("norm", d, small, in -> in.norm()).gradients(2));
        s.add(method("norm", d, small, in -> in.norm(1, new int[] {1}, false)).gradients(1));
        s.add(method("norm", d, small, in -> in.norm(3, new int[] {0}, false)).gradients(1));
        s.add(method("norm", d, small, in -> in.norm(Double.POSITIVE_INFINITY, new int[] {0}, false)).gradients(1));
        s.add(method("logsumexp", d, small, in -> in.logsumexp(new int[] {1}, false)).gradients(2));
        s.add(method("sum", d, small, in -> in.sum(1)).gradients(2));
        s.add(method("sum", d, small, in -> in.sum()).gradients(1));
        s.add(method("prod", d, small, in -> in.prod(1, false)).gradients(2));
        s.add(method("prod", d, Input.values(d, Shape.of(2, 3), 2, 0, 3, 0, 0, 1), in ->
                in.prod(1, true)).gradients(1));
        s.add(method("max", d, small, in -> in.amax(new int[] {1}, false)).gradients(1));
        s.add(method("min", d, small, in -> in.amin(new int[] {0}, true)).gradients(1));
        s.add(method("max", d, small, in -> in.max(1, false).values()).gradients(1));
        s.add(method("min", d, small, in -> in.min(0, true).values()).gradients(1));
        s.add(method("cumsum", d, small, in -> in.cumsum(1)).gradients(2));
        s.add(method("cumprod", d, small, in -> in.cumprod(1)).gradients(1));
        s.add(method("cummax", d, small, in -> in.cummax(1).values()).gradients(1));
        s.add(method("copy", d, small, in -> in.to(DType.F32).to(d)));
        s.add(method("matmul", d, small, in -> in.matmul(in.mT())).gradients(2));
        s.add(method("matmul", d, Input.of(d, 2, 3, 4), in -> in.matmul(in.get(0).mT())).gradients(2));
        s.add(method("matmul", d, Input.of(d, 3), in -> in.dot(in)).gradients(2));
        s.add(method("matmul", d, small, in -> in.mv(in.get(1L))).gradients(1));
        s.add(method("matmul", d, small, in -> in.get(0L).outer(in.get(1L))).gradients(2));
        s.add(method("matmul", d, Input.of(d, 3, 3), in -> in.addmm(in, in.t(), 0.5, 2)).gradients(2));
        return s;
    }

    private static Sample method(String op, DType d, Input x,
            UnaryOperator<Tensor> f) {
        return Sample.of(op, d, "method", (device, in) -> List.of(f.apply(in.getFirst())), Family.COMPOSITE, x)
                .scale(12);
    }

    private static List<Sample> joined(DType d) {
        List<Sample> s = new ArrayList<>();
        for (int axis = 0; axis < 3; axis++) {
            int a = axis;
            Input x = Input.of(d, 3, 4, 5).from(Domain.WIDE);
            Input y = new Input(d, x.shape().with(axis, 7), Layout.TRANSPOSED, Domain.WIDE, 2, List.of());
            Input z = new Input(d, x.shape().with(axis, 0), Layout.CONTIGUOUS, Domain.WIDE, 3, List.of());
            s.addAll(Sample.of("cat", d, "axis " + axis, new Cat(axis), Family.EXACT, x, y, z, x.seed(4)).gradients(1)
                    .inLayouts(Layout.FLIPPED, Layout.BROADCAST));
            s.add(Sample.of("stack", d, "axis " + axis, (device, in) -> List.of(Tensors.stack(a, in)), Family.EXACT, x,
                    x.seed(2)).gradients(2));
        }
        s.add(Sample.of("cat", d, "one", new Cat(0), Family.EXACT, Input.of(d, 5)));
        Input x = Input.of(d, 3, 4, 5).from(Domain.WIDE);
        double value = d == DType.BOOL ? 1 : 7;
        s.addAll(Sample.of("pad", d, "around", new Pad(List.of(1L, 0L, 2L), List.of(0L, 3L, 1L), value),
                Family.EXACT, x)
                .gradients(2).inLayouts(Layout.STRIDED));
        s.add(Sample.of("pad", d, "cutting", new Pad(List.of(-1L, 2L, -2L), List.of(0L, -1L, -1L), value), Family.EXACT,
                x).gradients(1));
        s.add(Sample.of("pad", d, "empty", new Pad(List.of(2L, 0L), List.of(0L, 3L), value), Family.EXACT,
                Input.of(d, 0, 4)));
        for (ViewOp view : List.of(
                new ViewOp.Slice(1, 3, 2, -2), new ViewOp.Diagonal(-1, 0, 2), new ViewOp.Permute(List.of(2, 0, 1)),
                new ViewOp.Slice(0, 0, 0, 1), new ViewOp.Window(2, 2, 3, 1))) {
            Shape part = view.place(TensorType.of(d, x.shape())).type().shape();
            Input source = new Input(d, part, Layout.CONTIGUOUS, Domain.WIDE, 9, List.of());
            s.addAll(Sample.of(view.name() + "_scatter", d, view.toString(), new ViewScatter(view), Family.EXACT, x,
                    source).gradients(2).inLayouts(Layout.STEPPED, Layout.FLIPPED));
        }
        return s;
    }
}
