package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Tensors as ONNX files hold them.
final class TensorCodec {
    private final ExternalData external;
    private final Device device;

    TensorCodec(ExternalData external, Device device) {
        this.external = external;
        this.device = device;
    }

    /// Reads a tensor.
    ///
    /// @param what names it in messages
    OnnxValue read(TensorProto proto, String what, boolean constant) throws OnnxException {
        OnnxType type = OnnxType.ofCode(proto.getDataType()).orElseThrow(() -> new OnnxException(what
                + ": element type " + proto.getDataType() + " is unknown; known are " + OnnxType.known()));
        if (proto.hasSegment()) {
            throw new OnnxException(what + ": tensors in segments are not supported; store it in one piece");
        }
        Shape shape = shape(proto.getDimsList(), what);
        if (type == OnnxType.STRING) {
            return strings(proto, shape, what);
        }
        boolean outside = proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
        long bytes = bytes(type, shape.elements(), what);
        ByteBuffer raw = outside ? external.read(proto, bytes, what)
                : proto.hasRawData() ? raw(proto, what) : typed(proto, type, shape.elements(), what);
        if (raw.remaining() != bytes) {
            throw new OnnxException(what + ": " + type + shape + " takes " + bytes + " bytes, the file has "
                    + raw.remaining());
        }
        return new OnnxValue.OfTensor(type, tensor(type, shape, raw.order(ByteOrder.LITTLE_ENDIAN), device), constant);
    }

    static Shape shape(List<Long> dims, String what) throws OnnxException {
        if (dims.size() > 64) {
            throw new OnnxException(what + ": has " + dims.size() + " axes; at most 64 are supported");
        }
        try {
            return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
        } catch (TensorException e) {
            throw new OnnxException(what + ": " + e.getMessage(), e);
        }
    }

    private static long bytes(OnnxType type, long elements, String what) throws OnnxException {
        if (elements > Long.MAX_VALUE / 256) {
            throw new OnnxException(what + ": " + elements + " elements are too many");
        }
        return (elements * type.bits() + 7) / 8;
    }

    private static ByteBuffer raw(TensorProto proto, String what) throws OnnxException {
        if (proto.getFloatDataCount() + proto.getInt32DataCount() + proto.getInt64DataCount()
                + proto.getDoubleDataCount() + proto.getUint64DataCount() > 0) {
            throw new OnnxException(what + ": has raw data and typed data; expected one of them");
        }
        return ByteBuffer.wrap(proto.getRawData().toByteArray());
    }

