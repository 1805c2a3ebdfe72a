package dev.tenon.onnx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An application of an operator, or of a function of the model.
///
/// @param name the node's name, perhaps empty
/// @param domain the operator's domain, empty for ONNX's own
/// @param operator the operator's name
/// @param opset the version of the domain's operators that the model was written for
/// @param inputs the names of the values it takes; an empty name stands for an input that is left out
/// @param outputs the names of the values it makes; an empty name stands for one that nobody wants
/// @param attributes the attributes
/// @param entry how it is computed
/// @param body the nodes of a function of the model, or null
record OnnxNode(String name, String domain, String operator, int opset, List<String> inputs, List<String> outputs,
        Attributes attributes, Operators.Entry entry, @Nullable OnnxGraph body) {

    OnnxNode {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /// The graphs in its attributes.
    List<OnnxGraph> graphs() {
        List<OnnxGraph> all = new ArrayList<>();
        for (Object v : attributes.values().values()) {
            if (v instanceof OnnxGraph g) {
                all.add(g);
            } else if (v instanceof List<?> l) {
                l.stream().filter(OnnxGraph.class::isInstance).map(OnnxGraph.class::cast).forEach(all::add);
            }
        }
        return all;
    }

    /// As messages name it.
    String title() {
        String label = name.isEmpty() ? outputs.isEmpty() ? "" : " making '" + outputs.getFirst() + "'"
                : " '" + name + "'";
        return (domain.isEmpty() ? "" : domain + ".") + operator + label;
    }
}
