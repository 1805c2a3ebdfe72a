package dev.tenon.nn;

import static dev.tenon.nn.LayerChecks.gradCheck;
import static dev.tenon.nn.LayerChecks.normal;
import static dev.tenon.nn.Near.assertNear;
import static dev.tenon.nn.Near.assertShape;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.api.TensorException;
import dev.tenon.api.Tensors;
import dev.tenon.autograd.Gradients;
import dev.tenon.nn.functional.Attentions;
import dev.tenon.nn.layer.LayerNorm;
import dev.tenon.nn.transformer.AttentionOptions;
import dev.tenon.nn.transformer.DecoderMasks;
import dev.tenon.nn.transformer.MultiheadAttention;
import dev.tenon.nn.transformer.Transformer;
import dev.tenon.nn.transformer.TransformerDecoder;
import dev.tenon.nn.transformer.TransformerDecoderLayer;
import dev.tenon.nn.transformer.TransformerEncoder;
import dev.tenon.nn.transformer.TransformerEncoderLayer;
import dev.tenon.nn.transformer.TransformerOptions;
import dev.tenon.nn.transformer.TransformerOptions.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Attention and transformer layers against the definitions, written out in loops over rows.
class AttentionTest {
    private static final TransformerOptions SMALL =
            new TransformerOptions().feedforward(5).dropout(0).batchFirst(true);

    private static double[][] rows(Tensor t) {
        double[] v = t.toDoubleArray();
        int width = (int) t.size(-1);
        return IntStream.range(0, v.length / width).mapToObj(i -> Arrays.copyOfRange(v, i * width, (i + 1) * width))
                .toArray(double[][]::new);
    }

    private static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    private static double[][] linear(double[][] x, double[][] w, double[] b) {
        double[][] y = new double[x.length][w.length];
        for (int i = 0; i < x.length; i++) {
            for (int o = 0; o < w.length; o++) {
                y[i][o] = b[o];
                for (int k = 0; k < w[o].length; k++) {
                    y[i][o] += w[o][k] * x[i][k];
                }
            }
        }
        return y;
    }

    private static double[][] linear(double[][] x, Map<String, Tensor> p, String name) {
        return linear(x, rows(p.get(name + ".weight")), p.get(name + ".bias").toDoubleArray());
    }

    /// One attended row for each query; `hidden[i][j]` says that query i may not attend to key j.
    private static double[][] attend(double[][] q, double[][] k, double[][] v, boolean[][] hidden) {
        double[][] y = new double[q.length][v[0].length];
        for (int i = 0; i < q.length; i++) {
            double total = 0;
            double[] e = new double[k.length];
            for (int j = 0; j < k.length; j++) {
                double s = 0;
                for (int d = 0; d < q[i].length; d++) {
                    s += q[i][d] * k[j][d];
                }
                e[j] = hidden[i][j] ? 0 : Math.exp(s / Math.sqrt(q[i].length));
                total += e[j];
            }
            for (int j = 0; j < k.length; j++) {
                for (int d = 0; d < v[j].length; d++) {
                    y[i][d] += e[j] / total * v[j][d];
                }
            }
        }
        return y;
    }

    private static double[][] columns(double[][] x, int from, int to) {
        return Arrays.stream(x).map(r -> Arrays.copyOfRange(r, from, to)).toArray(double[][]::new);
    }

    private static double[][] heads(double[][] q, double[][] k, double[][] v, Map<String, Tensor> p, String prefix,
            int heads, boolean[][] hidden) {
        int e = q[0].length;
        double[] b = p.get(prefix + "in_proj_bias").toDoubleArray();
        double[][][] w = new double[3][][];
        for (int i = 0; i < 3; i++) {
            String own = prefix + "qkv".charAt(i) + "_proj_weight";
            w[i] = p.containsKey(own) ? rows(p.get(own))
                    : Arrays.copyOfRange(rows(p.get(prefix + "in_proj_weight")), i * e, (i + 1) * e);
        }
        double[][] a = linear(q, w[0], Arrays.copyOfRange(b, 0, e));
        double[][] c = linear(k, w[1], Arrays.copyOfRange(b, e, 2 * e));
        double[][] d = linear(v, w[2], Arrays.copyOfRange(b, 2 * e, 3 * e));
        double[][] joined = new double[q.length][e];
        int width = e / heads;
        for (int h = 0; h < heads; h++) {
            int from = h * width;
            double[][] y = attend(columns(a, from, from + width), columns(c, from, from + width),
                    columns(d, from, from + width), hidden);
            for (int i = 0; i < q.length; i++) {
                System.arraycopy(y[i], 0, joined[i], from, width);
            }
        }
        return linear(joined, p, prefix + "out_proj");
    }

