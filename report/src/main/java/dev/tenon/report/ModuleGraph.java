package dev.tenon.report;

import dev.tenon.api.Shape;
import dev.tenon.nn.Module;
import dev.tenon.nn.Parameter;
import dev.tenon.nn.Sequential;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/// The tree of a network's modules as a graph for TensorBoard, which folds names at their slashes: a node for each
/// module, `layer1/0/conv1/Conv2d`, and one for each parameter, which leads to its module. The modules of a
/// [Sequential] lead one to the next; what other modules do with those inside them is code, and no line shows it.
final class ModuleGraph {
    private final GraphDef.Builder graph = GraphDef.newBuilder().setVersions(VersionDef.newBuilder().setProducer(22));
    private final Map<String, List<String>> own = new LinkedHashMap<>();
    private final Map<String, Parameter> parameters;

    private ModuleGraph(Module model) {
        parameters = model.namedParameters();
        parameters.keySet().forEach(name -> {
            int dot = name.lastIndexOf('.');
            own.computeIfAbsent(dot < 0 ? "" : name.substring(0, dot), _ -> new ArrayList<>()).add(name);
        });
    }

    static GraphDef of(Module model) {
        ModuleGraph g = new ModuleGraph(model);
        g.add("", model, "");
        return g.graph.build();
    }

    /// @param before the node that leads here, or empty
    /// @return the node that leads on
    private String add(String path, Module module, String before) {
        String node = slashed(path.isEmpty() ? module.getClass().getSimpleName()
                : path + "." + module.getClass().getSimpleName());
        NodeDef.Builder n = NodeDef.newBuilder().setName(node).setOp(module.getClass().getSimpleName());
        if (!before.isEmpty()) {
            n.addInput(before);
        }
        for (String name : own.getOrDefault(path, List.of())) {
            Parameter p = parameters.get(name);
            if (p != null) {
                graph.addNode(NodeDef.newBuilder().setName(slashed(name)).setOp("Parameter")
                        .putAttr("shape", AttrValue.newBuilder().setShape(shape(p.shape())).build()));
                n.addInput(slashed(name));
            }
        }
        graph.addNode(n);
        boolean chain = module instanceof Sequential;
        String last = node;
        for (var child : module.namedChildren().entrySet()) {
            String inside = path.isEmpty() ? child.getKey() : path + "." + child.getKey();
            String end = add(inside, child.getValue(), chain ? last : "");
            last = chain ? end : last;
        }
        return last;
    }

    private static String slashed(String name) {
        return name.replace('.', '/');
    }

    private static TensorShapeProto shape(Shape s) {
        TensorShapeProto.Builder out = TensorShapeProto.newBuilder();
        for (int i = 0; i < s.rank(); i++) {
            out.addDim(TensorShapeProto.Dim.newBuilder().setSize(s.dim(i)));
        }
        return out.build();
    }
}
