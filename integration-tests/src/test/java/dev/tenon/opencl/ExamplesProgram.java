package dev.tenon.opencl;

import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.examples.CharacterModel;
import dev.tenon.examples.ControlFlow;
import dev.tenon.examples.FirstGraph;
import dev.tenon.examples.ModularNet;
import dev.tenon.examples.PrecisionTradeoff;
import dev.tenon.examples.SigmoidTwoWays;
import dev.tenon.examples.TreeLstm;
import dev.tenon.examples.TwoLayerNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/// The examples, shortened, on the default device: prints a line `name = numbers` for each result.
final class ExamplesProgram {
    private static final String TEXT = """
            The same program runs on every device. Nothing in it names one: where its tensors live is said once, by a
            property.

            What is added on one device in another order is rounded in another way, and that is all that may differ.

            """;

    private ExamplesProgram() {}

    /// @param args a folder for files
    public static void main(String[] args) throws IOException {
        Generator.getDefault().manualSeed(3);
        FirstGraph.Result first = FirstGraph.run();
        show("first graph", first.c(), first.x(), first.z());
        float[] x = {-30, -2, -0.5f, 0, 1, 5, 30};
        show("sigmoid as method", SigmoidTwoWays.asMethod(x).y(), SigmoidTwoWays.asMethod(x).gradient());
        show("sigmoid as function", SigmoidTwoWays.asFunction(x).y(), SigmoidTwoWays.asFunction(x).gradient());
        Tensor w = Tensors.of(2f).requiresGrad(true);
        show("loop", ControlFlow.loop(Tensors.of(0.5f), Tensors.of(new float[][] {{1}, {2}, {3}}), w));
        show("two-layer net by hand", TwoLayerNet.byHand(1, 10));
        show("two-layer net by autograd", TwoLayerNet.withAutograd(1, 10));
        show("two-layer net by modules", TwoLayerNet.withModules(1, 10));
        show("precisions", PrecisionTradeoff.run(300, 100, 2, Path.of(args[0])).stream()
                .mapToDouble(PrecisionTradeoff.Row::accuracy).toArray());
        show("character model", CharacterModel.run(TEXT.repeat(8), new CharacterModel.Settings(8, 16, 8, 16, 20, 1,
                1e-2), 1).loss());
        show("tree LSTM", TreeLstm.run(10, 2, 1).accuracy());
        show("modular net", ModularNet.run(20, 1).accuracy());
    }

    private static void show(String name, Tensor... results) {
        show(name, Arrays.stream(results).flatMapToDouble(t -> Arrays.stream(t.toDoubleArray())).toArray());
    }

    private static void show(String name, double... values) {
        System.out.println(name + " = " + Arrays.toString(values));
    }
}
