package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The two files of operator cases: `index.json` and `cases.bin`. The folder's README describes the format.
final class OpInfoFile {
    /// One operator variant with its cases, and the calls that must raise.
    record Variant(String name, String variant, String kind, int tier, List<OpCase> cases, List<OpCase> errors) {
        String title() {
            return variant.isEmpty() ? name : name + "/" + variant;
        }
    }

    /// A tensor in the file: dtype, shape, offset; and how it is compared, if it is an output.
    record Stored(DType dtype, Shape shape, long offset, double rtol, double atol, boolean skipped) {
        Stored withTolerance(double least) {
            return new Stored(dtype, shape, offset, Math.max(rtol, least), atol, skipped);
        }
    }

    /// One call: the operands, the arguments as trees, what comes out, and the gradients by operand.
    record OpCase(String id, List<Stored> in, List<@Nullable Object> args, Map<String, @Nullable Object> kwargs,
            @Nullable Object out, List<Stored> outs, Map<Integer, @Nullable Stored> grads, boolean shapeOnly) {}

    /// Stands for Python's `...`.
    record Dots() {}

    /// Stands for Python's `slice(start, stop, step)`.
    record Slice(@Nullable Long start, @Nullable Long stop, @Nullable Long step) {}

    private final Map<String, @Nullable Object> index;
    private final MemorySegment data;

    private OpInfoFile(Map<String, @Nullable Object> index, MemorySegment data) {
        this.index = index;
        this.data = data;
    }

    static OpInfoFile read(Path folder) {
        try {
            byte[] bytes = Files.readAllBytes(folder.resolve("cases.bin"));
            MemorySegment data = Arena.ofAuto().allocate(Math.max(1, bytes.length), 64);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, data, 0, bytes.length);
            return new OpInfoFile(Json.read(folder.resolve("index.json")), data);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read operator cases in " + folder, e);
        }
    }

    List<Variant> variants() {
        List<Variant> all = new ArrayList<>();
        for (Object o : Json.list(index.get("ops"))) {
            Map<String, @Nullable Object> op = Json.map(o);
            all.add(new Variant(Json.text(op.get("name")), Json.text(op.get("variant")), Json.text(op.get("kind")),
                    (int) Json.number(op.get("tier")), cases(op.get("cases")), cases(op.get("errors"))));
        }
        return all;
    }

    private List<OpCase> cases(@Nullable Object list) {
        List<OpCase> cases = new ArrayList<>();
        for (Object o : Json.list(list)) {
            Map<String, @Nullable Object> c = Json.map(o);
            Map<Integer, @Nullable Stored> grads = new LinkedHashMap<>();
            Json.map(c.get("grads")).forEach((k, v) -> grads.put(Integer.valueOf(k), v == null ? null : stored(v)));
            cases.add(new OpCase(Json.text(c.get("id")), stored(Json.list(c.get("in"))), Json.list(c.get("args")),
                    Json.map(c.get("kwargs")), c.get("out"), stored(Json.list(c.get("outs"))), grads,
                    "shape".equals(c.get("check"))));
        }
        return cases;
    }

    private List<Stored> stored(List<@Nullable Object> list) {
        return list.stream().map(this::stored).toList();
    }

    private Stored stored(@Nullable Object o) {
        Map<String, @Nullable Object> t = Json.map(o);
        String dtype = Json.text(t.get("d"));
        long[] dims = Json.list(t.get("s")).stream().mapToLong(d -> (long) Json.number(d)).toArray();
        double rtol = tolerance(t, "rtol", dtype);
        double atol = tolerance(t, "atol", dtype);
        return new Stored(DType.of(dtype), Shape.of(dims), t.get("o") == null ? 0 : (long) Json.number(t.get("o")),
                rtol, atol, "skip".equals(t.get("check")));
    }

    private double tolerance(Map<String, @Nullable Object> tensor, String key, String dtype) {
        Object own = tensor.get(key);
        Object common = Json.map(index.get(key)).get(dtype);
        return own != null ? Json.number(own) : common != null ? Json.number(common) : 0;
    }

    /// A stored tensor on a device.
    Tensor tensor(Stored s, Device device) {
        long bytes = s.shape.elements() * s.dtype.bytes();
        return Tensors.fromHost(data.asSlice(s.offset, bytes), s.dtype, s.shape, device);
    }

    /// A tree as Java values: tensors, `Long`, `Double`, `Boolean`, `String`, [DType], lists, maps, [Slice], [Dots].
    static @Nullable Object tree(@Nullable Object node, List<Tensor> tensors) {
        if (node == null) {
            return null;
        }
        Map.Entry<String, @Nullable Object> e = Json.map(node).entrySet().iterator().next();
        Object v = e.getValue();
        return switch (e.getKey()) {
            case "t" -> tensors.get((int) Json.number(v));
            case "i" -> (long) Json.number(v);
            case "f" -> Json.number(v);
            case "b", "s" -> v;
            case "dtype" -> DType.of(Json.text(v));
            case "l", "u" -> trees(Json.list(v), tensors);
            case "m" -> {
                Map<String, @Nullable Object> m = new LinkedHashMap<>();
                Json.map(v).forEach((k, x) -> m.put(k, tree(x, tensors)));
                yield m;
            }
            case "slice" -> {
                List<@Nullable Object> s = trees(Json.list(v), tensors);
                yield new Slice((Long) s.get(0), (Long) s.get(1), (Long) s.get(2));
            }
            case "dots" -> new Dots();
            default -> throw new IllegalArgumentException("unknown tag " + e.getKey());
        };
    }

    static List<@Nullable Object> trees(List<@Nullable Object> nodes, List<Tensor> tensors) {
        List<@Nullable Object> out = new ArrayList<>();
        for (Object n : nodes) {
            out.add(tree(n, tensors));
        }
        return out;
    }
}
