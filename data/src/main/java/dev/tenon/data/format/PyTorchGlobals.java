package dev.tenon.data.format;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.TensorException;
import dev.tenon.data.format.PickleReader.Callable;
import dev.tenon.data.format.PickleReader.Global;
import dev.tenon.data.format.PickleReader.Misfit;
import dev.tenon.data.format.PickleReader.PySet;
import dev.tenon.data.format.PickleReader.Tuple;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The Python names that a PyTorch file may use. Each stands for data or for a function of ours that makes data; no
/// name leads to anything that runs.
final class PyTorchGlobals {
    private static final int MAX_AXES = 64;

    /// A type of storage: of its elements, or of bytes.
    ///
    /// @param dtype null for bytes, and for elements that tensors do not have
    /// @param width bytes per element, 0 if it is not known
    record StorageType(String name, @Nullable DType dtype, int width) implements Global {}

    /// A dtype of PyTorch.
    ///
    /// @param dtype null if tensors here do not have it
    record NamedDType(String name, @Nullable DType dtype) implements Global {}

    /// A Python type that is named and never made.
    record TypeName(String name) implements Global {}

    private interface Body {
        @Nullable Object call(List<@Nullable Object> arguments, PickleReader reader) throws Misfit;
    }

    private record Function(String name, Body body) implements Callable {
        @Override
        public @Nullable Object call(List<@Nullable Object> arguments, PickleReader reader) throws Misfit {
            try {
                return body.call(arguments, reader);
            } catch (ClassCastException | IndexOutOfBoundsException e) {
                throw new Misfit(name + " is called with arguments that it does not take: "
                        + arguments.stream().limit(8).map(PickleReader::describe).toList());
            }
        }
    }

    private static final Map<String, Global> ALLOWED = new HashMap<>();

    private PyTorchGlobals() {}

    /// The object of that name.
    ///
    /// @throws Misfit if it is not in the list
    static Global find(String module, String name) throws Misfit {
        String m = switch (module) {
            case "__builtin__" -> "builtins";
            case "torch.cuda" -> name.endsWith("Storage") ? "torch" : module;
            case "numpy._core.multiarray" -> "numpy.core.multiarray";
            default -> module;
        };
        Global g = ALLOWED.get(m + "." + name);
        if (g == null) {
            throw new Misfit("refers to " + module + "." + name + ", which is not in the list of what may occur in a"
                    + " file of weights, and nothing is executed here; in Python, save model.state_dict() and plain"
                    + " values only" + (module.startsWith("__torch__") ? " (this is a TorchScript archive)" : ""));
        }
        return g;
    }

    private static void allow(Global g) {
        ALLOWED.put(g.name(), g);
    }

    private static void allow(String name, Body body) {
        allow(new Function(name, body));
    }

