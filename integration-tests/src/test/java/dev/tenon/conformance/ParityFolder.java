package dev.tenon.conformance;

import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.Npy;
import dev.tenon.nn.Module;
import dev.tenon.nn.models.CharLSTM;
import dev.tenon.nn.models.ModelOptions;
import dev.tenon.nn.models.Models;
import dev.tenon.nn.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A folder of a network's weights and what PyTorch computed with them.
///
/// @param path the folder
/// @param model the network's name
/// @param expected the numbers
record ParityFolder(Path path, String model, Map<String, @Nullable Object> expected) {
    /// The folders in a folder, or it itself, in the order of their names.
    static List<ParityFolder> in(Path parent) throws IOException {
        try (Stream<Path> all = Files.walk(parent)) {
            List<ParityFolder> out = new ArrayList<>();
            for (Path p : all.filter(p -> Files.isRegularFile(p.resolve("expected.json"))).sorted().toList()) {
                Map<String, @Nullable Object> json = Json.read(p.resolve("expected.json"));
                String name = Json.text(json.get("model"));
                out.add(new ParityFolder(p, name.isEmpty() ? p.getFileName().toString() : name, json));
            }
            return out;
        }
    }

    /// For messages.
    String title(DType dtype) {
        return path.getFileName() + " " + dtype;
    }

    Weights weights() throws IOException {
        return Weights.of(path.resolve("state.safetensors"));
    }

    /// The network with its weights.
    Module network() throws IOException {
        Weights w = weights();
        Module net = switch (model) {
            case "encoder" -> new ParityEncoder(w);
            case "char_lstm" -> charLstm(w);
            default -> Models.create(model, w);
        };
        if (net instanceof ParityEncoder || net instanceof CharLSTM) {
            w.loadInto(net);
        }
        return net;
    }

    private static CharLSTM charLstm(Weights w) {
        var shapes = w.shapes();
        int layers = (int) shapes.keySet().stream().filter(n -> n.startsWith("lstm.weight_hh_l")).count();
        var a = new CharLSTM.Architecture((int) shapes.get("embed.weight").dim(1),
                (int) shapes.get("lstm.weight_hh_l0").dim(1), layers, 0);
        return new CharLSTM(a, new ModelOptions().numClasses((int) shapes.get("head.weight").dim(0)));
    }

    /// One of the arrays, `input.npy`, `labels.npy` or `output.npy`; floating-point ones in a dtype.
    Tensor array(String name, DType dtype, Device device) throws IOException {
        Tensor t = Npy.read(path.resolve(name + ".npy"), device);
        return t.dtype().isFloating() ? t.to(dtype) : t;
    }

    /// A number, such as `train.loss`.
    double number(String section, String key) {
        return Json.number(Json.map(expected.get(section)).get(key));
    }

    /// A number, or 0 where there is none.
    double numberOrZero(String section, String key) {
        Object v = Json.map(expected.get(section)).get(key);
        return v == null ? 0 : Json.number(v);
    }

    /// Numbers by parameter.
    Map<String, Double> numbers(String key) {
        Map<String, Double> out = new LinkedHashMap<>();
        Json.map(Json.map(expected.get("train")).get(key)).forEach((k, v) -> out.put(k, Json.number(v)));
        return out;
    }

    /// Lists of numbers by parameter or buffer.
    Map<String, double[]> lists(String key) {
        Map<String, double[]> out = new LinkedHashMap<>();
        Json.map(Json.map(expected.get("train")).get(key)).forEach((k, v) ->
                out.put(k, Json.list(v).stream().mapToDouble(Json::number).toArray()));
        return out;
    }
}
