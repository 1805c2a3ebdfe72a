package dev.tenon.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the attributes of nodes.
final class AttributeReader {
    /// Reads a graph.
    @FunctionalInterface
    interface GraphReader {
        OnnxGraph read(GraphProto proto) throws OnnxException;
    }

    /// The attributes that a function was called with, by name.
    record Bound(Map<String, AttributeProto> values) {}

    private final TensorCodec tensors;
    private final GraphReader graphs;
    private final @Nullable Bound bound;

    AttributeReader(TensorCodec tensors, GraphReader graphs, @Nullable Bound bound) {
        this.tensors = tensors;
        this.graphs = graphs;
        this.bound = bound;
    }

    /// The attributes of a call of a function: those it is given, then the function's defaults.
    static Bound bind(FunctionProto function, NodeProto call, @Nullable Bound around) {
        Map<String, AttributeProto> values = new HashMap<>();
        function.getAttributeProtoList().forEach(a -> values.put(a.getName(), a));
        for (AttributeProto a : call.getAttributeList()) {
            AttributeProto value = resolve(a, around);
            if (value != null) {
                values.put(a.getName(), value);
            }
        }
        return new Bound(values);
    }

    private static @Nullable AttributeProto resolve(AttributeProto a, @Nullable Bound bound) {
        if (a.getRefAttrName().isEmpty()) {
            return a;
        }
        return bound == null ? null : bound.values.get(a.getRefAttrName());
    }

    Attributes read(List<AttributeProto> protos, String node) throws OnnxException {
        if (protos.isEmpty()) {
            return Attributes.NONE;
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (AttributeProto a : protos) {
            if (!a.getRefAttrName().isEmpty() && bound == null) {
                throw new OnnxException(node + ": attribute " + a.getName() + " refers to attribute "
                        + a.getRefAttrName() + " of a function, and this is in none");
            }
            AttributeProto given = resolve(a, bound);
            if (given != null && values.put(a.getName(), value(given, node + ", attribute " + a.getName())) != null) {
                throw new OnnxException(node + ": attribute " + a.getName() + " is there twice");
            }
        }
        return new Attributes(values);
    }

    private Object value(AttributeProto a, String what) throws OnnxException {
        return switch (kind(a)) {
            case FLOAT -> (double) a.getF();
            case INT -> a.getI();
            case STRING -> a.getS().toStringUtf8();
            case TENSOR -> tensors.read(a.getT(), what, true);
            case SPARSE_TENSOR -> tensors.read(a.getSparseTensor(), what, true);
            case GRAPH -> graphs.read(a.getG());
            case TYPE_PROTO -> TypeReader.read(a.getTp(), what, 0);
            case FLOATS -> a.getFloatsList().stream().mapToDouble(Float::doubleValue).toArray();
            case INTS -> a.getIntsList().stream().mapToLong(Long::longValue).toArray();
            case STRINGS -> a.getStringsList().stream().map(ByteString::toStringUtf8).toList();
            case TENSORS -> {
                List<OnnxValue> all = new ArrayList<>();
                for (TensorProto t : a.getTensorsList()) {
                    all.add(tensors.read(t, what, true));
                }
                yield all;
            }
            case SPARSE_TENSORS -> {
                List<OnnxValue> all = new ArrayList<>();
                for (SparseTensorProto t : a.getSparseTensorsList()) {
                    all.add(tensors.read(t, what, true));
                }
                yield all;
            }
            case GRAPHS -> {
                List<OnnxGraph> all = new ArrayList<>();
                for (GraphProto g : a.getGraphsList()) {
                    all.add(graphs.read(g));
                }
                yield all;
            }
            case TYPE_PROTOS -> {
                List<ValueType> all = new ArrayList<>();
                for (TypeProto t : a.getTypeProtosList()) {
                    all.add(TypeReader.read(t, what, 0));
                }
                yield all;
            }
            case UNDEFINED -> throw new OnnxException(what + ": has no value");
        };
    }

    /// The first files of the format did not say which field they filled.
    private static AttributeProto.AttributeType kind(AttributeProto a) {
        if (a.getType() != AttributeProto.AttributeType.UNDEFINED) {
            return a.getType();
        }
        return a.hasF() ? AttributeProto.AttributeType.FLOAT
                : a.hasI() ? AttributeProto.AttributeType.INT
                : a.hasS() ? AttributeProto.AttributeType.STRING
                : a.hasT() ? AttributeProto.AttributeType.TENSOR
                : a.hasG() ? AttributeProto.AttributeType.GRAPH
                : a.getFloatsCount() > 0 ? AttributeProto.AttributeType.FLOATS
                : a.getIntsCount() > 0 ? AttributeProto.AttributeType.INTS
                : a.getStringsCount() > 0 ? AttributeProto.AttributeType.STRINGS
                : AttributeProto.AttributeType.UNDEFINED;
    }
}