    static {
        Map.of("float64", DType.F64, "float32", DType.F32, "float16", DType.F16, "bfloat16", DType.BF16,
                "int64", DType.I64, "int32", DType.I32, "int16", DType.I16, "int8", DType.I8, "uint8", DType.U8,
                "bool", DType.BOOL).forEach((word, d) -> allow(new NamedDType("torch." + word, d)));
        for (String s : List.of("complex32", "complex64", "complex128", "uint16", "uint32", "uint64", "quint8",
                "qint8", "qint32", "quint4x2", "quint2x4", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
                "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2")) {
            allow(new NamedDType("torch." + s, null));
        }
        Map.of("Double", DType.F64, "Float", DType.F32, "Half", DType.F16, "BFloat16", DType.BF16, "Long", DType.I64,
                "Int", DType.I32, "Short", DType.I16, "Char", DType.I8, "Byte", DType.U8, "Bool", DType.BOOL)
                .forEach((word, d) -> allow(new StorageType("torch." + word + "Storage", d, d.bytes())));
        for (String s : List.of("ComplexFloat 8", "ComplexDouble 16", "QUInt8 1", "QInt8 1", "QInt32 4",
                "QUInt4x2 1", "QUInt2x4 1")) {
            String[] parts = s.split(" ");
            allow(new StorageType("torch." + parts[0] + "Storage", null, Integer.parseInt(parts[1])));
        }
        allow(new StorageType("torch.storage.UntypedStorage", null, 1));
        allow(new StorageType("torch.UntypedStorage", null, 1));
        for (String s : List.of("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.Parameter",
                "builtins.list", "builtins.dict", "builtins.int", "builtins.float", "torch.strided")) {
            allow(new TypeName(s));
        }
        allow("collections.OrderedDict", (a, r) -> dictionary(a, 0, r));
        allow("collections.Counter", (a, r) -> dictionary(a, 0, r));
        allow("collections.defaultdict", (a, r) -> dictionary(a, 1, r));
        allow("builtins.set", PyTorchGlobals::set);
        allow("builtins.frozenset", PyTorchGlobals::set);
        allow("builtins.bytes", (a, _) -> a.isEmpty() ? new byte[0] : (byte[]) a.getFirst());
        allow("builtins.bytearray", (a, r) -> a.isEmpty() ? new byte[0]
                : a.getFirst() instanceof byte[] b ? b : latin1(a, r));
        allow("_codecs.encode", PyTorchGlobals::latin1);
        allow("torch.Size", (a, _) -> a.isEmpty() ? new Tuple(List.of()) : sequence(a.getFirst()));
        allow("torch.device", (a, _) -> a.get(0) + (a.size() > 1 ? ":" + a.get(1) : ""));
        allow("torch.serialization._get_layout", (a, _) -> a.get(0));
        allow("torch._utils._rebuild_tensor", (a, _) -> tensor(a, null));
        allow("torch._utils._rebuild_tensor_v2", (a, _) -> tensor(a, null));
        allow("torch._utils._rebuild_tensor_v3", (a, _) -> tensor(a, a.get(6)));
        allow("torch._utils._rebuild_parameter", (a, _) -> (StoredTensor) a.get(0));
        allow("torch._utils._rebuild_parameter_with_state", (a, _) -> (StoredTensor) a.get(0));
        allow("torch._tensor._rebuild_from_type_v2", PyTorchGlobals::rebuildFromType);
        allow("numpy.dtype", (a, _) -> new NumPyType((String) a.get(0)));
        allow("numpy.core.multiarray.scalar", PyTorchGlobals::numPyScalar);
    }

    // --- containers

    private static Object dictionary(List<@Nullable Object> a, int from, PickleReader reader) throws Misfit {
        var map = new LinkedHashMap<@Nullable Object, @Nullable Object>(2);
        if (a.size() <= from) {
            return map;
        }
        switch (a.get(from)) {
            case LinkedHashMap<?, ?> m -> {
                reader.count(m.size());
                map.putAll(PickleReader.asMap(m));
            }
            case null, default -> {
                Tuple pairs = sequence(a.get(from));
                reader.count(pairs.items().size());
                for (Object pair : pairs.items()) {
                    List<@Nullable Object> p = sequence(pair).items();
                    PickleReader.put(map, p.get(0), p.get(1));
                }
            }
        }
        return map;
    }

    private static Object set(List<@Nullable Object> a, PickleReader reader) throws Misfit {
        Tuple items = a.isEmpty() ? new Tuple(List.of()) : sequence(a.getFirst());
        reader.count(items.items().size());
        return new PySet(new ArrayList<>(items.items()));
    }

    private static Tuple sequence(@Nullable Object o) {
        return o instanceof ArrayList<?> list ? new Tuple(PickleReader.asList(list)) : (Tuple) o;
    }

