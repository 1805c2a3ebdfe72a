package dev.tenon.onnx.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Module;
import dev.tenon.onnx.OnnxException;
import dev.tenon.onnx.OnnxModel;
import java.util.List;
import java.util.SortedMap;

/// Holds exported models against Tenon's own results.
final class Exported {
    private Exported() {}

    /// Gives parameters and running statistics values that a mistake would show in.
    static Module spread(Module model) {
        Generator random = new Generator(7);
        try (Context.Mode _ = Context.noGrad()) {
            model.stateDict().forEach((name, t) -> {
                if (t.dtype().isFloating()) {
                    Tensor noise = Tensors.uniform(t.shape(), -0.05, 0.05, t.dtype(), t.device(), random);
                    t.add_(name.endsWith("running_var") ? noise.abs() : noise);
                }
            });
        }
        return model.eval();
    }

    /// Exports a model, also in its optimised form, and holds what ONNX Runtime, Tenon's own reader, and a second
    /// export of what was read give
    /// against its own result.
    ///
    /// @return how often each operator was used
    static SortedMap<String, Integer> check(String name, Module model, Tensor input)
            throws OrtException, OnnxException {
        try (Context.Mode _ = Context.noGrad()) {
            Tensor expected = model.call(input);
            Graph g = Graphs.capture(model, input);
            byte[] file = OnnxExport.of(g).toBytes();
            near(name + " by ONNX Runtime", expected, OnnxRuntime.run(file, List.of(input)).getFirst());
            near(name + ", optimised, by ONNX Runtime", expected,
                    OnnxRuntime.run(OnnxExport.of(g.optimized()).toBytes(), List.of(input)).getFirst());
            OnnxModel read = OnnxModel.read(file, Device.getDefault());
            near(name + " read back", expected, read.forward(input));
            Graph again = Graphs.capture(read::forward, input);
            near(name + " read, captured and exported again", expected,
                    OnnxModel.read(OnnxExport.of(again).toBytes(), Device.getDefault()).forward(input));
            return read.operatorCounts();
        }
    }

    static void near(String what, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertEquals(expected.shape(), actual.shape(), what);
        if (!expected.dtype().isFloating()) {
            assertTrue(expected.eq(actual).all().item() != 0, what);
            return;
        }
        Tensor e = expected.to(DType.F64);
        double scale = Math.max(1e-3, e.abs().max().item());
        double off = e.sub(actual.to(DType.F64)).abs().max().item();
        assertTrue(off <= 2e-5 * scale, () -> what + ": off by " + off + ", the largest value is " + scale);
    }
}
