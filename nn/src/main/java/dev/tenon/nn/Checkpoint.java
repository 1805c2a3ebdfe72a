package dev.tenon.nn;

import dev.tenon.api.Context;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Generator;
import dev.tenon.api.Scope;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.DatasetFormatException;
import dev.tenon.data.format.Safetensors;
import dev.tenon.data.format.TensorFile;
import dev.tenon.data.format.TensorFiles;
import dev.tenon.nn.optim.ExponentialMovingAverage;
import dev.tenon.nn.optim.Optimizer;
import dev.tenon.nn.optim.OptimizerState;
import dev.tenon.nn.optim.Stateful;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Saves everything that training depends on into one safetensors file, and restores it: going on from there gives the
/// same as if training had never stopped.
///
/// ```java
/// var checkpoint = new Checkpoint().add("model", net).add("optimizer", optimizer).add("schedule", scheduler)
///         .add("generator", Generator.getDefault());
/// checkpoint.save(path, Map.of("epoch", "3"));
/// int epoch = Integer.parseInt(checkpoint.load(path).get("epoch"));
/// ```
///
/// A file of weights alone, as other frameworks read and write it, is the business of [#saveWeights] and
/// [#loadWeights]. Files appear under their name only when they are complete.
public final class Checkpoint {
    /// What a checkpoint consists of: whatever has a state of tensors and text.
    public interface Part {
        /// Puts the state into the maps, at least one entry in all. The tensors are closed once they are written: give
        /// aliases or copies.
        void save(Map<String, Tensor> tensors, Map<String, String> text);

        /// Takes over a state that [#save] gave. The tensors are closed afterwards: copy from them.
        ///
        /// @throws IllegalArgumentException if the state does not fit
        void load(Map<String, Tensor> tensors, Map<String, String> text);
    }

    private final Map<String, Part> parts = new LinkedHashMap<>();
    private Device device = Device.getDefault();

    /// A checkpoint of nothing yet.
    public Checkpoint() {}

    /// Adds what saves and loads itself.
    ///
    /// @return this
    /// @throws IllegalArgumentException if the name is taken, is "text" or has dots
    public Checkpoint add(String name, Part part) {
        if (name.isEmpty() || name.indexOf('.') >= 0 || name.equals("text") || parts.putIfAbsent(name, part) != null) {
            throw new IllegalArgumentException("checkpoint: \"" + name
                    + "\": expected a new name without dots, other than \"text\"");
        }
        return this;
    }

    /// Adds a module's parameters and buffers.
    ///
    /// @return this
    public Checkpoint add(String name, Module module) {
        device = deviceOf(module);
        return add(name, new Part() {
            @Override
            public void save(Map<String, Tensor> tensors, Map<String, String> text) {
                tensors.putAll(module.stateDict());
            }

            @Override
            public void load(Map<String, Tensor> tensors, Map<String, String> text) {
                module.loadStateDict(tensors);
            }
        });
    }

    /// Adds an optimiser's settings and what it remembers.
    ///
    /// @return this
    public Checkpoint add(String name, Optimizer optimizer) {
        return add(name, new Part() {
            @Override
            public void save(Map<String, Tensor> tensors, Map<String, String> text) {
                OptimizerState state = optimizer.stateDict();
                tensors.putAll(state.tensors());
                state.numbers().forEach((key, v) -> text.put(key, v.toString()));
            }

            @Override
            public void load(Map<String, Tensor> tensors, Map<String, String> text) {
                optimizer.loadStateDict(new OptimizerState(tensors, numbers(text)));
            }
        });
    }

    /// Adds the running means of weights.
    ///
    /// @return this
    public Checkpoint add(String name, ExponentialMovingAverage average) {
        return add(name, new Part() {
            @Override
            public void save(Map<String, Tensor> tensors, Map<String, String> text) {
                tensors.putAll(average.stateDict());
            }

            @Override
            public void load(Map<String, Tensor> tensors, Map<String, String> text) {
                average.loadStateDict(tensors);
            }
        });
    }

    /// Adds what has a state of a few numbers: a schedule, a scaler of losses.
    ///
    /// @return this
    public Checkpoint add(String name, Stateful stateful) {
        return add(name, new Part() {
            @Override
            public void save(Map<String, Tensor> tensors, Map<String, String> text) {
                stateful.stateDict().forEach((key, v) -> text.put(key, v.toString()));
            }

            @Override
            public void load(Map<String, Tensor> tensors, Map<String, String> text) {
                stateful.loadStateDict(numbers(text));
            }
        });
    }

    /// Adds a generator's seed and position.
    ///
    /// @return this
    public Checkpoint add(String name, Generator generator) {
        return add(name, new Part() {
            @Override
            public void save(Map<String, Tensor> tensors, Map<String, String> text) {
                text.put("seed", Long.toString(generator.seed()));
                text.put("position", Long.toString(generator.position()));
            }

            @Override
            public void load(Map<String, Tensor> tensors, Map<String, String> text) {
                String seed = text.get("seed");
                String position = text.get("position");
                if (seed == null || position == null) {
                    throw new IllegalArgumentException("generator: the state has " + text.keySet()
                            + ", expected seed and position");
                }
                generator.restore(Long.parseLong(seed), Long.parseLong(position));
            }
        });
    }

