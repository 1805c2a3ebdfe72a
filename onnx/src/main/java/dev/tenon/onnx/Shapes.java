package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// Operators that ask for shapes or change them without moving elements, and those that make tensors.
final class Shapes {
    private Shapes() {}

    static void register(Operators r) {
        r.add("Shape", 1, Operators.Trait.SHAPES, Shapes::shape);
        r.add("Size", 1, Operators.Trait.SHAPES, c -> List.of(
                OnnxValue.of(Tensors.of(new long[] {c.value(0).shape().elements()}, Shape.SCALAR, c.device()))));
        r.add("Identity", 1, Operators.Trait.RAW, c -> List.of(c.value(0)));
        r.same("Reshape", 1, c -> c.x(0).reshape(reshaped(c)));
        r.same("Flatten", 1, c -> {
            Shape s = c.x(0).shape();
            int axis = Call.axis(c.attr("axis", 1), s.rank() + 1);
            int at = c.attr("axis", 1) < 0 ? axis - 1 : axis;
            return c.x(0).reshape(s.slice(0, at).elements(), s.slice(at, s.rank()).elements());
        });
        r.same("Squeeze", 1, Shapes::squeeze);
        r.same("Unsqueeze", 1, Shapes::unsqueeze);
        r.same("Transpose", 1, c -> {
            int rank = c.x(0).rank();
            long[] perm = c.integers("perm");
            return c.x(0).permute(perm == null ? IntStream.range(0, rank).map(i -> rank - 1 - i).toArray()
                    : Arrays.stream(perm).mapToInt(a -> Call.axis(a, rank)).toArray());
        });
        r.same("Expand", 8, c -> {
            Shape to = Shape.broadcast("Expand", c.x(0).shape(), Shape.of(c.longs(1)));
            return c.x(0).expand(to);
        });
        r.same("Tile", 1, Shapes::tile);
        r.add("ConstantOfShape", 9, Shapes::constantOfShape);
        r.add("EyeLike", 9, Shapes::eyeLike);
        r.same("Range", 11, Shapes::range);
        r.same("Trilu", 14, c -> {
            long k = c.has(1) ? c.integer(1) : 0;
            Tensor x = c.x(0);
            if (x.elements() == 0) {
                return x;
            }
            Tensor t = x.dtype() == DType.BOOL ? x.to(DType.U8) : x;
            return c.flag("upper", true) ? t.triu(k) : t.tril(k);
        });
    }

    private static List<OnnxValue> shape(Call c) {
        Shape s = c.value(0).shape();
        int rank = s.rank();
        int start = bound(c.attr("start", 0), rank);
        int end = bound(c.attr("end", rank), rank);
        return List.of(OnnxValue.of(c.vector(s.slice(start, Math.max(start, end)).toArray())));
    }

    private static int bound(long at, int rank) {
        return Math.clamp(at < 0 ? at + rank : at, 0, rank);
    }

