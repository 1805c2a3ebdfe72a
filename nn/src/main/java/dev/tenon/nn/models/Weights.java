package dev.tenon.nn.models;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.TensorFile;
import dev.tenon.data.format.TensorFiles;
import dev.tenon.nn.Module;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Trained weights in a file: a state dict in a safetensors file, one of PyTorch's (`.pt`, `.pth`) or an `.npz`.
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

    /// The weights in a file, whose content tells the format. Names and shapes are read at once, values when a module
    /// loads them.
    ///
    /// @throws IOException if the file cannot be read, is malformed, or holds no state dict
    public static Weights of(Path path) throws IOException {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        try (TensorFile file = TensorFiles.open(path)) {
            file.types().forEach((name, t) -> shapes.put(name, t.shape()));
        }
        return new Weights(path, shapes);
    }

    /// Where they are.
    public Path path() {
        return path;
    }

    /// The names in the file and their shapes, in the file's order.
    public Map<String, Shape> shapes() {
        return Collections.unmodifiableMap(shapes);
    }

    /// The extent of a tensor along an axis, which tells how large a network is.
    ///
    /// @throws IllegalArgumentException if there is no such tensor or axis
    int extent(String name, int axis) {
        Shape s = StateNames.find(shapes, name);
        if (s == null || axis >= s.rank()) {
            List<String> names = List.copyOf(shapes.keySet());
            throw new IllegalArgumentException(path + " holds " + (s == null ? "no \"" + name + "\"" : name + " " + s)
                    + ", of which the model needs axis " + axis + ": is it of another model? It holds "
                    + (names.size() <= 8 ? names : names.subList(0, 8) + " and " + (names.size() - 8) + " more"));
        }
        return Math.toIntExact(s.dim(axis));
    }

    /// Loads them into a module, converting dtypes.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws IllegalArgumentException if names are missing or unexpected or shapes differ; the message lists them
    ///     all, and nothing was changed
    public void loadInto(Module module) throws IOException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Device device = module.parameters().isEmpty() ? Device.getDefault()
                    : module.parameters().getFirst().device();
            Map<String, Tensor> state = StateNames.translated(TensorFiles.read(path, device), module.stateDict());
            try {
                module.loadStateDict(state);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
            }
        }
    }

    @Override
    public String toString() {
        return "Weights(" + path + ", " + shapes.size() + " tensors)";
    }
}