    private static double[][] normal(double[][] x, Map<String, Tensor> p, String name) {
        double[] w = p.get(name + ".weight").toDoubleArray();
        double[] b = p.get(name + ".bias").toDoubleArray();
        return Arrays.stream(x).map(r -> {
            double mean = Arrays.stream(r).average().orElseThrow();
            double var = Arrays.stream(r).map(e -> (e - mean) * (e - mean)).average().orElseThrow();
            return IntStream.range(0, r.length).mapToDouble(i -> (r[i] - mean) / Math.sqrt(var + 1e-5) * w[i] + b[i])
                    .toArray();
        }).toArray(double[][]::new);
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] y = new double[a.length][];
        Arrays.setAll(y, i -> IntStream.range(0, a[i].length).mapToDouble(j -> a[i][j] + b[i][j]).toArray());
        return y;
    }

    private static double[][] feed(double[][] x, Map<String, Tensor> p, DoubleUnaryOperator f) {
        double[][] inner = linear(x, p, "linear1");
        return linear(Arrays.stream(inner).map(r -> Arrays.stream(r).map(f).toArray()).toArray(double[][]::new), p,
                "linear2");
    }

    private static boolean[][] causal(int n) {
        boolean[][] h = new boolean[n][n];
        for (int i = 0; i < n; i++) {
            Arrays.fill(h[i], i + 1, n, true);
        }
        return h;
    }

    /// Parameters in `F64` that are not what they start with.
    private static Map<String, Tensor> prepared(Module m) {
        m.to(DType.F64);
        m.parameters().forEach(
                p -> p.get().detach().add_(LayerChecks.normal(p.elements(), p.shape().toArray()).mul(0.2)));
        return m.stateDict();
    }

    @Test
    void scaledDotProduct() {
        Tensor q = LayerChecks.normal(1, 2, 3, 4);
        Tensor k = LayerChecks.normal(2, 2, 5, 4);
        Tensor v = LayerChecks.normal(3, 2, 5, 6);
        var a = Attentions.scaledDotProduct(q, k, v, null, false, 0);
        assertNear(flat(attend(rows(q.select(0, 1)), rows(k.select(0, 1)), rows(v.select(0, 1)), new boolean[3][5])),
                a.output().select(0, 1));
        assertNear(new double[] {1, 1, 1, 1, 1, 1}, a.weights().sum(-1));
        boolean[][] hidden = {{false, true, true, true, true}, {false, false, true, true, true},
                {false, false, false, true, true}};
        double[] expected = flat(attend(rows(q.select(0, 0)), rows(k.select(0, 0)), rows(v.select(0, 0)), hidden));
        assertNear(expected, Attentions.scaledDotProduct(q, k, v, null, true, 0).output().select(0, 0));
        Tensor allowed = Attentions.causalMask(5, q.device()).narrow(0, 0, 3).logicalNot();
        assertNear(expected, Attentions.scaledDotProduct(q, k, v, allowed, false, 0).output().select(0, 0));
        assertNear(Attentions.scaledDotProduct(q.mul(3.0), k, v, null, false, 0).output().toDoubleArray(),
                Attentions.scaledDotProduct(q, k, v, null, false, 0, 1.5).output());
        Gradients.gradCheck(in -> Attentions.scaledDotProduct(in.get(0), in.get(1), in.get(2), null, true, 0).output(),
                q, k, v);
        assertThrows(TensorException.class, () -> Attentions.scaledDotProduct(q, k, v, allowed, true, 0));
        assertThrows(TensorException.class, () -> Attentions.scaledDotProduct(q, v, v, null, false, 0));
    }

    @Test
    void multiheadAttention() {
        MultiheadAttention m = new MultiheadAttention(4, 2, new AttentionOptions().batchFirst(true));
        Map<String, Tensor> p = prepared(m);
        assertEquals(List.of("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"),
                List.copyOf(p.keySet()));
        Tensor q = LayerChecks.normal(1, 2, 3, 4);
        Tensor k = LayerChecks.normal(2, 2, 3, 4);
        Tensor padding = Tensors.of(false, false, false, false, false, true).reshape(2, 3);
        Tensor mask = Attentions.causalMask(3, q.device());
        boolean[][] padded = {{false, true, true}, {false, false, true}, {false, false, true}};
        Tensor y = m.call(q, k, k, padding, mask);
        assertNear(flat(heads(rows(q.select(0, 0)), rows(k.select(0, 0)), rows(k.select(0, 0)), p, "", 2, causal(3))),
                y.select(0, 0));
        assertNear(flat(heads(rows(q.select(0, 1)), rows(k.select(0, 1)), rows(k.select(0, 1)), p, "", 2, padded)),
                y.select(0, 1));
        // Numbers that are added, one mask for each head, and time first.
        Tensor added = Tensors.zeros(mask.shape(), DType.F64, q.device()).maskedFill(mask, Double.NEGATIVE_INFINITY);
        Tensor perHead = added.unsqueeze(0).repeat(4, 1, 1);
        assertNear(y.toDoubleArray(), m.call(q, k, k, padding, perHead));
        MultiheadAttention timeFirst = new MultiheadAttention(4, 2);
        timeFirst.to(DType.F64);
        timeFirst.loadStateDict(p);
        Tensor t = timeFirst.call(q.transpose(0, 1), k.transpose(0, 1), k.transpose(0, 1), padding, mask);
        assertNear(y.toDoubleArray(), t.transpose(0, 1));
        assertNear(y.select(0, 1).toDoubleArray(), m.call(q.select(0, 1), k.select(0, 1), k.select(0, 1),
                padding.select(0, 1), mask));
        var mean = m.callWithWeights(q, k, k, padding, null, true);
        var each = m.callWithWeights(q, k, k, padding, null, false);
        Tensor w = each.weights();
        assertNotNull(w);
        assertShape(w, 2, 2, 3, 3);
        assertNear(w.mean(1).toDoubleArray(), mean.weights());
        assertNear(new double[12], w.sum(-1).sub(1.0));
        assertNear(new double[6], w.select(0, 1).select(-1, 2));
        assertNear(m.call(q, q, q).toDoubleArray(), m.call(q));
        gradCheck(m, in -> m.call(in.get(0), in.get(1), in.get(1), padding, mask), q, k);
        for (Runnable wrong : List.<Runnable>of(() -> new MultiheadAttention(5, 2),
                () -> m.call(q, k, LayerChecks.normal(1, 2, 4, 4)), () -> m.call(LayerChecks.normal(1, 2, 3, 5)),
                () -> m.call(q, k, k, Tensors.of(true), null), () -> m.call(q, k, k, null, Tensors.ones(2, 2)))) {
            assertThrows(TensorException.class, wrong::run);
        }
    }

    @Test
    void otherWidthsAndDropout() {
        AttentionOptions o = new AttentionOptions().batchFirst(true);
        MultiheadAttention m = new MultiheadAttention(4, 2, o.widths(3, 5));
        Map<String, Tensor> p = prepared(m);
        assertTrue(p.keySet().containsAll(List.of("q_proj_weight", "k_proj_weight", "v_proj_weight")));
        Tensor q = LayerChecks.normal(1, 1, 2, 4);
        Tensor k = LayerChecks.normal(2, 1, 3, 3);
        Tensor v = LayerChecks.normal(3, 1, 3, 5);
        assertNear(flat(heads(rows(q), rows(k), rows(v), p, "", 2, new boolean[2][3])), m.call(q, k, v));
        gradCheck(m, in -> m.call(in.get(0), in.get(1), in.get(2)), q, k, v);
        MultiheadAttention dropping = new MultiheadAttention(4, 2, o.dropout(1).bias(false));
        assertEquals(2, dropping.parameters().size());
        assertNear(new double[8], dropping.call(Tensors.randn(1, 2, 4)));
        dropping.eval();
        assertTrue(Arrays.stream(dropping.call(Tensors.randn(1, 2, 4)).toDoubleArray()).anyMatch(e -> e != 0));
    }

    @Test
    void encoderLayer() {
        Tensor x = LayerChecks.normal(9, 1, 3, 4);
        Tensor mask = Attentions.causalMask(3, x.device());
        for (boolean first : new boolean[] {false, true}) {
            TransformerEncoderLayer layer = new TransformerEncoderLayer(4, 2, SMALL.normFirst(first));
            Map<String, Tensor> p = prepared(layer);
            double[][] in = rows(x);
            double[][] y = first ? normal(in, p, "norm1") : in;
            double[][] a = sum(in, heads(y, y, y, p, "self_attn.", 2, causal(3)));
            a = first ? a : normal(a, p, "norm1");
            double[][] f = sum(a, feed(first ? normal(a, p, "norm2") : a, p, v -> Math.max(v, 0)));
            assertNear(flat(first ? f : normal(f, p, "norm2")), layer.call(x, mask, null));
        }
        TransformerEncoderLayer gelu = new TransformerEncoderLayer(4, 2, SMALL.activation(Activation.GELU));
        gradCheck(gelu, in -> gelu.call(in.getFirst(), mask, null), x);
        assertEquals(List.of("self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight",
                "self_attn.out_proj.bias", "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias",
                "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"), List.copyOf(gelu.stateDict().keySet()));
    }

    @Test
    void decoderLayer() {
        Tensor x = LayerChecks.normal(9, 1, 3, 4);
        Tensor memory = LayerChecks.normal(10, 1, 2, 4);
        DecoderMasks masks = new DecoderMasks().target(Attentions.causalMask(3, x.device()))
                .memoryPadding(Tensors.of(false, true).reshape(1, 2));
        boolean[][] padding = {{false, true}, {false, true}, {false, true}};
        for (boolean first : new boolean[] {false, true}) {
            TransformerDecoderLayer layer = new TransformerDecoderLayer(4, 2, SMALL.normFirst(first));
            Map<String, Tensor> p = prepared(layer);
            double[][] in = rows(x);
            double[][] m = rows(memory);
            double[][] y = first ? normal(in, p, "norm1") : in;
            double[][] a = sum(in, heads(y, y, y, p, "self_attn.", 2, causal(3)));
            a = first ? a : normal(a, p, "norm1");
            double[][] b = sum(a, heads(first ? normal(a, p, "norm2") : a, m, m, p, "multihead_attn.", 2, padding));
            b = first ? b : normal(b, p, "norm2");
            double[][] f = sum(b, feed(first ? normal(b, p, "norm3") : b, p, v -> Math.max(v, 0)));
            assertNear(flat(first ? f : normal(f, p, "norm3")), layer.call(x, memory, masks));
        }
        TransformerDecoderLayer gelu = new TransformerDecoderLayer(4, 2, SMALL.activation(Activation.GELU));
        gradCheck(gelu, in -> gelu.call(in.get(0), in.get(1)), x, memory);
    }

    @Test
    void stacks() {
        Tensor x = LayerChecks.normal(1, 2, 3, 4);
        Tensor y = LayerChecks.normal(2, 2, 2, 4);
        TransformerEncoder encoder = new TransformerEncoder(
                () -> new TransformerEncoderLayer(4, 2, SMALL), 2, new LayerNorm(4));
        TransformerDecoder decoder = new TransformerDecoder(() -> new TransformerDecoderLayer(4, 2, SMALL), 2);
        encoder.to(DType.F64);
        decoder.to(DType.F64);
        List<Module> parts = ((ModuleList<?>) encoder.namedChildren().get("layers")).children().stream()
                .map(Module.class::cast).toList();
        Tensor byHand = encoder.namedChildren().get("norm").call(parts.get(1).call(parts.get(0).call(x)));
        assertNear(byHand.toDoubleArray(), encoder.call(x));
        Transformer t = new Transformer(4, 2, 2, 2, SMALL);
        t.to(DType.F64);
        assertTrue(t.stateDict().keySet().containsAll(List.of("encoder.layers.1.linear1.weight", "encoder.norm.bias",
                "decoder.layers.0.multihead_attn.in_proj_weight", "decoder.norm.weight")));
        assertNear(t.decoder().call(y, t.encoder().call(x)).toDoubleArray(), t.call(x, y));
        assertShape(decoder.call(y, encoder.call(x)), 2, 2, 4);
        // With a causal mask the first outputs do not see what comes later.
        Tensor mask = Attentions.causalMask(3, Device.getDefault());
        Tensor changed = x.clone();
        changed.select(1, 2).fill_(7);
        assertNear(encoder.call(x, mask, null).narrow(1, 0, 2).toDoubleArray(),
                encoder.call(changed, mask, null).narrow(1, 0, 2));
        TransformerEncoderLayer dropping = new TransformerEncoderLayer(4, 2, SMALL.dropout(0.5));
        dropping.to(DType.F64);
        assertTrue(!Arrays.equals(dropping.call(x).toDoubleArray(), dropping.call(x).toDoubleArray()));
        dropping.eval();
        assertNear(dropping.call(x).toDoubleArray(), dropping.call(x));
    }
}
