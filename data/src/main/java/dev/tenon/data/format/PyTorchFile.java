package dev.tenon.data.format;

import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Reads files that `torch.save` wrote (`.pt`, `.pth`, `.bin`): state dicts, and checkpoints that hold them beside
/// other values. Both layouts are read, the zip archive (PyTorch 1.6 and later) and the older sequence of pickles. The
/// pickle inside is read by an unpickler that executes nothing: a name that is not in its short list is an error.
///
/// ```java
/// model.loadStateDict(PyTorchFile.stateDict(path, Device.getDefault()));
///
/// try (var file = PyTorchFile.open(path)) {                      // reads no elements yet
///     var checkpoint = (Map<?, ?>) file.root();
///     long epoch = (Long) checkpoint.get("epoch");
///     Tensor w = file.entries().get("fc.weight").read(device);
/// }
/// ```
///
/// What a file holds becomes a tree: dictionaries are unmodifiable `Map`s in the file's order, lists, tuples and sets
/// unmodifiable `List`s, and the leaves `Long` (or `BigInteger`), `Double`, `Boolean`, `String`, `byte[]`, `null`,
/// `DType` and tensors. Attributes of dictionaries and tensors (`_metadata`, hooks, `requires_grad`) are dropped, other
/// Python names become their text.
///
/// Source of the format: PyTorch, `torch/serialization.py`, and Python, `pickletools`.
public final class PyTorchFile implements Closeable {
    /// Where checkpoints keep the weights, most specific first.
    private static final List<String> USUAL_KEYS =
            List.of("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights");
    private static final int MAX_NAMED = 12;

    private final PyTorchLayout layout;
    private final @Nullable Object root;

    private PyTorchFile(PyTorchLayout layout, @Nullable Object root) {
        this.layout = layout;
        this.root = root;
    }

    // --- an open file

    /// Opens a file and reads everything but the elements of tensors, which are read when they are asked for.
    ///
    /// @throws DatasetFormatException if it is malformed or uses a Python name that is not allowed
    /// @throws java.nio.file.NoSuchFileException if there is no such file
    /// @throws IOException if reading fails
    public static PyTorchFile open(Path path) throws IOException {
        PyTorchLayout layout = PyTorchLayout.open(path);
        try {
            return new PyTorchFile(layout, layout.root());
        } catch (Throwable e) {
            layout.close();
            throw e;
        }
    }

    /// All that the file holds, as a tree; its tensors are [StoredTensor]s.
    public @Nullable Object root() {
        return root;
    }

    /// The tensors of the state dict, by name in the file's order. It is the whole file if that is a state dict, else
    /// what a checkpoint keeps under `state_dict`, `model_state_dict`, `model` or a similar key.
    ///
    /// @param keys leads to the state dict, from the top; empty to find it
    /// @return tensors only: other values of the state dict are left out
    /// @throws DatasetFormatException if none is found; the message says where there are tensors
    public Map<String, StoredTensor> entries(String... keys) throws DatasetFormatException {
        Object at = root;
        for (String key : keys) {
            if (!(at instanceof Map<?, ?> map) || !map.containsKey(key)) {
                throw error("has no \"" + key + "\" on the way " + List.of(keys) + (at instanceof Map<?, ?> map
                        ? "; there are " + firstNames(map) : ""));
            }
            at = map.get(key);
        }
        Map<String, StoredTensor> found = keys.length > 0 ? tensorsOf(at) : find(at, 0);
        if (found.isEmpty()) {
            TreeSet<String> places = new TreeSet<>();
            collect(root, "", places);
            String looked = keys.length > 0 ? "under " + List.of(keys) : "at its top, or under " + USUAL_KEYS;
            throw error("has no tensors by name " + looked + (places.isEmpty() ? ", nor anywhere else"
                            : "; there are some under " + places + ": give the keys that lead there"));
        }
        return Collections.unmodifiableMap(found);
    }

    private DatasetFormatException error(String reason) {
        return layout.origin().error(reason);
    }

    private static List<?> firstNames(Map<?, ?> map) {
        return map.keySet().stream().limit(MAX_NAMED).toList();
    }

    private static Map<String, StoredTensor> find(@Nullable Object o, int depth) {
        if (o instanceof Map<?, ?> map && depth < 3) {
            for (String key : USUAL_KEYS) {
                Map<String, StoredTensor> inside = find(map.get(key), depth + 1);
                if (!inside.isEmpty()) {
                    return inside;
                }
            }
        }
        return tensorsOf(o);
    }

