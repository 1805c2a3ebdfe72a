package dev.tenon.cli;

import dev.tenon.api.Context;
import dev.tenon.api.Device;
import dev.tenon.api.Tensor;
import dev.tenon.data.format.Npy;
import dev.tenon.onnx.OnnxModel;
import dev.tenon.onnx.OnnxValue;
import dev.tenon.onnx.ValueInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `tenon run`: a model file, arrays in, arrays out.
@Command(
    name = "run",
    description = "Runs an ONNX model on arrays in NumPy's format.",
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "MODEL", description = "An ONNX model.")
    private Path model = Path.of("");

    @Option(names = "--input", paramLabel = "[NAME=]FILE.npy",
        description = "An input. Without a name: the next one that has none yet, in the model's order. Repeat it for"
            + " each.")
    private List<String> inputs = List.of();

    @Option(names = "--output", paramLabel = "[NAME=]FILE.npy",
        description = "Where an output is written. Without a name: the next one, in the model's order. Repeat it for"
            + " each; outputs that are not named are only described.")
    private List<String> outputs = List.of();

    @Option(names = "--device", paramLabel = "DEVICE", description = "Where it runs, such as cpu or opencl:0.")
    private @Nullable String device;

    @Option(names = "--json", description = "One line of JSON on standard output.")
    private boolean json;

    RunCommand() {}

    @Override
    public Integer call() throws IOException {
        String wanted = device;
        Device where = wanted == null ? Device.getDefault() : Device.of(wanted);
        OnnxModel onnx = OnnxModel.read(model, where);
        Map<String, Path> from = assigned("--input", inputs, onnx.inputs());
        Map<String, Path> to = assigned("--output", outputs, onnx.outputs());
        Map<String, OnnxValue> values = new LinkedHashMap<>();
        for (Map.Entry<String, Path> e : from.entrySet()) {
            values.put(e.getKey(), OnnxValue.of(Npy.read(e.getValue(), where)));
        }
        List<Object> described = new ArrayList<>();
        PrintWriter out = Main.out(spec);
        try (Context.Mode _ = Context.noGrad()) {
            long start = System.nanoTime();
            Map<String, OnnxValue> results = onnx.run(values);
            where.synchronize();
            double milliseconds = (System.nanoTime() - start) / 1e6;
            for (Map.Entry<String, OnnxValue> e : results.entrySet()) {
                Path file = to.get(e.getKey());
                if (file != null) {
                    Npy.write(file, e.getValue().tensor());
                }
                described.add(describe(e.getKey(), e.getValue(), file));
                if (!json) {
                    print(out, e.getKey(), e.getValue(), file);
                }
            }
            if (json) {
                Map<String, Object> all = new LinkedHashMap<>();
                all.put("model", model.toString());
                all.put("device", where.toString());
                all.put("milliseconds", milliseconds);
                all.put("outputs", described);
                out.println(Json.line(all));
            }
        } catch (IllegalArgumentException e) {
            // Inputs of another shape or dtype than the model declares.
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
        return 0;
    }

    /// Files by the names of the values they stand for.
    private static Map<String, Path> assigned(String option, List<String> given, List<ValueInfo> known) {
        Map<String, Path> files = new LinkedHashMap<>();
        List<String> names = known.stream().map(ValueInfo::name).toList();
        List<String> unnamed = new ArrayList<>();
        for (String g : given) {
            int equals = g.indexOf('=');
            if (equals > 0 && names.contains(g.substring(0, equals))) {
                if (files.put(g.substring(0, equals), Path.of(g.substring(equals + 1))) != null) {
                    throw new UsageException(option + " " + g + ": given twice");
                }
            } else if (equals > 0) {
                throw new UsageException(option + " " + g + ": the model has no such value; it has " + known);
            } else {
                unnamed.add(g);
            }
        }
        for (String g : unnamed) {
            String free = names.stream().filter(n -> !files.containsKey(n)).findFirst().orElseThrow(
                () -> new UsageException(option + " " + g + ": more files than values; the model has " + known));
            files.put(free, Path.of(g));
        }
        return files;
    }

    private static Map<String, Object> describe(String name, OnnxValue value, @Nullable Path file) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", name);
        if (value instanceof OnnxValue.OfTensor t) {
            map.put("type", t.type().toString());
            map.put("shape", t.shape().stream().boxed().toList());
        } else {
            map.put("type", value.toString());
        }
        if (file != null) {
            map.put("file", file.toString());
        }
        return map;
    }

    private static void print(PrintWriter out, String name, OnnxValue value, @Nullable Path file) {
        String range = "";
        if (value instanceof OnnxValue.OfTensor t && t.tensor().elements() > 0) {
            Tensor x = t.tensor();
            double[] v = x.toDoubleArray();
            double low = Double.POSITIVE_INFINITY;
            double high = Double.NEGATIVE_INFINITY;
            for (double d : v) {
                low = Math.min(low, d);
                high = Math.max(high, d);
            }
            range = String.format(Locale.ROOT, ", from %.6g to %.6g", low, high);
        }
        out.println(name + ": " + value + range + (file == null ? "" : ", written to " + file));
    }
}
