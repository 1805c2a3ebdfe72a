package dev.tenon.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.activation.ReLU;
import dev.tenon.nn.layer.BatchNorm2d;
import dev.tenon.nn.layer.Conv2d;
import dev.tenon.nn.layer.ConvTranspose2d;
import dev.tenon.nn.layer.Embedding;
import dev.tenon.nn.layer.Flatten;
import dev.tenon.nn.layer.Linear;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.transformer.AttentionOptions;
import dev.tenon.nn.transformer.MultiheadAttention;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummaryTest {
    @Test
    void convolutionalNetwork() {
        Sequential features = new Sequential(new Conv2d(3, 8, 3), new BatchNorm2d(8), new ReLU());
        Sequential net = new Sequential().add("features", features).add("flatten", new Flatten())
                .add("head", new Linear(8 * 6 * 6, 10));
        features.get(0).requiresGrad(false);
        features.eval();
        Summary s = net.summary(2, 3, 8, 8);
        assertEquals(Shape.of(2, 3, 8, 8), s.input());
        assertEquals(List.of("", "features", "0", "1", "2", "flatten", "head"),
                s.rows().stream().map(Summary.Row::name).toList());
        assertEquals(List.of(0, 1, 2, 2, 2, 1, 1), s.rows().stream().map(Summary.Row::depth).toList());
        assertEquals(List.of(Shape.of(2, 8, 6, 6)), s.rows().get(2).outputs());
        long conv = 3 * 8 * 9 + 8;
        long head = 288 * 10 + 10;
        var t = s.totals();
        assertEquals(conv + 16 + head, t.parameters());
        assertEquals(conv, t.frozen());
        assertEquals(2 * 8 + 1, t.buffers());
        assertEquals(2L * 8 * 36 * 27 + 2L * 288 * 10, t.multiplyAdds());
        assertEquals(2 * 3 * 64 * 4, t.inputBytes());
        // Convolution, normalisation, ReLU and flattening give 576 numbers each, the head 20.
        assertEquals((4 * 576 + 20) * 4, t.activationBytes());
        assertEquals((t.parameters() + 16) * 4 + 8, t.parameterBytes());
        String text = s.toString();
        for (String part : List.of("Model: Sequential", "\n  features (Sequential)", "\n    0 (Conv2d)  ",
                "[2, 8, 6, 6]      224  no            15,552", "Total params: 3,130", "Trainable params: 2,906",
                "Non-trainable params: 224", "Mult-adds: 21,312", "Input size: 1.50 KiB",
                "Activations size: 9.08 KiB")) {
            assertTrue(text.contains(part), () -> part + " is not in\n" + text);
        }
        // Modes and hooks are as before, and running statistics have not moved.
        assertTrue(net.isTraining() && !features.isTraining() && !features.get(1).isTraining());
        assertTrue(net.get(2).isTraining());
        assertEquals(s, net.summary(2, 3, 8, 8));
        net.train();
        net.summary(2, 3, 8, 8);
        assertEquals(0, net.stateDict().get("features.1.num_batches_tracked").itemLong());
        assertThrows(TensorException.class, () -> net.summary(2, 4, 8, 8));
        assertTrue(net.isTraining() && features.isTraining());
    }

    /// The same layer twice, and one that is not called.
    private static final class Shared extends Module {
        private final Linear inner = register("inner", new Linear(4, 4));
        private final Sequential again = register("again", new Sequential(inner));

        Shared() {
            register("unused", new Linear(2, 2, false));
        }

        @Override
        public Tensor forward(Tensor x) {
            return again.call(inner.call(x));
        }
    }

    @Test
    void sharedAndUnusedLayers() {
        Summary s = new Shared().summary(3, 4);
        assertEquals(20 + 4, s.totals().parameters());
        assertEquals(2 * 3 * 16, s.totals().multiplyAdds());
        Summary.Row inner = s.rows().get(1);
        assertEquals(2, inner.calls());
        assertTrue(s.rows().stream().anyMatch(r -> r.repeated() && r.depth() == 2 && r.parameters() == 0));
        Summary.Row unused = s.rows().getLast();
        assertTrue(unused.outputs().isEmpty() && unused.calls() == 0 && unused.parameters() == 4);
        assertTrue(s.toString().contains("(as above)") && s.toString().contains("[3, 4] x2"), s::toString);
        assertFalse(s.toString().contains("Buffer"), s::toString);
    }

    @Test
    void multiplyAddsOfOtherLayers() {
        assertEquals(5 * 2 * (4 * 3 * 7 + 4 * 3 * 3), new LSTM(7, 3).summary(5, 2, 7).totals().multiplyAdds());
        MultiheadAttention m = new MultiheadAttention(8, 2, new AttentionOptions().batchFirst(true));
        // Four maps, scores and values for 3 sequences of 5.
        assertEquals(4 * 15 * 64 + 2 * 3 * 5 * 5 * 8, m.summary(3, 5, 8).totals().multiplyAdds());
        assertEquals(15 * 8 * 4, m.summary(3, 5, 8).totals().activationBytes());
        TransformerEncoderLayer t = new TransformerEncoderLayer(8, 2,
                new TransformerOptions().feedforward(16).batchFirst(true));
        assertEquals(4 * 15 * 64 + 2 * 3 * 5 * 5 * 8 + 2 * 15 * 8 * 16, t.summary(3, 5, 8).totals().multiplyAdds());
        assertEquals(2L * 3 * 16 * 5 * 4, new ConvTranspose2d(3, 5, 2).summary(2, 3, 4, 4).totals().multiplyAdds());
        Sequential words = new Sequential(new Embedding(10, 4), new Linear(4, 2));
        Summary s = Summary.of(words, Tensors.of(1L, 2L, 3L));
        assertEquals(3 * 8, s.totals().multiplyAdds());
        assertEquals(24, s.totals().inputBytes());
        LSTM lstm = new LSTM(7, 3);
        lstm.to(DType.F64);
        Summary whole = Summary.of(lstm, Tensors.zeros(Shape.of(5, 2, 7), DType.F64, Tensors.ones(1).device()),
                x -> lstm.call(x, null));
        assertEquals(List.of(Shape.of(5, 2, 3), Shape.of(1, 2, 3), Shape.of(1, 2, 3)),
                whole.rows().getFirst().outputs());
    }
}
