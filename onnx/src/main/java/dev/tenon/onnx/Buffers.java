package dev.tenon.onnx;

import dev.tenon.api.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The floating-point initializers that no gradient step should change: running statistics, and settings.
final class Buffers {
    /// For each operator, the inputs that are such.
    private static final Map<String, List<Integer>> POSITIONS = Map.ofEntries(
            Map.entry("BatchNormalization", List.of(3, 4)),
            Map.entry("Resize", List.of(1, 2)),
            Map.entry("Upsample", List.of(1)),
            Map.entry("Dropout", List.of(1)),
            Map.entry("Clip", List.of(1, 2)),
            Map.entry("Pad", List.of(2)),
            Map.entry("Range", List.of(0, 1, 2)),
            Map.entry("NonMaxSuppression", List.of(3, 4)),
            Map.entry("QuantizeLinear", List.of(1, 2)),
            Map.entry("DequantizeLinear", List.of(1, 2)),
            Map.entry("QLinearConv", List.of(1, 4, 6)),
            Map.entry("QLinearMatMul", List.of(1, 4, 6)));

    private Buffers() {}

    static Set<Tensor> of(OnnxGraph graph) {
        Set<Tensor> found = Collections.newSetFromMap(new IdentityHashMap<>());
        collect(graph, found);
        return found;
    }

    private static void collect(OnnxGraph graph, Set<Tensor> found) {
        for (OnnxNode n : graph.nodes()) {
            if (n.domain().isEmpty()) {
                for (int i : POSITIONS.getOrDefault(n.operator(), List.of())) {
                    if (i < n.inputs().size()
                            && graph.initializers().get(n.inputs().get(i)) instanceof OnnxValue.OfTensor t) {
                        found.add(t.tensor());
                    }
                }
            }
            n.graphs().forEach(g -> collect(g, found));
        }
    }
}