    /// The elements of the typed fields, as raw data would have them.
    private static ByteBuffer typed(TensorProto p, OnnxType type, long elements, String what) throws OnnxException {
        int count = switch (type) {
            case FLOAT, COMPLEX64 -> p.getFloatDataCount();
            case DOUBLE, COMPLEX128 -> p.getDoubleDataCount();
            case INT64 -> p.getInt64DataCount();
            case UINT32, UINT64 -> p.getUint64DataCount();
            default -> p.getInt32DataCount();
        };
        long wanted = type.isComplex() ? 2 * elements : type.bits() < 8 ? bytes(type, elements, what) : elements;
        if (count != wanted) {
            throw new OnnxException(what + ": " + type + " of " + elements + " elements takes " + wanted
                    + " numbers, the file has " + count);
        }
        int size = type.isComplex() ? type.bits() / 16 : Math.max(1, type.bits() / 8);
        if ((long) count * size > Integer.MAX_VALUE - 16) {
            throw new OnnxException(what + ": is larger than 2 GiB; store it as external data");
        }
        ByteBuffer b = ByteBuffer.allocate(count * size).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            switch (type) {
                case FLOAT, COMPLEX64 -> b.putFloat(p.getFloatData(i));
                case DOUBLE, COMPLEX128 -> b.putDouble(p.getDoubleData(i));
                case INT64 -> b.putLong(p.getInt64Data(i));
                case UINT64 -> b.putLong(p.getUint64Data(i));
                case UINT32 -> b.putInt((int) p.getUint64Data(i));
                case INT32 -> b.putInt(p.getInt32Data(i));
                case INT16, UINT16, FLOAT16, BFLOAT16 -> b.putShort((short) p.getInt32Data(i));
                default -> b.put((byte) p.getInt32Data(i));
            }
        }
        return b.flip();
    }

    /// A tensor of little-endian elements.
    static Tensor tensor(OnnxType type, Shape shape, ByteBuffer raw, Device device) {
        int n = (int) shape.elements();
        return switch (type) {
            case UINT16 -> {
                int[] v = new int[n];
                for (int i = 0; i < n; i++) {
                    v[i] = raw.getShort(2 * i) & 0xFFFF;
                }
                yield Tensors.of(v, shape, device);
            }
            case UINT32 -> {
                long[] v = new long[n];
                for (int i = 0; i < n; i++) {
                    v[i] = raw.getInt(4 * i) & 0xFFFF_FFFFL;
                }
                yield Tensors.of(v, shape, device);
            }
            case BOOL -> {
                byte[] v = new byte[n];
                for (int i = 0; i < n; i++) {
                    v[i] = (byte) (raw.get(i) == 0 ? 0 : 1);
                }
                yield Tensors.of(v, type.dtype(), shape, device);
            }
            case UINT4, INT4, UINT2, INT2 -> {
                byte[] v = new byte[n];
                int bits = type.bits();
                for (int i = 0; i < n; i++) {
                    int c = packed(raw, i, bits) & (1 << bits) - 1;
                    v[i] = (byte) (c > type.maxValue() ? c - (1 << bits) : c);
                }
                yield Tensors.of(v, type.dtype(), shape, device);
            }
            case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT8E8M0, FLOAT4E2M1 -> {
                float[] v = new float[n];
                SmallFloats table = SmallFloats.of(type);
                int bits = type.bits();
                for (int i = 0; i < n; i++) {
                    v[i] = table.value(packed(raw, i, bits));
                }
                yield Tensors.of(v, shape, device);
            }
            default -> Tensors.fromHost(MemorySegment.ofBuffer(raw), type.dtype(),
                    type.isComplex() ? shape.inserted(shape.rank(), 2) : shape, device);
        };
    }

    /// Element `i` of several in a byte, the first in its lowest bits, with what lies above it.
    private static int packed(ByteBuffer raw, int i, int bits) {
        return raw.get((int) ((long) i * bits / 8)) >> (long) i * bits % 8;
    }

    private static OnnxValue strings(TensorProto proto, Shape shape, String what) throws OnnxException {
        if (proto.getStringDataCount() != shape.elements()) {
            throw new OnnxException(what + ": string" + shape + " takes " + shape.elements() + " strings, the file has "
                    + proto.getStringDataCount());
        }
        List<String> all = new ArrayList<>();
        proto.getStringDataList().forEach(s -> all.add(s.toStringUtf8()));
        return new OnnxValue.Strings(shape, all);
    }

    /// Reads a tensor that is given by its elements that are not zero, and fills in the others.
    OnnxValue read(SparseTensorProto proto, String what, boolean constant) throws OnnxException {
        Shape shape = shape(proto.getDimsList(), what);
        OnnxValue values = read(proto.getValues(), what + ", values", true);
        OnnxValue indices = read(proto.getIndices(), what + ", indices", true);
        // A file of a few bytes must not claim gigabytes.
        if (shape.elements() > Math.max(1 << 24, 4096L * (1 + values.shape().elements()))) {
            throw new OnnxException(what + ": a sparse tensor " + shape + " with " + values.shape().elements()
                    + " elements is too large to be filled with zeros");
        }
        if (!(values instanceof OnnxValue.OfTensor v) || v.type().isComplex() || indices.type() != OnnxType.INT64) {
            throw new OnnxException(what + ": sparse tensors take real numbers and indices of int64, got " + values
                    + " and " + indices);
        }
        long n = values.shape().elements();
        int rank = indices.shape().rank();
        boolean flat = rank == 1;
        if (values.shape().rank() != 1 || rank != 1 && rank != 2 || indices.shape().dim(0) != n
                || !flat && indices.shape().dim(1) != shape.rank()) {
            throw new OnnxException(what + ": values " + values + " and indices " + indices + " of a sparse tensor "
                    + shape + ": expected [n], and [n] or [n, " + shape.rank() + "]");
        }
        long[] at = indices.tensor().toLongArray();
        long[] linear = new long[(int) n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < (flat ? 1 : shape.rank()); k++) {
                long p = flat ? at[i] : at[i * shape.rank() + k];
                long extent = flat ? shape.elements() : shape.dim(k);
                if (p < 0 || p >= extent) {
                    throw new OnnxException(what + ": index " + p + " of " + shape + " is out of range");
                }
                linear[i] = flat ? p : linear[i] * extent + p;
            }
        }
        Tensor zeros = Tensors.zeros(Shape.of(shape.elements()), v.type().dtype(), device);
        Tensor filled = n == 0 ? zeros : zeros.scatter(0, Tensors.of(linear, Shape.of(n), device), v.tensor());
        return new OnnxValue.OfTensor(v.type(), filled.reshape(shape), constant);
    }
}
