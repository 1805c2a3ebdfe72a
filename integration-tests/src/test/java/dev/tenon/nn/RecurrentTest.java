package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.gradCheck;
import static dev.tenon.nn.LayerChecks.normal;
import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.assertShape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Generator;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.nn.recurrent.GRU;
import dev.tenon.nn.recurrent.GRUCell;
import dev.tenon.nn.recurrent.LSTM;
import dev.tenon.nn.recurrent.LSTMCell;
import dev.tenon.nn.recurrent.Nonlinearity;
import dev.tenon.nn.recurrent.RNN;
import dev.tenon.nn.recurrent.RNNCell;
import dev.tenon.nn.recurrent.RecurrentOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Recurrent layers against cells written out in plain Java.
class RecurrentTest {
    private static final RecurrentOptions DEEP = new RecurrentOptions().numLayers(2).bidirectional(true);

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /// W x + b + R h + c for one sequence.
    private static double[] affine(Map<String, Tensor> p, String which, String suffix, double[] x) {
        double[] w = p.get("weight_" + which + suffix).toDoubleArray();
        double[] b = p.get("bias_" + which + suffix).toDoubleArray();
        double[] y = b.clone();
        for (int i = 0; i < y.length; i++) {
            for (int j = 0; j < x.length; j++) {
                y[i] += w[i * x.length + j] * x[j];
            }
        }
        return y;
    }

    /// One step: the state's first half is the output, the second an LSTM's memory.
    private static double[][] step(String kind, Map<String, Tensor> p, String suffix, double[] x, double[] h,
            double[] c) {
        double[] a = affine(p, "ih", suffix, x);
        double[] r = affine(p, "hh", suffix, h);
        int n = h.length;
        double[] h2 = new double[n];
        double[] c2 = new double[n];
        for (int k = 0; k < n; k++) {
            switch (kind) {
                case "LSTM" -> {
                    double in = sigmoid(a[k] + r[k]);
                    double forget = sigmoid(a[n + k] + r[n + k]);
                    double cell = Math.tanh(a[2 * n + k] + r[2 * n + k]);
                    double out = sigmoid(a[3 * n + k] + r[3 * n + k]);
                    c2[k] = forget * c[k] + in * cell;
                    h2[k] = out * Math.tanh(c2[k]);
                }
                case "GRU" -> {
                    double reset = sigmoid(a[k] + r[k]);
                    double update = sigmoid(a[n + k] + r[n + k]);
                    double next = Math.tanh(a[2 * n + k] + reset * r[2 * n + k]);
                    h2[k] = (1 - update) * next + update * h[k];
                }
                default -> h2[k] = Math.tanh(a[k] + r[k]);
            }
        }
        return new double[][] {h2, c2};
    }

    /// A direction of a layer over one sequence of rows: the outputs, then the last state.
    private static double[][][] direction(String kind, Map<String, Tensor> p, String suffix, double[][] x, int n,
            boolean back) {
        double[][] out = new double[x.length][];
        double[][] state = {new double[n], new double[n]};
        for (int i = 0; i < x.length; i++) {
            int t = back ? x.length - 1 - i : i;
            state = step(kind, p, suffix, x[t], state[0], state[1]);
            out[t] = state[0];
        }
        return new double[][][] {out, state};
    }

    private static double[][] rows(double[] v, int width) {
        double[][] r = new double[v.length / width][];
        Arrays.setAll(r, i -> Arrays.copyOfRange(v, i * width, (i + 1) * width));
        return r;
    }

    private static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    private record Result(Tensor output, Tensor hidden) {}

    private static Module layer(String kind, int in, int hidden, RecurrentOptions o) {
        return switch (kind) {
            case "LSTM" -> new LSTM(in, hidden, o);
            case "GRU" -> new GRU(in, hidden, o);
            default -> new RNN(in, hidden, o);
        };
    }

    private static Result run(Module layer, Tensor x, Tensor lengths) {
        return switch (layer) {
            case LSTM l -> {
                var y = l.call(x, null, lengths);
                yield new Result(y.output(), y.state().hidden());
            }
            case GRU g -> {
                var y = g.call(x, null, lengths);
                yield new Result(y.output(), y.hidden());
            }
            default -> {
                var y = ((RNN) layer).call(x, null, lengths);
                yield new Result(y.output(), y.hidden());
            }
        };
    }