    /// Bytes as protocol 2 has them: a text of characters up to 255, and the word `latin1`.
    private static byte[] latin1(List<@Nullable Object> a, PickleReader reader) throws Misfit {
        String text = (String) a.get(0);
        if (!(a.get(1) instanceof String code) || !code.toLowerCase(Locale.ROOT).replace("-", "").equals("latin1")) {
            throw new Misfit("encodes a text as " + PickleReader.describe(a.get(1)) + "; only latin1 occurs");
        }
        reader.count(text.length() / 16);
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // --- tensors

    private static StoredTensor tensor(List<@Nullable Object> a, @Nullable Object explicitDType) throws Misfit {
        StorageRef ref = (StorageRef) a.get(0);
        NamedDType explicit = (NamedDType) explicitDType;
        DType d = explicit != null ? explicit.dtype() : ref.type().dtype();
        if (d == null) {
            throw new Misfit("holds a tensor of " + (explicit != null ? explicit : ref.type()).name()
                    + "; tensors here are " + List.of(DType.values())
                    + ": convert it in Python, or leave it out");
        }
        long[] dims = longs(a.get(2));
        Shape shape;
        try {
            shape = Shape.of(dims);
        } catch (TensorException e) {
            throw new Misfit("a tensor's " + e.getMessage());
        }
        return ref.storage().tensor(d, shape, (Long) a.get(1), longs(a.get(3)));
    }

    private static long[] longs(@Nullable Object o) throws Misfit {
        List<@Nullable Object> items = sequence(o).items();
        if (items.size() > MAX_AXES) {
            throw new Misfit("a tensor of " + items.size() + " axes; at most " + MAX_AXES + " are accepted");
        }
        long[] out = new long[items.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = (Long) items.get(i);
        }
        return out;
    }

    /// `func(*args)` as a subclass of tensor, with attributes: only the plain classes, whose attributes are dropped.
    private static @Nullable Object rebuildFromType(List<@Nullable Object> a, PickleReader reader) throws Misfit {
        if (!(a.get(1) instanceof TypeName type)) {
            throw new Misfit("rebuilds a tensor as " + PickleReader.describe(a.get(1)) + "; only torch.Tensor and"
                    + " torch.nn.Parameter are read");
        }
        if (!(a.get(0) instanceof Callable f) || f.name().equals("torch._tensor._rebuild_from_type_v2")) {
            throw new Misfit("rebuilds a " + type.name() + " by " + PickleReader.describe(a.get(0)));
        }
        return reader.call(f, ((Tuple) a.get(2)).items());
    }

    /// A storage, as tensors refer to it.
    record StorageRef(StorageType type, TensorStorage storage) {}

    // --- numbers of NumPy

    private static final class NumPyType implements PickleReader.Stateful {
        private final String code;
        private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

        NumPyType(String code) {
            this.code = code;
        }

        @Override
        public void setState(@Nullable Object state) {
            if (state instanceof Tuple t && t.items().size() > 1 && ">".equals(t.items().get(1))) {
                order = ByteOrder.BIG_ENDIAN;
            }
        }
    }

    private static Object numPyScalar(List<@Nullable Object> a, PickleReader reader) throws Misfit {
        NumPyType type = (NumPyType) a.get(0);
        ByteBuffer b = ByteBuffer.wrap((byte[]) a.get(1)).order(type.order);
        int width = b.remaining();
        String kind = type.code + (type.code.length() == 1 ? "" : "=" + width);
        return switch (kind) {
            case "f8=8" -> b.getDouble();
            case "f4=4" -> (double) b.getFloat();
            case "f2=2" -> (double) Float.float16ToFloat(b.getShort());
            case "i8=8" -> b.getLong();
            case "i4=4" -> (long) b.getInt();
            case "i2=2" -> (long) b.getShort();
            case "i1=1" -> (long) b.get();
            case "u4=4" -> b.getInt() & 0xFFFFFFFFL;
            case "u2=2" -> (long) (b.getShort() & 0xFFFF);
            case "u1=1" -> (long) (b.get() & 0xFF);
            case "b1=1" -> b.get() != 0;
            default -> throw new Misfit("holds a NumPy scalar of type " + type.code + " in " + width
                    + " bytes; only floats, integers and truth values are read");
        };
    }
}
