package dev.tenon.benchmarks;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Module;
import dev.tenon.nn.models.Models;
import dev.tenon.onnx.export.OnnxExport;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;

/// Inference by ONNX Runtime, of the model that Tenon exports, with all its optimisations.
final class OnnxRuntimeSide implements Side {
    private static final int THREADS =
        Boolean.getBoolean("tenon.bench.cpu") ? 1 : Runtime.getRuntime().availableProcessors();

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();

    @Override
    public String describe() {
        return "ONNX Runtime " + environment.getVersion() + ", " + THREADS + " threads";
    }

    @Override
    public Optional<Work> prepare(BenchCase c) {
        if (!c.kind().equals("infer-resnet50")) {
            return Optional.empty();
        }
        try {
            return Optional.of(infer(c.dim(0)));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private Work infer(long batch) throws OrtException {
        Device cpu = Device.of("cpu");
        Module model = Models.create("resnet50").to(cpu).eval();
        byte[] file;
        try (Context.Mode _ = Context.noGrad()) {
            Tensor x = Tensors.randn(Shape.of(batch, 3, 224, 224), DType.F32, cpu, new Generator(2));
            file = OnnxExport.of(Graphs.capture(model, x)).toBytes();
        }
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(THREADS);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        OrtSession session = environment.createSession(file, options);
        int bytes = Math.toIntExact(batch * 3 * 224 * 224 * 4);
        var numbers = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
        for (int i = 0; i < numbers.capacity(); i++) {
            numbers.put(i, (float) Math.sin(i));
        }
        OnnxTensor x = OnnxTensor.createTensor(environment, numbers, new long[] {batch, 3, 224, 224});
        Map<String, OnnxTensor> feeds = Map.of(session.getInputNames().iterator().next(), x);
        return new Work() {
            @Override
            public void run() {
                try (OrtSession.Result _ = session.run(feeds)) {
                    // The result is there when it returns.
                } catch (OrtException e) {
                    throw new IllegalStateException(e);
                }
            }

            @Override
            public void close() {
                try {
                    x.close();
                    session.close();
                } catch (OrtException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }
}
