package dev.tenon.nn.models;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.Safetensors;
import dev.tenon.nn.Module;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Trained weights in a file: a state dict of PyTorch's or ours.
///
/// ```java
/// ResNet net = Models.resnet101(Weights.of(Path.of("resnet101-63fe2227.pth")));
/// ```
///
/// Names of older files are understood: `denselayer1.norm.1.weight` of DenseNets, `mlp.linear_1.weight` of vision
/// transformers, missing counters of batches, the prefixes `module.` and `transformer.`.
public final class Weights {
    private final Path path;
    private final Map<String, Shape> shapes;

    private Weights(Path path, Map<String, Shape> shapes) {
        this.path = path;
        this.shapes = shapes;
    }

    /// The weights in a safetensors file. Its header is read at once, its tensors when a module loads them.
    ///
    /// @throws IOException if the file cannot be read or is malformed
    public static Weights of(Path path) throws IOException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(path)) {
            file.entries().forEach((name, e) -> shapes.put(name, e.shape()));
        }
        return new Weights(path, shapes);
    }

    /// Where they are.
    public Path path() {
        return path;
    }

    /// The names in the file and their shapes.
    public Map<String, Shape> shapes() {
        return Map.copyOf(shapes);
    }

    /// The extent of a tensor along an axis, which tells how large a network is.
    ///
    /// @throws IllegalArgumentException if there is no such tensor or axis
    long extent(String name, int axis) {
        Shape s = StateNames.find(shapes, name);
        if (s == null || axis >= s.rank()) {
            throw new IllegalArgumentException(path + " holds " + (s == null ? "no \"" + name + "\"" : name + " " + s)
                    + ": the model needs it with at least " + (axis + 1) + " axes; the file holds " + some());
        }
        return s.dim(axis);
    }

    private String some() {
        List<String> names = List.copyOf(shapes.keySet());
        return names.size() <= 8 ? names.toString() : names.subList(0, 8) + " and " + (names.size() - 8) + " more";
    }

    /// Loads them into a module, converting dtypes.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if names are missing or unexpected or shapes differ; the message lists them
    ///     all, and nothing was changed
    public void loadInto(Module module) throws IOException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Map<String, Tensor> own = module.stateDict();
            module.loadStateDict(StateNames.translated(read(deviceOf(module)), own));
        }
    }

    private Map<String, Tensor> read(Device device) throws IOException {
        try (Safetensors file = Safetensors.open(path)) {
            return file.readAll(device);
        }
    }

    private static Device deviceOf(Module module) {
        return module.parameters().isEmpty() ? Device.getDefault() : module.parameters().getFirst().device();
    }

    @Override
    public String toString() {
        return "Weights(" + path + ", " + shapes.size() + " tensors)";
    }
}
