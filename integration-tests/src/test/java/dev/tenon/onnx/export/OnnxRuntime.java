package dev.tenon.onnx.export;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Models run by ONNX Runtime.
final class OnnxRuntime {
    private OnnxRuntime() {}

    /// The outputs of a model for tensors, in order.
    static List<Tensor> run(byte[] model, List<Tensor> inputs) throws OrtException {
        OrtEnvironment env = environment();
        try (OrtSession.SessionOptions options = options(); OrtSession session = env.createSession(model, options)) {
            return run(env, session, inputs);
        }
    }

    /// The outputs of a model in a file for tensors, in order.
    static List<Tensor> run(Path model, List<Tensor> inputs) throws OrtException {
        OrtEnvironment env = environment();
        try (OrtSession.SessionOptions options = options();
                OrtSession session = env.createSession(model.toString(), options)) {
            return run(env, session, inputs);
        }
    }

    private static OrtEnvironment environment() {
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    }

    private static OrtSession.SessionOptions options() throws OrtException {
        OrtSession.SessionOptions o = new OrtSession.SessionOptions();
        o.setIntraOpNumThreads(1);
        o.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.BASIC_OPT);
        o.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        return o;
    }

    private static List<Tensor> run(OrtEnvironment env, OrtSession session, List<Tensor> inputs) throws OrtException {
        Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
        try {
            List<String> names = List.copyOf(session.getInputInfo().keySet());
            for (int i = 0; i < names.size(); i++) {
                feeds.put(names.get(i), given(env, inputs.get(i)));
            }
            try (OrtSession.Result result = session.run(feeds)) {
                List<Tensor> out = new ArrayList<>();
                for (Map.Entry<String, OnnxValue> e : result) {
                    out.add(taken((OnnxTensor) e.getValue()));
                }
                return out;
            }
        } finally {
            feeds.values().forEach(OnnxTensor::close);
        }
    }

    private static OnnxTensor given(OrtEnvironment env, Tensor t) throws OrtException {
        int bytes = (int) t.elements() * t.dtype().bytes();
        ByteBuffer b = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        t.copyTo(MemorySegment.ofBuffer(b));
        OnnxJavaType type = switch (t.dtype()) {
            case F64 -> OnnxJavaType.DOUBLE;
            case F32 -> OnnxJavaType.FLOAT;
            case F16 -> OnnxJavaType.FLOAT16;
            case BF16 -> OnnxJavaType.BFLOAT16;
            case I64 -> OnnxJavaType.INT64;
            case I32 -> OnnxJavaType.INT32;
            case I16 -> OnnxJavaType.INT16;
            case I8 -> OnnxJavaType.INT8;
            case U8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
        };
        return OnnxTensor.createTensor(env, b, t.shape().toArray(), type);
    }

    private static Tensor taken(OnnxTensor t) {
        DType dtype = switch (t.getInfo().type) {
            case DOUBLE -> DType.F64;
            case FLOAT -> DType.F32;
            case FLOAT16 -> DType.F16;
            case BFLOAT16 -> DType.BF16;
            case INT64 -> DType.I64;
            case INT32 -> DType.I32;
            case INT16 -> DType.I16;
            case INT8 -> DType.I8;
            case UINT8 -> DType.U8;
            case BOOL -> DType.BOOL;
            default -> throw new IllegalArgumentException(t.getInfo().toString());
        };
        return Tensors.fromHost(MemorySegment.ofBuffer(t.getByteBuffer()), dtype,
                Shape.of(t.getInfo().getShape()), Device.of("cpu"));
    }
}
