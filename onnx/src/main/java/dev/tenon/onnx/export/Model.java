package dev.tenon.onnx.export;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import dev.tenon.onnx.OnnxType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What all blocks of a file share: names, weights, small constants, and what could not be written.
final class Model {
    private record Place(Object memory, long offset, TensorType type) {}

    private record Small(DType dtype, Shape shape, List<Long> bits) {}

    final int opset;
    /// The weights, by name.
    final Map<String, Tensor> weights = new LinkedHashMap<>();
    /// Constants that the nodes' form asks for, such as axes.
    final List<TensorProto> constants = new ArrayList<>();
    /// What has no counterpart in the format, with the line that recorded it.
    final List<String> problems = new ArrayList<>();
    /// Names given at the end in place of those that values had while nodes were written.
    final Map<String, String> renamed = new HashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Map<String, Integer> counters = new HashMap<>();
    private final Map<Small, Term> known = new HashMap<>();
    private final Map<Place, Term> byPlace = new HashMap<>();
    private String line = "";

    private final boolean sharesConstants;

    /// @param sharesConstants whether equal constants are one; not, where two models are to be compared part by part
    Model(int opset, boolean sharesConstants) {
        this.opset = opset;
        this.sharesConstants = sharesConstants;
    }

    /// The line that recorded what is written now.
    String line() {
        return line;
    }

    void line(String text) {
        line = text;
    }

    /// Notes that an op cannot be written.
    void problem(String op, String reason) {
        problems.add(op + ": " + reason + (line.isEmpty() ? "" : ", at " + line));
    }

    /// Takes a name as it is, or with a number behind it where it is taken.
    String reserve(String wanted) {
        String name = wanted;
        for (int i = 1; !names.add(name); i++) {
            name = wanted + "_" + i;
        }
        return name;
    }

    /// A new name: the word with a number.
    String fresh(String word) {
        String name;
        do {
            name = word + "_" + counters.merge(word, 1, Integer::sum);
        } while (!names.add(name));
        return name;
    }

    // --- constants

    /// A weight: one for each place in memory, whatever the names under which it is met.
    ///
    /// @param key identifies the memory
    Term weight(Object key, Tensor tensor, String name) {
        Place place = new Place(key, tensor.storageOffset(), tensor.type());
        return byPlace.computeIfAbsent(place, _ -> {
            Term t = new Term(reserve(name), tensor.dtype(), tensor.shape());
            weights.put(t.name(), tensor);
            return t;
        });
    }

    /// Integers `[n]`.
    Term longs(long... values) {
        return integers(DType.I64, Shape.of(values.length), values);
    }

    /// Integers `[n]`.
    Term longs(List<? extends Number> values) {
        return longs(values.stream().mapToLong(Number::longValue).toArray());
    }

    Term integers(DType dtype, Shape shape, long... values) {
        return constant(new Small(dtype, shape, Arrays.stream(values).boxed().toList()));
    }

    /// A number without axes.
    Term number(DType dtype, double value) {
        long bits = dtype.isFloating() ? Double.doubleToRawLongBits(value) : (long) value;
        return constant(new Small(dtype, Shape.SCALAR, List.of(bits)));
    }

    /// An integer or truth value without axes.
    Term integer(DType dtype, long value) {
        return dtype.isFloating() ? number(dtype, value)
                : constant(new Small(dtype, Shape.SCALAR, List.of(value)));
    }

    /// A tensor without elements.
    Term empty(DType dtype, Shape shape) {
        return constant(new Small(dtype, shape, List.of()));
    }

    private Term constant(Small c) {
        return sharesConstants ? known.computeIfAbsent(c, this::written) : written(c);
    }

    private Term written(Small c) {
        OnnxType type = OnnxType.of(c.dtype);
        Term t = new Term(fresh("constant"), c.dtype, c.shape);
        ByteBuffer b = ByteBuffer.allocate(c.bits.size() * c.dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        c.bits.forEach(v -> put(b, c.dtype, v));
        TensorProto.Builder p = TensorProto.newBuilder().setName(t.name()).setDataType(type.code())
                .setRawData(ByteString.copyFrom(b.flip()));
        Arrays.stream(c.shape.toArray()).forEach(p::addDims);
        constants.add(p.build());
        return t;
    }

    private static void put(ByteBuffer b, DType dtype, long bits) {
        switch (dtype) {
            case F64, I64 -> b.putLong(bits);
            case F32 -> b.putFloat((float) Double.longBitsToDouble(bits));
            case F16 -> b.putShort(Float.floatToFloat16((float) Double.longBitsToDouble(bits)));
            case I32 -> b.putInt((int) bits);
            case I16 -> b.putShort((short) bits);
            case I8, U8, BOOL -> b.put((byte) bits);
            case BF16 -> throw new IllegalArgumentException("constants are computed with, which is done in 32 bits");
        }
    }
}
