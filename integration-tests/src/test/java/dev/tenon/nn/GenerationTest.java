package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.models.GPT;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.models.Sampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A decoder that remembers keys and values computes what it does from all symbols at once.
class GenerationTest {
    private static final int CONTEXT = 12;

    private static GPT gpt(DType dtype) {
        Tensors.manualSeed(3);
        GPT model = (GPT) Models.create("gpt_mini", new ModelOptions().numClasses(11).context(CONTEXT));
        try (Context.Mode _ = Context.noGrad()) {
            // Attention that starts almost even would hide what is attended to.
            model.parameters().forEach(p -> p.get().mul_(4));
        }
        model.to(dtype);
        model.eval();
        return model;
    }

    private static Tensor symbols(int n, int time) {
        return Tensors.randint(0, 11, Shape.of(n, time), Device.getDefault(), Generator.getDefault());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 1 1 1 1 1 1 1 1 1 1 1", "12", "5 1 1 4 1", "1 11", "3 0 2 7"})
    void inParts(String parts) {
        int[] lengths = Arrays.stream(parts.split(" ")).mapToInt(Integer::parseInt).toArray();
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            GPT model = gpt(dtype);
            try (Context.Mode _ = Context.noGrad(); GPT.Cache cache = model.cache(3, CONTEXT)) {
                Tensor all = symbols(3, CONTEXT);
                Tensor want = model.call(all);
                for (int round = 0; round < 2; round++) {
                    List<Tensor> got = new ArrayList<>();
                    int at = 0;
                    for (int time : lengths) {
                        got.add(model.call(all.narrow(1, at, time), cache));
                        at += time;
                        assertEquals(at, cache.length());
                    }
                    double tolerance = dtype == DType.F32 ? 2e-5 : 1e-12;
                    assertEquals(want.shape(), Tensors.cat(1, got).shape());
                    assertTrue(want.allClose(Tensors.cat(1, got), tolerance, tolerance, false), () -> parts);
                    cache.clear();
                }
                assertTrue(want.abs().max().item() > 0.1);
            }
        }
    }

    /// Symbol by symbol, each from all that the context lets the model see; with and without chance.
    @Test
    void generatedTextIsThatOfTheWholeSequence() {
        GPT model = gpt(DType.F64);
        for (int prompt : new int[] {1, 5, CONTEXT, CONTEXT + 3}) {
            for (double temperature : new double[] {0, 1}) {
                long[] start = symbols(1, prompt).toLongArray();
                var sampling = new Sampling().temperature(temperature).topK(5);
                long[] got = model.generate(start, 20, sampling.generator(new Generator(9)));
                assertArrayEquals(naive(model, start, 20, temperature, new Generator(9)), got);
            }
        }
    }

    private static long[] naive(GPT model, long[] prompt, int count, double temperature, Generator generator) {
        long[] all = Arrays.copyOf(prompt, prompt.length + count);
        try (Context.Mode _ = Context.noGrad(); Scope _ = Scope.open()) {
            for (int n = prompt.length; n < all.length; n++) {
                long[] seen = Arrays.copyOfRange(all, Math.max(0, n - CONTEXT), n);
                Tensor scores = model.call(Tensors.of(seen).unsqueeze(0)).select(0, 0).select(0, -1);
                if (temperature == 0) {
                    all[n] = scores.argmax().itemLong();
                } else {
                    Tensor least = scores.topk(5, 0, true).values().amin(new int[] {0}, true);
                    Tensor kept = scores.maskedFill(scores.lt(least), Double.NEGATIVE_INFINITY);
                    all[n] = Tensors.multinomial(kept.softmax(0), 1, false, generator).itemLong();
                }
            }
        }
        return Arrays.copyOfRange(all, prompt.length, all.length);
    }

    @Test
    void whatDoesNotFitIsRefusedAndLosesNothing() {
        GPT model = gpt(DType.F32);
        assertThrows(IllegalArgumentException.class, () -> model.cache(1, CONTEXT + 1));
        assertThrows(IllegalArgumentException.class, () -> model.cache(0, 1));
        try (GPT.Cache cache = model.cache(2, 5)) {
            assertTrue(assertThrows(TensorException.class, () -> model.call(symbols(2, 3), cache)).getMessage()
                    .contains("noGrad"));
            try (Context.Mode _ = Context.noGrad()) {
                model.call(symbols(2, 3), cache);
                assertTrue(assertThrows(TensorException.class, () -> model.call(symbols(2, 3), cache)).getMessage()
                        .contains("3 of 5"));
                assertThrows(TensorException.class, () -> model.call(symbols(1, 1), cache));
                assertEquals(3, cache.length());
                assertEquals(Shape.of(2, 2, 11), model.call(symbols(2, 2), cache).shape());
            }
        }
    }
}
