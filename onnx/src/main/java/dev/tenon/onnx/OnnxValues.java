package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.tenon.api.Context;
import dev.tenon.api.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads values that lie in files of their own, as ONNX's test data does (`input_0.pb`).
public final class OnnxValues {
    /// Sequences of sequences.
    private static final int DEEPEST = 16;

    private final TensorCodec tensors;

    private OnnxValues(Device device) {
        tensors = new TensorCodec(new ExternalData(null), device);
    }

    /// Reads a file.
    ///
    /// @param type what the value is declared to be; files do not say
    /// @throws OnnxException if the file does not hold such a value
    /// @throws IOException if the file cannot be read
    public static OnnxValue read(Path file, ValueType type, Device device) throws IOException {
        try {
            return read(Files.readAllBytes(file), type, device);
        } catch (OnnxException e) {
            throw new OnnxException(file + ": " + e.getMessage(), e);
        }
    }

    /// Reads the bytes of a file.
    ///
    /// @param type what the value is declared to be; files do not say
    /// @throws OnnxException if the bytes are no such value
    public static OnnxValue read(byte[] bytes, ValueType type, Device device) throws OnnxException {
        OnnxValues reader = new OnnxValues(device);
        try (Context.Mode _ = Context.recording(null)) {
            ByteString all = ByteString.copyFrom(bytes);
            return switch (type) {
                case ValueType.OfTensor _, ValueType.Undeclared _ -> reader.tensor(all);
                case ValueType.OfSequence _ -> reader.sequence(all, 0);
                case ValueType.OfOptional _ -> reader.optional(all, 0);
                case ValueType.OfMap _ -> reader.map(all, 0);
            };
        } catch (InvalidProtocolBufferException e) {
            throw new OnnxException("is no " + type + ": " + e.getMessage(), e);
        } catch (OnnxException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
    }

    private OnnxValue tensor(ByteString bytes) throws IOException {
        TensorProto proto = TensorProto.parseFrom(bytes);
        return tensors.read(proto, "tensor '" + proto.getName() + "'", false);
    }

    private OnnxValue sparse(ByteString bytes) throws IOException {
        return tensors.read(SparseTensorProto.parseFrom(bytes), "sparse tensor", false);
    }

    private static void check(int depth) throws OnnxException {
        if (depth > DEEPEST) {
            throw new OnnxException("is nested more than " + DEEPEST + " deep");
        }
    }

    /// Calls `field` for each field with bytes, by its number, and skips the others.
    private interface Field {
        void accept(int number, ByteString bytes) throws IOException;
    }

    private static void fields(ByteString message, Field field) throws IOException {
        CodedInputStream in = message.newCodedInput();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                field.accept(WireFormat.getTagFieldNumber(tag), in.readBytes());
            } else if (!in.skipField(tag)) {
                return;
            }
        }
    }

    /// The messages of the values in a sequence or an optional value have the same numbers, but for the fifth on.
    private @Nullable OnnxValue element(int number, ByteString bytes, int depth) throws IOException {
        return switch (number) {
            case 3 -> tensor(bytes);
            case 4 -> sparse(bytes);
            case 5 -> sequence(bytes, depth + 1);
            case 6 -> map(bytes, depth + 1);
            case 7 -> optional(bytes, depth + 1);
            default -> null;
        };
    }

    private OnnxValue sequence(ByteString bytes, int depth) throws IOException {
        check(depth);
        List<OnnxValue> values = new ArrayList<>();
        fields(bytes, (number, b) -> {
            OnnxValue v = element(number, b, depth);
            if (v != null) {
                values.add(v);
            }
        });
        return new OnnxValue.Sequence(values);
    }

    private OnnxValue optional(ByteString bytes, int depth) throws IOException {
        check(depth);
        List<OnnxValue> values = new ArrayList<>();
        fields(bytes, (number, b) -> {
            OnnxValue v = element(number, b, depth);
            if (v != null) {
                values.add(v);
            }
        });
        return new OnnxValue.Optional(values.isEmpty() ? null : values.getFirst());
    }

    private OnnxValue map(ByteString bytes, int depth) throws IOException {
        check(depth);
        List<Object> keys = new ArrayList<>();
        List<OnnxValue> values = new ArrayList<>();
        CodedInputStream in = bytes.newCodedInput();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int number = WireFormat.getTagFieldNumber(tag);
            boolean packed = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            if (number == 3 && packed) {
                CodedInputStream all = in.readBytes().newCodedInput();
                while (!all.isAtEnd()) {
                    keys.add(all.readInt64());
                }
            } else if (number == 3) {
                keys.add(in.readInt64());
            } else if (number == 4 && packed) {
                keys.add(in.readBytes().toStringUtf8());
            } else if (number == 5 && packed) {
                if (sequence(in.readBytes(), depth + 1) instanceof OnnxValue.Sequence s) {
                    values.addAll(s.values());
                }
            } else if (!in.skipField(tag)) {
                break;
            }
        }
        if (keys.size() != values.size()) {
            throw new OnnxException("a map with " + keys.size() + " keys and " + values.size() + " values");
        }
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keys.size(); i++) {
            map.put(keys.get(i), values.get(i));
        }
        return new OnnxValue.OfMap(map);
    }
}