    private static Map<String, Double> numbers(Map<String, String> text) {
        Map<String, Double> out = new LinkedHashMap<>();
        text.forEach((key, v) -> out.put(key, Double.valueOf(v)));
        return out;
    }

    /// Saves all parts and some text, such as the number of the epoch.
    ///
    /// @throws IOException if the file cannot be written; what was there before is still there
    public void save(Path path, Map<String, String> text) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, String> all = new LinkedHashMap<>();
        text.forEach((key, v) -> all.put("text." + key, v));
        try {
            parts.forEach((name, part) -> {
                Map<String, Tensor> own = new LinkedHashMap<>();
                Map<String, String> words = new LinkedHashMap<>();
                part.save(own, words);
                own.forEach((key, t) -> tensors.put(name + "." + key, t));
                words.forEach((key, v) -> all.put(name + "." + key, v));
            });
            Safetensors.write(path, tensors, all);
        } finally {
            tensors.values().forEach(Tensor::close);
        }
    }

    /// Restores all parts.
    ///
    /// @return the text that was saved with them
    /// @throws IOException if the file cannot be read or is malformed
    /// @throws IllegalArgumentException if the file holds other parts, or a part does not fit; the parts before it, in
    ///     the order of being added, have been restored
    public Map<String, String> load(Path path) throws IOException {
        try (Safetensors file = Safetensors.open(path); Scope _ = Scope.open()) {
            Map<String, Map<String, Tensor>> tensors = new LinkedHashMap<>();
            Map<String, Map<String, String>> text = new LinkedHashMap<>();
            for (var e : file.readAll(device).entrySet()) {
                part(tensors, path, e.getKey()).put(rest(e.getKey()), e.getValue());
            }
            for (var e : file.metadata().entrySet()) {
                part(text, path, e.getKey()).put(rest(e.getKey()), e.getValue());
            }
            for (String name : parts.keySet()) {
                if (!tensors.containsKey(name) && !text.containsKey(name)) {
                    throw new IllegalArgumentException("checkpoint: " + path + " holds no \"" + name + "\"; it holds "
                            + tensors.keySet() + " and " + text.keySet() + ". Nothing was loaded.");
                }
            }
            parts.forEach((name, part) ->
                    part.load(tensors.getOrDefault(name, Map.of()), text.getOrDefault(name, Map.of())));
            return text.getOrDefault("text", Map.of());
        }
    }

    private static String rest(String key) {
        return key.substring(key.indexOf('.') + 1);
    }

    private static <V> Map<String, V> part(Map<String, Map<String, V>> parts, Path path, String key)
            throws DatasetFormatException {
        int dot = key.indexOf('.');
        if (dot < 0) {
            throw new DatasetFormatException(path, "holds \"" + key
                    + "\", which belongs to no part: it is no checkpoint; files of weights are read with loadWeights");
        }
        return parts.computeIfAbsent(key.substring(0, dot), _ -> new LinkedHashMap<>());
    }

    // --- weights alone

    /// Saves a module's parameters and persistent buffers under their names.
    ///
    /// @throws IOException if the file cannot be written; what was there before is still there
    public static void saveWeights(Path path, Module module) throws IOException {
        saveWeights(path, module, Map.of());
    }

    /// Saves a module's parameters and persistent buffers under their names, with some text.
    ///
    /// @throws IOException if the file cannot be written; what was there before is still there
    public static void saveWeights(Path path, Module module, Map<String, String> text) throws IOException {
        Map<String, Tensor> state = module.stateDict();
        try {
            Safetensors.write(path, state, text);
        } finally {
            state.values().forEach(Tensor::close);
        }
    }

    /// Saves a module's parameters and persistent buffers, those that are floating-point converted to a dtype: `F16`
    /// or `BF16` make the file half as large.
    ///
    /// @throws IOException if the file cannot be written; what was there before is still there
    public static void saveWeights(Path path, Module module, DType dtype) throws IOException {
        try (Scope _ = Scope.open(); Context.Mode _ = Context.noGrad()) {
            Map<String, Tensor> state = module.stateDict();
            state.replaceAll((_, t) -> t.dtype().isFloating() ? t.to(dtype) : t);
            Safetensors.write(path, state, Map.of());
        }
    }

    /// Loads parameters and persistent buffers, converting dtypes, from a file of any format that [TensorFiles] reads:
    /// safetensors, PyTorch's state dicts and checkpoints, NumPy's.
    ///
    /// @return the text that was saved with them
    /// @throws IOException if the file cannot be read or is malformed
    /// @throws IllegalArgumentException if names or shapes do not fit; the message lists all, nothing was changed
    public static Map<String, String> loadWeights(Path path, Module module) throws IOException {
        try (TensorFile file = TensorFiles.open(path); Scope _ = Scope.open()) {
            module.loadStateDict(file.readAll(deviceOf(module)));
            return file.metadata();
        }
    }

    /// Reads a state dict from a file of any format that [TensorFiles] reads, to be loaded with
    /// [Module#loadStateDict(Map, boolean)].
    ///
    /// @throws IOException if the file cannot be read or is malformed
    public static Map<String, Tensor> readWeights(Path path, Device device) throws IOException {
        return TensorFiles.read(path, device);
    }

    private static Device deviceOf(Module module) {
        List<Parameter> all = module.parameters();
        return all.isEmpty() ? Device.getDefault() : all.getFirst().device();
    }
}
