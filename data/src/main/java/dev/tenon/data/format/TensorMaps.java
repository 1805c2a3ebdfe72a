package dev.tenon.data.format;

import dev.tenon.api.Tensor;
import dev.tenon.api.op.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/// Maps of tensors by name.
final class TensorMaps {
    private TensorMaps() {}

    /// Reads one tensor for each name, in order. If one fails, those before it are closed.
    static Map<String, Tensor> read(Collection<String> names, TensorSource source) throws IOException {
        Map<String, Tensor> out = new LinkedHashMap<>();
        try {
            for (String name : names) {
                out.put(name, source.read(name));
            }
            return out;
        } catch (Throwable e) {
            out.values().forEach(Tensor::close);
            throw e;
        }
    }

    /// Tensors that are there already; they are not closed by whoever reads them from this.
    static TensorSource source(Map<String, Tensor> tensors) {
        return name -> get(tensors, name).alias();
    }

    private static <T> T get(Map<String, T> map, String name) {
        T value = map.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no tensor \"" + name + "\"; there are " + map.keySet());
        }
        return value;
    }

    /// The entry of that name.
    ///
    /// @throws IllegalArgumentException if there is none; the message says which there are
    static <T> T get(Path path, Map<String, T> entries, String name) {
        T value = entries.get(name);
        if (value == null) {
            throw new IllegalArgumentException(path + " holds no tensor \"" + name + "\"; it holds "
                    + entries.keySet());
        }
        return value;
    }

    /// The dtypes and shapes of tensors.
    static Map<String, TensorType> types(Map<String, Tensor> tensors) {
        Map<String, TensorType> out = new LinkedHashMap<>();
        tensors.forEach((name, t) -> out.put(name, TensorType.of(t.dtype(), t.shape())));
        return out;
    }

    /// Checks that a source keeps what was promised of it.
    static void check(String name, TensorType expected, Tensor found) {
        if (found.dtype() != expected.dtype() || !found.shape().equals(expected.shape())) {
            throw new IllegalArgumentException("tensor \"" + name + "\" was announced as " + expected
                    + " and is " + found.type());
        }
    }
}