    private static Shape reshaped(Call c) {
        long[] dims = c.since(5) ? c.longs(1) : c.integers("shape", new long[0]);
        Shape from = c.x(0).shape();
        boolean allowZero = c.flag("allowzero", false);
        long known = 1;
        int open = -1;
        for (int i = 0; i < dims.length; i++) {
            if (dims[i] == 0 && !allowZero) {
                if (i >= from.rank()) {
                    throw new IllegalArgumentException("shape " + Arrays.toString(dims) + " takes extent " + i
                            + " from input " + from + ", which has no such axis");
                }
                dims[i] = from.dim(i);
            }
            if (dims[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= dims[i];
            }
        }
        if (open >= 0) {
            if (known == 0 || from.elements() % known != 0) {
                throw new IllegalArgumentException("input " + from + " cannot be reshaped to " + Arrays.toString(dims));
            }
            dims[open] = from.elements() / known;
        }
        return Shape.of(dims);
    }

    private static TreeSet<Integer> axes(Call c, int rank) {
        long[] given = c.since(13) ? c.has(1) ? c.longs(1) : new long[0] : c.integers("axes", new long[0]);
        TreeSet<Integer> axes = new TreeSet<>();
        for (long a : given) {
            if (!axes.add(Call.axis(a, rank))) {
                throw new IllegalArgumentException("axes " + Arrays.toString(given) + " name an axis twice");
            }
        }
        return axes;
    }

    private static Tensor squeeze(Call c) {
        Shape s = c.x(0).shape();
        boolean all = c.since(13) ? !c.has(1) : !c.hasAttr("axes");
        TreeSet<Integer> axes = axes(c, s.rank());
        List<Long> left = new ArrayList<>();
        for (int i = 0; i < s.rank(); i++) {
            boolean gone = all ? s.dim(i) == 1 : axes.contains(i);
            if (gone && s.dim(i) != 1) {
                throw new IllegalArgumentException("axis " + i + " of " + s + " has extent " + s.dim(i)
                        + ": only axes of extent 1 can be left out");
            }
            if (!gone) {
                left.add(s.dim(i));
            }
        }
        return c.x(0).reshape(Shape.of(left.stream().mapToLong(Long::longValue).toArray()));
    }

    private static Tensor unsqueeze(Call c) {
        Shape s = c.x(0).shape();
        int added = (int) (c.since(13) ? c.x(1).elements() : c.integers("axes", new long[0]).length);
        for (int a : axes(c, s.rank() + added)) {
            s = s.inserted(a, 1);
        }
        return c.x(0).reshape(s);
    }

    private static Tensor tile(Call c) {
        Tensor x = c.x(0);
        long[] repeats;
        if (c.since(6)) {
            repeats = c.longs(1);
        } else {
            repeats = new long[x.rank()];
            Arrays.fill(repeats, 1);
            repeats[Call.axis(c.integer(2), x.rank())] = c.integer(1);
        }
        if (repeats.length != x.rank()) {
            throw new IllegalArgumentException("repeats " + Arrays.toString(repeats) + " for input " + x.shape()
                    + ": expected one number for each axis");
        }
        return x.rank() == 0 ? x : x.repeat(repeats);
    }

    private static List<OnnxValue> constantOfShape(Call c) {
        Shape s = Shape.of(c.longs(0));
        OnnxValue value = c.attributes().value("value").orElse(null);
        if (value == null) {
            return List.of(OnnxValue.of(c.full(s, 0, DType.F32)));
        }
        if (value instanceof OnnxValue.Strings text) {
            return List.of(new OnnxValue.Strings(s, IntStream.range(0, (int) s.elements())
                    .mapToObj(_ -> text.values().getFirst()).toList()));
        }
        Tensor one = value.tensor();
        boolean complex = value.type().isComplex();
        Tensor scalar = one.reshape(complex ? Shape.of(2) : Shape.SCALAR);
        return List.of(OnnxValue.of(value.type(), scalar.expand(complex ? s.inserted(s.rank(), 2) : s).clone()));
    }

    private static List<OnnxValue> eyeLike(Call c) {
        Shape s = c.value(0).shape();
        if (s.rank() != 2) {
            throw new IllegalArgumentException("input " + s + ": expected a matrix");
        }
        OnnxType type = c.typeAttr("dtype", c.type(0));
        long k = c.attr("k", 0);
        Tensor rows = Tensors.arange(0, s.dim(0), 1, DType.I64, c.device()).reshape(-1, 1);
        Tensor columns = Tensors.arange(0, s.dim(1), 1, DType.I64, c.device()).reshape(1, -1);
        return List.of(OnnxValue.of(type, rows.add(k).eq(columns).to(type.dtype())));
    }

    private static Tensor range(Call c) {
        DType dtype = c.x(0).dtype();
        if (dtype.isFloating()) {
            double start = c.number(0);
            double step = c.number(2);
            long n = (long) Math.max(0, Math.ceil((c.number(1) - start) / step));
            return Tensors.arange(0, n, 1, DType.I64, c.device()).to(dtype.kind().dtype()).mul(step).add(start);
        }
        long start = c.integer(0);
        long step = c.integer(2);
        if (step == 0) {
            throw new IllegalArgumentException("a range by steps of 0 does not end");
        }
        long span = Math.subtractExact(c.integer(1), start);
        long n = Math.max(0, Math.ceilDiv(span, step));
        return Tensors.arange(0, n, 1, DType.I64, c.device()).mul(step).add(start);
    }
}
