package dev.tenon.onnx.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.graph.Graph;
import dev.tenon.graph.Graphs;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.Mish;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.models.ModelEntry;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.onnx.OnnxException;
import dev.tenon.onnx.OnnxModel;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Exports whose batch is left open take batches of every size.
class OpenAxisTest {
    private static Tensor random(long... dims) {
        return Tensors.randn(Shape.of(dims), DType.F32, Device.getDefault(), new Generator(5));
    }

    /// Exports a model with an open batch and holds ONNX Runtime and Tenon's own reader against it for several sizes.
    private static OnnxModel check(String name, Module model, LongFunction<Tensor> input, boolean optimized)
            throws OrtException, OnnxException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Exported.spread(model);
            UnaryOperator<Graph> passes = optimized ? Graph::optimized : g -> g;
            Graph five = passes.apply(Graphs.capture(model, input.apply(5)));
            Graph seven = passes.apply(Graphs.capture(model, input.apply(7)));
            byte[] file = OnnxExport.of(five).openAxis("batch", seven).toBytes();
            OnnxModel read = OnnxModel.read(file, Device.getDefault());
            for (long n : new long[] {5, 1, 2, 11}) {
                Tensor x = input.apply(n);
                Tensor expected = model.call(x);
                String what = name + (optimized ? ", optimised" : "") + ", batch " + n;
                Exported.near(what + " by ONNX Runtime", expected, OnnxRuntime.run(file, List.of(x)).getFirst());
                Exported.near(what + " read back", expected, read.forward(x));
            }
            return read;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lenet5", "resnet20_cifar", "char_lstm", "gpt_mini"})
    void modelsOfTheZoo(String name) throws OrtException, OnnxException {
        ModelEntry e = Models.all().get(name);
        LongFunction<Tensor> input = e.isLanguageModel()
                ? n -> Tensors.randint(0, e.numClasses(), Shape.of(n, 12), Device.getDefault(), new Generator(3))
                : n -> random(n, e.input().dim(0), e.input().dim(1), e.input().dim(1));
        for (boolean optimized : new boolean[] {false, true}) {
            OnnxModel read = check(name, e.create(new ModelOptions()), input, optimized);
            assertTrue(read.inputs().getFirst().toString().contains("[batch, "), read.inputs().toString());
        }
    }

    @Test
    void transformerLayers() throws OrtException, OnnxException {
        check("encoder layer", new TransformerEncoderLayer(16, 4), n -> random(n, 6, 16), false);
        check("encoder layer over any length", new TransformerEncoderLayer(16, 4), n -> random(3, n + 10, 16), false);
    }

    @Test
    void whatCannotBeOpenedIsSaid() {
        Tensor x = random(5, 3);
        Tensor y = random(7, 3);
        Graph five = Graphs.capture(t -> t.mul(2), x);
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(five).openAxis("n", five));
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(five).openAxis("",
                Graphs.capture(t -> t.mul(2), y)));
        var other = OnnxExport.of(five).openAxis("n", Graphs.capture(t -> t.add(2).mul(2), y));
        assertTrue(assertThrows(IllegalArgumentException.class, other::toBytes).getMessage().contains("differ in"));
        var mean = OnnxExport.of(Graphs.capture(t -> t.mul(1.0 / t.shape().dim(0)), x)).openAxis("n",
                Graphs.capture(t -> t.mul(1.0 / t.shape().dim(0)), y));
        String message = assertThrows(IllegalArgumentException.class, mean::toBytes).getMessage();
        assertTrue(message.contains("do not grow evenly") && message.contains("OpenAxisTest"), message);
        var list = OnnxExport.of(Graphs.capture(t -> t.add(Tensors.of(1f, 2f, 3f, 4f, 5f).reshape(5, 1)), x))
                .openAxis("n", Graphs.capture(t -> t.add(Tensors.of(1f, 2f, 3f, 4f, 5f, 6f, 7f).reshape(7, 1)), y));
        assertTrue(assertThrows(IllegalArgumentException.class, list::toBytes).getMessage().contains("depend"));
    }

    @Test
    void opset17HasReductionsOfItsOwnForm() throws OrtException, OnnxException {
        Module model = new Sequential(new Linear(6, 8), new LayerNorm(8), new Mish());
        Tensor x = random(4, 6);
        Context.noGrad(() -> {
            Exported.spread(model);
            return x;
        });
        Graph g = Context.noGrad(() -> Graphs.capture(t -> {
            Tensor y = model.call(t);
            return y.amax(new int[] {1}, false).add(y.amin(new int[] {1}, false)).add(y.prod(1, false)).add(y.mean(1));
        }, x));
        Tensor expected = Context.noGrad(() -> g.run(x).getFirst());
        for (int opset = 17; opset <= 19; opset++) {
            byte[] file = OnnxExport.of(g).opset(opset).toBytes();
            OnnxModel read = OnnxModel.read(file, Device.getDefault());
            assertEquals(Map.of("", opset), read.opsets());
            assertEquals(opset >= 18, read.operatorCounts().containsKey("Mish"));
            Exported.near("opset " + opset, expected, OnnxRuntime.run(file, List.of(x)).getFirst());
            Exported.near("opset " + opset + " read back", expected, Context.noGrad(() -> read.forward(x)));
        }
        Graph bits = Graphs.capture(t -> t.bitwiseAnd(t), Tensors.of(1, 2, 3));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(bits).opset(17).toBytes())
                .getMessage().contains("from opset 18 on"));
        assertThrows(IllegalArgumentException.class, () -> OnnxExport.of(bits).opset(16));
    }
}
