package dev.tenon.tck.samples;

import dev.tenon.api.DType;
import dev.tenon.api.DType.Kind;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensors;
import dev.tenon.api.op.Expr;
import dev.tenon.api.op.Exprs;
import dev.tenon.api.op.Lambda;
import dev.tenon.api.op.MapOp;
import dev.tenon.api.op.Scalars;
import java.util.ArrayList;
import java.util.List;

/// What needs no operands: fills, counts, random bits and numbers.
public final class CreationSamples {
    private static final List<Shape> SHAPES = List.of(
            Shape.of(4099), Shape.of(7, 33), Shape.of(2, 3, 5), Shape.SCALAR, Shape.of(0, 3), Shape.of(1));

    private CreationSamples() {}

    /// All of them.
    public static List<Sample> all() {
        List<Sample> s = new ArrayList<>();
        for (Shape shape : SHAPES) {
            for (DType d : DType.values()) {
                s.add(Sample.of("full", d, shape.toString(), (device, _) ->
                        List.of(Tensors.full(shape, 3.75, d, device)), Family.EXACT));
            }
            for (int word = 0; word < 4; word++) {
                s.add(bits(shape, word));
            }
            for (DType d : Shapes.FLOATS) {
                s.addAll(random(shape, d));
            }
        }
        for (DType d : Shapes.NUMBERS) {
            s.add(Sample.of("arange", d, "", (device, _) ->
                    List.of(Tensors.arange(3, 120, 2, d, device)), Family.ARITHMETIC));
            s.add(Sample.of("eye", d, "", (device, _) -> List.of(Tensors.eye(7, 9, d, device)), Family.EXACT));
        }
        for (DType d : Shapes.FLOATS) {
            s.add(Sample.of("arange", d, "fraction", (device, _) ->
                    List.of(Tensors.arange(1, -2, -0.3, d, device)), Family.FORMULA));
            s.add(Sample.of("linspace", d, "", (device, _) ->
                    List.of(Tensors.linspace(-1, 2, 1023, d, device)), Family.FORMULA));
        }
        return s;
    }

    private static Sample bits(Shape shape, int word) {
        Expr random = new Expr.Random(
                new Expr.Param(Kind.I64, 0), new Expr.Param(Kind.I64, 1), new Expr.Index(-1), word);
        MapOp op = new MapOp("random_bits", Lambda.of(random, DType.I32), shape, Scalars.ofBits(-7L << 33, 5L << 40));
        return Sample.of("random_bits", DType.I32, "word " + word + " " + shape, op, Family.EXACT);
    }

    private static List<Sample> random(Shape shape, DType d) {
        // Uniform numbers are the same bits on every device; the normal ones pass through logarithm and cosine.
        MapOp uniform = new MapOp("uniform", Lambda.of(
                Exprs.uniform(d.kind(), new Expr.Param(Kind.I64, 0), new Expr.Param(Kind.I64, 1), new Expr.Index(-1),
                        1),
                d), shape, Scalars.ofBits(42, 3));
        return List.of(
                Sample.of("uniform", d, shape.toString(), uniform, Family.EXACT),
                Sample.of("uniform", d, "from -1 to 3 " + shape, (device, _) -> List.of(
                        Tensors.uniform(shape, -1, 3, d, device, new Generator(11))), Family.FORMULA).scale(1),
                Sample.of("normal", d, shape.toString(), (device, _) -> List.of(
                        Tensors.randn(shape, d, device, new Generator(11))), Family.FORMULA).scale(1),
                Sample.of("bernoulli", d, shape.toString(), (device, _) -> List.of(
                        Tensors.bernoulli(shape, 0.3, device, new Generator(11)).to(d)), Family.EXACT),
                Sample.of("randint", d, shape.toString(), (device, _) -> List.of(
                        Tensors.randint(-9, 50, shape, device, new Generator(11)).to(d)), Family.EXACT));
    }
}