    /// Two layers in two directions over sequences of different lengths, each against plain Java on the sequence alone.
    @Test
    void layersDirectionsAndLengths() {
        int[] lengths = {3, 5, 1};
        int n = 4;
        for (String kind : List.of("LSTM", "GRU", "RNN")) {
            Module layer = layer(kind, 2, n, DEEP);
            layer.to(DType.F64);
            Map<String, Tensor> p = layer.stateDict();
            Tensor x = normal(3, 6, 3, 2);
            Result y = run(layer, x, Tensors.of(3L, 5L, 1L));
            assertShape(y.output, 6, 3, 2 * n);
            assertShape(y.hidden, 4, 3, n);
            for (int s = 0; s < 3; s++) {
                double[][] in = rows(x.select(1, s).narrow(0, 0, lengths[s]).toDoubleArray(), 2);
                for (int l = 0; l < 2; l++) {
                    var forth = direction(kind, p, "_l" + l, in, n, false);
                    var back = direction(kind, p, "_l" + l + "_reverse", in, n, true);
                    double[][] joined = new double[in.length][];
                    Arrays.setAll(joined, t -> flat(new double[][] {forth[0][t], back[0][t]}));
                    in = joined;
                    assertNear(forth[1][0], y.hidden.select(0, 2 * l).select(0, s));
                    assertNear(back[1][0], y.hidden.select(0, 2 * l + 1).select(0, s));
                }
                assertNear(flat(in), y.output.select(1, s).narrow(0, 0, lengths[s]));
                Tensor rest = y.output.select(1, s).narrow(0, lengths[s], 6 - lengths[s]);
                assertNear(new double[(6 - lengths[s]) * 2 * n], rest);
            }
        }
    }

    @Test
    void whatLiesBehindTheEndDoesNotMatter() {
        LSTM lstm = new LSTM(2, 3, DEEP.batchFirst(true));
        Tensor lengths = Tensors.of(2, 3);
        Tensor x = Tensors.randn(2, 4, 2);
        Tensor spoilt = x.clone();
        spoilt.select(0, 0).narrow(0, 2, 2).fill_(Double.NaN);
        spoilt.requiresGrad(true);
        var a = lstm.call(x, null, lengths);
        var b = lstm.call(spoilt, null, lengths);
        assertNear(a.output().toDoubleArray(), b.output());
        assertNear(a.state().cell().toDoubleArray(), b.state().cell());
        b.output().sum().add(b.state().hidden().sum()).backward();
        double[] g = spoilt.grad().toDoubleArray();
        assertTrue(Arrays.stream(g).allMatch(Double::isFinite));
        assertTrue(Arrays.stream(g, 4, 8).allMatch(e -> e == 0) && Arrays.stream(g, 0, 4).anyMatch(e -> e != 0));
        lstm.parameters().forEach(p -> assertTrue(
                Arrays.stream(p.grad().toDoubleArray()).allMatch(Double::isFinite)));
    }

    @Test
    void cells() {
        Tensor x = normal(1, 2, 3);
        Tensor h = normal(2, 2, 4);
        Tensor c = normal(4, 2, 4);
        LSTMCell lstm = new LSTMCell(3, 4);
        GRUCell gru = new GRUCell(3, 4);
        RNNCell rnn = new RNNCell(3, 4);
        lstm.to(DType.F64);
        gru.to(DType.F64);
        rnn.to(DType.F64);
        var y = lstm.call(x, new LSTM.State(h, c));
        for (int s = 0; s < 2; s++) {
            double[] xs = x.select(0, s).toDoubleArray();
            double[] hs = h.select(0, s).toDoubleArray();
            var e = step("LSTM", lstm.stateDict(), "", xs, hs, c.select(0, s).toDoubleArray());
            assertNear(e[0], y.hidden().select(0, s));
            assertNear(e[1], y.cell().select(0, s));
            assertNear(step("GRU", gru.stateDict(), "", xs, hs, hs)[0], gru.call(x, h).select(0, s));
            assertNear(step("RNN", rnn.stateDict(), "", xs, hs, hs)[0], rnn.call(x, h).select(0, s));
            // One vector without a batch, and a state of zeros.
            assertNear(step("GRU", gru.stateDict(), "", xs, new double[4], hs)[0], gru.call(x.select(0, s)));
        }
        RNNCell relu = new RNNCell(1, 1, false, Nonlinearity.RELU);
        assertEquals(Set.of("weight_ih", "weight_hh"), relu.stateDict().keySet());
        relu.loadStateDict(Map.of("weight_ih", Tensors.ones(1, 1), "weight_hh", Tensors.ones(1, 1)));
        Tensor state = Near.tensor(Near.dims(2, 1), 2, 2);
        assertNear(new double[] {3, 0}, relu.call(Near.tensor(Near.dims(2, 1), 1, -5), state));
        assertThrows(TensorException.class, () -> gru.call(normal(1, 2, 4)));
        var e = assertThrows(TensorException.class, () -> gru.call(x, normal(1, 2, 3)));
        assertTrue(e.getMessage().contains("[2, 4]"), e.getMessage());
        gradCheck(lstm, in -> {
            var s = lstm.call(in.get(0), new LSTM.State(in.get(1), in.get(2)));
            return Tensors.cat(-1, s.hidden(), s.cell());
        }, x, h, c);
        gradCheck(gru, in -> gru.call(in.get(0), in.get(1)), x, h);
        gradCheck(rnn, in -> rnn.call(in.get(0), in.get(1)), x, h);
    }

