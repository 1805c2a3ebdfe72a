package dev.tenon.data.format;

import dev.tenon.api.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// Maps of tensors by name.
final class TensorMaps {
    private TensorMaps() {}

    /// Reads one tensor.
    @FunctionalInterface
    interface Reading<T> {
        Tensor read(T from) throws IOException;
    }

    /// Reads one tensor for each entry, in order. If one fails, those before it are closed.
    static <T> Map<String, Tensor> read(Map<String, T> entries, Reading<? super T> reading) throws IOException {
        Map<String, Tensor> out = new LinkedHashMap<>();
        try {
            for (var e : entries.entrySet()) {
                out.put(e.getKey(), reading.read(e.getValue()));
            }
            return out;
        } catch (Throwable e) {
            out.values().forEach(Tensor::close);
            throw e;
        }
    }
}
