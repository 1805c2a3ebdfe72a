package dev.tenon.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import dev.tenon.graph.pass.Optimizer;
import dev.tenon.nn.Module;
import dev.tenon.nn.Sequential;
import dev.tenon.nn.activation.GELU;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.functional.ClassLosses;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.Dropout;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.layer.MaxPool2d;
import dev.tenon.nn.optim.Adam;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Compiled functions do what the functions do, bit by bit unless batch normalisations are folded into weights.
class CompileTest {
    private static final CompileOptions EXACT =
            new CompileOptions(16, List.of(Optimizer.standard().select("-fold-batch-norm")));

    private static Compiled exact(Module model) {
        return Graphs.compile(in -> List.of(model.call(in.getFirst())), List.of(model), EXACT);
    }

    private static Module network() {
        return new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Flatten(),
                new Linear(36, 20), new LayerNorm(20), new GELU(), new Dropout(0.4), new Linear(20, 5));
    }

    private static List<double[]> train(boolean compiled) {
        Tensors.manualSeed(17);
        Module model = network();
        Adam optimizer = new Adam(model.parameters(), 0.01);
        Generator data = new Generator(4);
        Compiled graph = exact(model);
        UnaryOperator<Tensor> forward = compiled ? graph::call : model::call;
        List<double[]> seen = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            // The third batch is a smaller one.
            Shape s = Shape.of(i == 2 ? 3 : 6, 1, 8, 8);
            Tensor x = Tensors.randn(s, DType.F32, Device.getDefault(), data);
            Tensor y = Tensors.randint(0, 5, Shape.of(s.dim(0)), Device.getDefault(), data);
            optimizer.zeroGrad();
            Tensor loss = ClassLosses.crossEntropy(forward.apply(x), y);
            loss.backward();
            seen.add(loss.toDoubleArray());
            model.parameters().forEach(p -> seen.add(p.get().grad() == null ? new double[0]
                    : p.get().grad().toDoubleArray()));
            optimizer.step();
        }
        model.stateDict().values().forEach(t -> seen.add(t.toDoubleArray()));
        model.eval();
        seen.add(Context.noGrad(() -> forward.apply(Tensors.ones(6, 1, 8, 8))).toDoubleArray());
        if (compiled) {
            assertEquals(List.of(), graph.fallbacks());
            assertEquals(5, graph.graphs().size(), "two shapes in training, forward and backward, and evaluation");
        }
        return seen;
    }

    @Test
    void trainingWithCompiledModelIsTheSameToTheBit() {
        List<double[]> eager = train(false);
        List<double[]> compiled = train(true);
        assertEquals(eager.size(), compiled.size());
        for (int i = 0; i < eager.size(); i++) {
            assertArrayEquals(eager.get(i), compiled.get(i), "value " + i);
        }
    }

    private static void checkGradients(Function<List<Tensor>, List<Tensor>> fn, Tensor... inputs) {
        Compiled compiled = Graphs.compile(fn, List.of(), CompileOptions.DEFAULT);
        List<double[]> first = new ArrayList<>();
        for (Function<List<Tensor>, List<Tensor>> f : List.<Function<List<Tensor>, List<Tensor>>>of(fn,
                compiled::call)) {
            List<Tensor> in = new ArrayList<>();
            for (Tensor t : inputs) {
                in.add(t.detach().requiresGrad(t.dtype().isFloating()));
            }
            Tensors.manualSeed(3);
            List<Tensor> out = f.apply(in);
            List<double[]> seen = new ArrayList<>();
            Tensor total = Tensors.zeros();
            for (Tensor t : out) {
                seen.add(t.toDoubleArray());
                if (t.requiresGrad()) {
                    total = total.add(t.mul(t).sum());
                }
            }
            total.backward();
            for (Tensor t : in) {
                if (t.requiresGrad()) {
                    seen.add(t.grad() == null ? new double[0] : t.grad().toDoubleArray());
                }
            }
            if (first.isEmpty()) {
                first.addAll(seen);
            } else {
                for (int i = 0; i < seen.size(); i++) {
                    assertArrayEquals(first.get(i), seen.get(i), "value " + i);
                }
            }
        }
        assertEquals(List.of(), compiled.fallbacks());
    }

    @Test
    void gradientsOfInputsOutputsAndWhatIsHandedThrough() {
        checkGradients(in -> List.of(in.get(0).matmul(in.get(1).t()).softmax(-1), in.get(0),
                in.get(0).argmax(1, false)), Tensors.randn(3, 4), Tensors.randn(5, 4));
        checkGradients(in -> List.of(in.get(0).exp().cumsum(0).t().reshape(-1).narrow(0, 1, 7)), Tensors.randn(3, 4));
    }

    @Test
    void dropoutAndItsGradientDrawTheSameNumbers() {
        Dropout d = new Dropout(0.5);
        checkGradients(in -> List.of(d.call(in.get(0)).mul(3)), Tensors.randn(40));
    }

    @Test
    void recurrentAndTransformerLayers() {
        Tensors.manualSeed(1);
        LSTM lstm = new LSTM(3, 4);
        checkGradients(in -> List.of(lstm.call(in.get(0))), Tensors.randn(5, 2, 3));
        TransformerEncoderLayer layer = new TransformerEncoderLayer(8, 2, new TransformerOptions().dropout(0.2));
        checkGradients(in -> List.of(layer.call(in.get(0))), Tensors.randn(2, 5, 8));
    }

    @Test
    void whatCannotBeCapturedRunsAsItIs() {
        Compiled c = Graphs.compile(t -> t.sum().item() > 0 ? t.mul(2) : t.neg());
        assertArrayEquals(new float[] {2, 4}, c.call(Tensors.of(1f, 2f)).toFloatArray());
        assertArrayEquals(new float[] {1, 2}, c.call(Tensors.of(-1f, -2f)).toFloatArray());
        assertEquals(1, c.fallbacks().size());
        assertTrue(c.fallbacks().getFirst().contains("CompileTest.java"), c.fallbacks().getFirst());
        assertEquals(List.of(), c.graphs());
    }

    @Test
    void theCacheIsBoundedAndSeesModesAndMoves() {
        Module model = new Sequential(new Linear(3, 3), new Dropout(0.5));
        Compiled c = Graphs.compile(in -> List.of(model.call(in.getFirst())), List.of(model),
                new CompileOptions(2, List.of()));
        try (Context.Mode _ = Context.noGrad()) {
            for (int n = 1; n < 6; n++) {
                c.call(Tensors.ones(n, 3));
            }
            assertEquals(2, c.graphs().size());
            model.eval();
            Tensor expected = model.call(Tensors.ones(5, 3));
            assertArrayEquals(expected.toDoubleArray(), c.call(Tensors.ones(5, 3)).toDoubleArray());
            model.to(DType.F64);
            Tensor x = Tensors.ones(Shape.of(5, 3), DType.F64, Device.getDefault());
            assertArrayEquals(model.call(x).toDoubleArray(), c.call(x).toDoubleArray());
        }
    }

    @Test
    void aSecondDerivativeIsRefused() {
        Compiled c = Graphs.compile(t -> t.pow(3));
        Tensor x = Tensors.of(2f).requiresGrad(true);
        TensorException e = assertThrows(TensorException.class,
                () -> Gradients.grad(c.call(x).sum(), x, true));
        assertTrue(e.getMessage().contains("createGraph"), e.getMessage());
    }

    @Test
    void severalThreads() throws Exception {
        Module model = network().eval();
        Compiled c = exact(model);
        List<Tensor> inputs = new ArrayList<>();
        List<double[]> expected = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            inputs.add(Tensors.randn(6, 1, 8, 8));
            expected.add(Context.noGrad(() -> model.call(inputs.getLast())).toDoubleArray());
        }
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> running = new ArrayList<>();
            for (int k = 0; k < 32; k++) {
                int i = k % 8;
                running.add(pool.submit(() -> assertArrayEquals(expected.get(i),
                        Context.noGrad(() -> c.call(inputs.get(i))).toDoubleArray())));
            }
            for (Future<?> f : running) {
                f.get();
            }
        }
        assertEquals(1, c.graphs().size());
    }

    /// The gradient of a penalty on the gradient with respect to the input, as in WGAN-GP: of a network with random
    /// numbers, by its parameters and its input.
    private static List<double[]> penalty(Module model, UnaryOperator<Tensor> call) {
        Tensors.manualSeed(5);
        Tensor x = Tensors.randn(Shape.of(4, 6), DType.F64, Device.getDefault(), new Generator(2)).requiresGrad(true);
        Tensor y = call.apply(x).square().sum();
        Tensor slope = Gradients.grad(y, x, true);
        slope.square().sum().add(y).backward();
        List<double[]> out = new ArrayList<>();
        out.add(slope.toDoubleArray());
        out.add(x.grad().toDoubleArray());
        model.parameters().forEach(p -> {
            out.add(p.grad() == null ? new double[0] : p.grad().toDoubleArray());
            p.zeroGrad();
        });
        return out;
    }

    @Test
    void secondDerivativesCanBeAskedFor() {
        Tensors.manualSeed(3);
        Module model = new Sequential(new Linear(6, 8), new GELU(), new LayerNorm(8), new Dropout(0.3),
                new Linear(8, 3));
        model.to(DType.F64);
        Compiled compiled = Graphs.compile(in -> List.of(model.call(in.getFirst())), List.of(model),
                CompileOptions.DEFAULT.secondDerivatives(true));
        List<double[]> expected = penalty(model, model::call);
        List<double[]> actual = penalty(model, compiled::call);
        assertEquals(List.of(), compiled.fallbacks());
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 1e-10, "result " + i);
        }
    }
}
