package dev.tenon.onnx;

import static dev.tenon.onnx.Protos.info;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import com.google.protobuf.ByteString;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Operators of `ai.onnx.ml` against values worked out by hand.
class ClassicalTest {

    private static AttributeProto floats(String name, double... v) {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name)
                .setType(AttributeProto.AttributeType.FLOATS);
        Arrays.stream(v).forEach(d -> b.addFloats((float) d));
        return b.build();
    }

    private static AttributeProto ints(String name, long... v) {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        Arrays.stream(v).forEach(b::addInts);
        return b.build();
    }

    private static AttributeProto words(String name, String... v) {
        AttributeProto.Builder b = AttributeProto.newBuilder().setName(name)
                .setType(AttributeProto.AttributeType.STRINGS);
        Arrays.stream(v).forEach(w -> b.addStrings(ByteString.copyFromUtf8(w)));
        return b.build();
    }

    private static AttributeProto word(String name, String v) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(v)).build();
    }

    private static List<OnnxValue> run(Tensor x, String op, int outputs, AttributeProto... attributes)
            throws IOException {
        GraphProto.Builder g = GraphProto.newBuilder()
                .addInput(info("x", OnnxType.FLOAT, x.shape().toArray()));
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < outputs; i++) {
            names.append(i == 0 ? "" : " ").append("y").append(i);
            g.addOutput(info("y" + i, OnnxType.FLOAT));
        }
        g.addNode(Protos.node(op, "x", names.toString(), attributes).toBuilder().setDomain("ai.onnx.ml"));
        ModelProto m = Protos.model(g, 17).toBuilder()
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3)).build();
        return List.copyOf(Protos.read(m).run(Map.of("x", OnnxValue.of(x))).values());
    }

    private static float[] first(Tensor x, String op, AttributeProto... attributes) throws IOException {
        return run(x, op, 1, attributes).getFirst().tensor().toFloatArray();
    }

    private static final Tensor X = Tensors.of(new float[][] {{1, -2}, {3, 4}});

    @Test
    void tablesArePrepared() throws IOException {
        assertArrayEquals(new float[] {0, -12, 4, 6},
                first(X, "Scaler", floats("offset", 1, 2), floats("scale", 2, 3)), 0);
        assertArrayEquals(new float[] {1 / 3f, -2 / 3f, 3 / 7f, 4 / 7f}, first(X, "Normalizer", word("norm", "L1")),
                1e-6f);
        assertArrayEquals(new float[] {0.6f, 0.8f}, first(Tensors.of(new float[][] {{3, 4}}), "Normalizer",
                word("norm", "L2")), 1e-6f);
        assertArrayEquals(new float[] {9, -2, 3, 4}, first(X, "Imputer", floats("imputed_value_floats", 9),
                AttributeProto.newBuilder().setName("replaced_value_float").setF(1)
                        .setType(AttributeProto.AttributeType.FLOAT).build()), 0);
        assertArrayEquals(new float[] {0, 1, 0, 0}, first(Tensors.of(3f, 5f), "OneHotEncoder",
                ints("cats_int64s", 1, 3)), 0);
        OnnxValue rows = run(X, "ZipMap", 1, words("classlabels_strings", "a", "b")).getFirst();
        assertEquals(new OnnxValue.Sequence(List.of(new OnnxValue.OfMap(Map.of("a", 1f, "b", -2f)),
                new OnnxValue.OfMap(Map.of("a", 3f, "b", 4f)))), rows);
    }

    @Test
    void linearModelsScoreAndChoose() throws IOException {
        assertArrayEquals(new float[] {-3.5f, 10.5f}, first(X, "LinearRegressor", floats("coefficients", 1, 2),
                floats("intercepts", -0.5)), 0);
        List<OnnxValue> out = run(X, "LinearClassifier", 2, floats("coefficients", 1, 0, 0, 1),
                floats("intercepts", 0, 0), words("classlabels_strings", "left", "right"),
                word("post_transform", "SOFTMAX"));
        assertEquals(OnnxValue.ofStrings("left", "right"), out.get(0));
        double p = 1 / (1 + Math.exp(-3));
        assertArrayEquals(new double[] {p, 1 - p}, Arrays.copyOf(out.get(1).tensor().toDoubleArray(), 2), 1e-6);
    }

    /// One tree: x0 <= 2 ? (x1 > -1 ? a : b) : c.
    private static AttributeProto[] tree(String prefix, AttributeProto... more) {
        AttributeProto[] common = {
            ints("nodes_treeids", 0, 0, 0, 0, 0), ints("nodes_nodeids", 0, 1, 2, 3, 4),
            ints("nodes_featureids", 0, 1, 0, 0, 0), floats("nodes_values", 2, -1, 0, 0, 0),
            words("nodes_modes", "BRANCH_LEQ", "BRANCH_GT", "LEAF", "LEAF", "LEAF"),
            ints("nodes_truenodeids", 1, 2, 0, 0, 0), ints("nodes_falsenodeids", 4, 3, 0, 0, 0),
            ints(prefix + "_treeids", 0, 0, 0), ints(prefix + "_nodeids", 2, 3, 4)};
        AttributeProto[] all = Arrays.copyOf(common, common.length + more.length);
        System.arraycopy(more, 0, all, common.length, more.length);
        return all;
    }

    @Test
    void treesAreWalked() throws IOException {
        assertArrayEquals(new float[] {21, 31}, first(X, "TreeEnsembleRegressor", tree("target",
                ints("target_ids", 0, 0, 0), floats("target_weights", 10, 20, 30), floats("base_values", 1))), 0);
        List<OnnxValue> out = run(X, "TreeEnsembleClassifier", 2, tree("class", ints("class_ids", 0, 1, 2),
                floats("class_weights", 1, 1, 1), ints("classlabels_int64s", 7, 8, 9)));
        assertArrayEquals(new long[] {8, 9}, out.get(0).tensor().toLongArray());
        assertArrayEquals(new float[] {0, 1, 0, 0, 0, 1}, out.get(1).tensor().toFloatArray(), 0);
    }
}