    @Test
    void gradients() {
        Tensor lengths = Tensors.of(2L, 3L);
        for (String kind : List.of("LSTM", "GRU", "RNN")) {
            Module layer = layer(kind, 2, 2, DEEP);
            gradCheck(layer, in -> {
                Result r = run(layer, in.getFirst(), lengths);
                return Tensors.cat(0, r.output.flatten(), r.hidden.flatten());
            }, normal(5, 3, 2, 2));
        }
        LSTM lstm = new LSTM(2, 2);
        gradCheck(lstm, in -> {
            var y = lstm.call(in.get(0), new LSTM.State(in.get(1), in.get(2)));
            return Tensors.cat(0, y.output(), y.state().cell());
        }, normal(6, 3, 2, 2), normal(7, 1, 2, 2), normal(8, 1, 2, 2));
    }

    @Test
    void namesShapesAndErrors() {
        LSTM lstm = new LSTM(5, 3, DEEP.bias(false));
        assertEquals(List.of("weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse",
                "weight_ih_l1", "weight_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse"),
                List.copyOf(lstm.stateDict().keySet()));
        assertShape(lstm.stateDict().get("weight_ih_l1"), 12, 6);
        assertShape(lstm.call(Tensors.ones(7, 5)), 7, 6);
        assertShape(lstm.call(Tensors.ones(7, 5), null).state().cell(), 4, 3);
        GRU gru = new GRU(5, 3, new RecurrentOptions().batchFirst(true));
        assertEquals(Set.of("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), gru.stateDict().keySet());
        Tensor x = Tensors.randn(2, 7, 5);
        var y = gru.call(x, null);
        assertShape(y.output(), 2, 7, 3);
        assertNear(y.output().select(1, 6).toDoubleArray(), y.hidden().select(0, 0));
        // Going on from a state is as good as going on without a break.
        var half = gru.call(x.narrow(1, 0, 3), null);
        assertNear(y.hidden().toDoubleArray(), gru.call(x.narrow(1, 3, 4), half.hidden()).hidden());
        assertNear(y.output().toDoubleArray(), new Sequential(gru).call(x));
        for (Tensor wrong : List.of(Tensors.of(3L), Tensors.of(0L, 3L), Tensors.of(8L, 3L), Tensors.of(1f, 2f))) {
            var e = assertThrows(TensorException.class, () -> gru.call(x, null, wrong));
            assertTrue(e.getMessage().contains("GRU: length"), e.getMessage());
        }
        assertThrows(TensorException.class, () -> gru.call(Tensors.ones(2, 7, 4)));
        assertThrows(TensorException.class, () -> gru.call(Tensors.ones(2, 0, 5)));
        assertThrows(TensorException.class, () -> gru.call(x, Tensors.ones(1, 3, 3)));
        assertThrows(TensorException.class, () -> new GRU(5, 3, new RecurrentOptions().numLayers(0)));
        assertThrows(TensorException.class, () -> new GRU(5, 0));
    }

    @Test
    void dropoutActsBetweenLayersInTraining() {
        RecurrentOptions o = new RecurrentOptions().numLayers(2).dropout(1);
        RNN rnn = new RNN(2, 3, o.generator(new Generator(1)));
        Tensor a = rnn.call(Tensors.randn(4, 1, 2));
        // The second layer sees zeros only.
        assertNear(a.toDoubleArray(), rnn.call(Tensors.randn(4, 1, 2)));
        rnn.eval();
        assertTrue(!Arrays.equals(a.toDoubleArray(), rnn.call(Tensors.randn(4, 1, 2)).toDoubleArray()));
        RNN single = new RNN(2, 3, new RecurrentOptions().dropout(1));
        assertTrue(Arrays.stream(single.call(Tensors.randn(4, 1, 2)).toDoubleArray()).allMatch(v -> v != 0));
    }
}
