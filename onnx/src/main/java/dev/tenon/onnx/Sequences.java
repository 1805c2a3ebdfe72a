package dev.tenon.onnx;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Sequences and optional values.
final class Sequences {
    private Sequences() {}

    static void register(Operators r) {
        r.add("SequenceEmpty", 11, Operators.Trait.RAW, _ -> List.of(new OnnxValue.Sequence(List.of())));
        r.add("SequenceConstruct", 11, Operators.Trait.RAW, c -> {
            List<OnnxValue> all = new ArrayList<>();
            for (int i = 0; i < c.inputs(); i++) {
                all.add(c.value(i));
            }
            return List.of(new OnnxValue.Sequence(all));
        });
        r.add("SequenceAt", 11, Operators.Trait.RAW, c -> List.of(of(c, 0).get(position(c, 1, of(c, 0).size()))));
        r.add("SequenceInsert", 11, Operators.Trait.RAW, c -> {
            List<OnnxValue> all = new ArrayList<>(of(c, 0));
            all.add(c.has(2) ? position(c, 2, all.size() + 1, all.size()) : all.size(), c.value(1));
            return List.of(new OnnxValue.Sequence(all));
        });
        r.add("SequenceErase", 11, Operators.Trait.RAW, c -> {
            List<OnnxValue> all = new ArrayList<>(of(c, 0));
            all.remove(c.has(1) ? position(c, 1, all.size()) : all.size() - 1);
            return List.of(new OnnxValue.Sequence(all));
        });
        r.add("SequenceLength", 11, Operators.Trait.RAW, c -> List.of(new OnnxValue.OfTensor(OnnxType.INT64,
                Tensors.of(new long[] {of(c, 0).size()}, Shape.SCALAR, c.device()), true)));
        r.add("SplitToSequence", 11, Sequences::split);
        r.add("ConcatFromSequence", 11, Operators.Trait.RAW, Sequences::concat);
        r.add("Optional", 15, Operators.Trait.RAW, c ->
                List.of(new OnnxValue.Optional(c.has(0) ? c.value(0) : null)));
        r.add("OptionalHasElement", 15, Operators.Trait.RAW, c -> {
            OnnxValue v = c.optionalValue(0);
            boolean has = v instanceof OnnxValue.Optional o ? o.value() != null : v != null;
            return List.of(OnnxValue.of(c.full(Shape.SCALAR, has ? 1 : 0, DType.BOOL)));
        });
        r.add("OptionalGetElement", 15, Operators.Trait.RAW, c -> {
            OnnxValue v = c.value(0) instanceof OnnxValue.Optional o ? o.value() : c.value(0);
            if (v == null) {
                throw new IllegalArgumentException("the optional value is empty");
            }
            return List.of(v);
        });
    }

    static List<OnnxValue> of(Call c, int i) {
        if (c.value(i) instanceof OnnxValue.Sequence s) {
            return s.values();
        }
        throw new IllegalArgumentException("input " + i + " is a " + c.value(i) + ", expected a sequence");
    }

    private static int position(Call c, int i, int size) {
        return position(c, i, size, size);
    }

    /// @param from where negative positions count from
    private static int position(Call c, int i, int size, int from) {
        long p = c.integer(i);
        long at = p < 0 ? p + from : p;
        if (at < 0 || at >= size) {
            throw new IllegalArgumentException("position " + p + " in a sequence of " + from);
        }
        return (int) at;
    }

    private static List<OnnxValue> split(Call c) {
        Tensor x = c.x(0);
        int axis = c.axis("axis", 0, x.rank());
        long n = x.size(axis);
        boolean keep = c.has(1) || c.flag("keepdims", true);
        long[] sizes;
        if (c.has(1) && c.x(1).rank() == 1) {
            sizes = c.longs(1);
        } else {
            long chunk = c.has(1) ? c.integer(1) : 1;
            if (chunk < 1) {
                throw new IllegalArgumentException("parts of " + chunk + " elements");
            }
            sizes = new long[(int) Math.ceilDiv(n, chunk)];
            Arrays.fill(sizes, chunk);
            if (n % chunk != 0) {
                sizes[sizes.length - 1] = n % chunk;
            }
        }
        List<OnnxValue> parts = x.split(sizes, axis).stream()
                .map(t -> c.like(0, keep ? t : t.squeeze(axis))).toList();
        return List.of(new OnnxValue.Sequence(parts));
    }

    private static List<OnnxValue> concat(Call c) {
        List<OnnxValue> all = of(c, 0);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("an empty sequence cannot be joined");
        }
        List<Tensor> parts = all.stream().map(OnnxValue::tensor).toList();
        int rank = parts.getFirst().rank();
        boolean stacks = c.flag("new_axis", false);
        int axis = Call.axis(c.attr("axis", 0), stacks ? rank + 1 : rank);
        Tensor y = stacks ? Tensors.stack(axis, parts) : Arrangements.join(axis, parts);
        return List.of(OnnxValue.of(all.getFirst().type(), y));
    }
}