    private static Map<String, StoredTensor> tensorsOf(@Nullable Object o) {
        Map<String, StoredTensor> out = new LinkedHashMap<>();
        if (o instanceof Map<?, ?> map) {
            map.forEach((key, value) -> {
                if (key instanceof String name && value instanceof StoredTensor t) {
                    out.put(name, t);
                }
            });
        }
        return out;
    }

    private static void collect(@Nullable Object o, String at, TreeSet<String> places) {
        if (places.size() < MAX_NAMED && o instanceof Map<?, ?> map) {
            if (!tensorsOf(o).isEmpty()) {
                places.add(at.isEmpty() ? "the top" : at);
            }
            map.forEach((key, value) -> collect(value, at.isEmpty() ? "" + key : at + " > " + key, places));
        }
    }

    /// Reads tensors.
    ///
    /// @throws DatasetFormatException if an element is damaged, or if tensors repeat what is stored so often that
    ///     something is wrong
    /// @throws IOException if reading fails
    public Map<String, Tensor> readAll(Map<String, StoredTensor> tensors, Device device) throws IOException {
        checkExpansion(tensors.values());
        Path path = layout.origin().path();
        return TensorMaps.read(tensors.keySet(), name -> TensorMaps.get(path, tensors, name).read(device));
    }

    void checkExpansion(Collection<StoredTensor> tensors) throws DatasetFormatException {
        layout.checkExpansion(tensors);
    }

    /// Closes the file. [StoredTensor]s can no longer be read; tensors that were read stay.
    @Override
    public void close() {
        layout.close();
    }

    // --- all at once

    /// Reads all of a file to the default device.
    ///
    /// @return a tree, whose tensors are [Tensor]s
    /// @throws DatasetFormatException if it is malformed or uses a Python name that is not allowed
    /// @throws IOException if reading fails
    public static @Nullable Object read(Path path) throws IOException {
        return read(path, Device.getDefault());
    }

    /// Reads all of a file.
    ///
    /// @return a tree, whose tensors are [Tensor]s
    /// @throws DatasetFormatException if it is malformed or uses a Python name that is not allowed
    /// @throws IOException if reading fails
    public static @Nullable Object read(Path path, Device device) throws IOException {
        try (PyTorchFile file = open(path)) {
            List<StoredTensor> all = new ArrayList<>();
            leaves(file.root, all);
            file.checkExpansion(all);
            List<Tensor> made = new ArrayList<>();
            try {
                return withTensors(file.root, device, made);
            } catch (Throwable e) {
                made.forEach(Tensor::close);
                throw e;
            }
        }
    }

    private static void leaves(@Nullable Object o, List<StoredTensor> out) {
        switch (o) {
            case Map<?, ?> map -> map.values().forEach(v -> leaves(v, out));
            case List<?> list -> list.forEach(v -> leaves(v, out));
            case StoredTensor t -> out.add(t);
            case null, default -> { }
        }
    }

    private static @Nullable Object withTensors(@Nullable Object o, Device device, List<Tensor> made)
            throws IOException {
        switch (o) {
            case Map<?, ?> map -> {
                Map<@Nullable Object, @Nullable Object> out = new LinkedHashMap<>();
                for (var e : map.entrySet()) {
                    out.put(e.getKey(), withTensors(e.getValue(), device, made));
                }
                return Collections.unmodifiableMap(out);
            }
            case List<?> list -> {
                List<@Nullable Object> out = new ArrayList<>(list.size());
                for (Object item : list) {
                    out.add(withTensors(item, device, made));
                }
                return Collections.unmodifiableList(out);
            }
            case StoredTensor t -> {
                Tensor read = t.read(device);
                made.add(read);
                return read;
            }
            case null, default -> {
                return o;
            }
        }
    }

    /// Reads the state dict of a file to the default device; see [#stateDict(Path, Device, String...)].
    ///
    /// @throws DatasetFormatException if it is malformed, or no state dict is found
    /// @throws IOException if reading fails
    public static Map<String, Tensor> stateDict(Path path) throws IOException {
        return stateDict(path, Device.getDefault());
    }

    /// Reads the state dict of a file: all of it, or what a checkpoint keeps under `state_dict`, `model_state_dict`,
    /// `model` or a similar key.
    ///
    /// @param keys leads to the state dict, from the top; empty to find it
    /// @return tensors by name, in the file's order
    /// @throws DatasetFormatException if it is malformed, or no state dict is found
    /// @throws IOException if reading fails
    public static Map<String, Tensor> stateDict(Path path, Device device, String... keys) throws IOException {
        try (PyTorchFile file = open(path)) {
            return file.readAll(file.entries(keys), device);
        }
    }
}
