package dev.tenon.cli;

import dev.tenon.api.BackendException;
import dev.tenon.api.Device;
import dev.tenon.api.spi.Backends;
import dev.tenon.api.spi.DeviceInfo;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `tenon devices`: every backend, its devices, or why it has none.
@Command(
    name = "devices",
    description = "Lists every backend with its devices and their memory, or the reason why it has none.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--json", description = "One line of JSON on standard output.")
    private boolean json;

    DevicesCommand() {}

    /// 0 if there is a default device, otherwise 1.
    @Override
    public Integer call() {
        PrintWriter out = Main.out(spec);
        List<Backends.Found> found = Backends.found();
        if (json) {
            out.println(Json.line(describe(found)));
        } else {
            print(found, out);
        }
        return defaultDevice().isEmpty() ? 1 : 0;
    }

    private static Map<String, Object> describe(List<Backends.Found> found) {
        List<Object> backends = new ArrayList<>();
        for (Backends.Found f : found) {
            List<Object> devices = new ArrayList<>();
            for (DeviceInfo d : f.probe().devices()) {
                Map<String, Object> device = new LinkedHashMap<>();
                device.put("name", Device.intern(f.name(), d.index()).toString());
                device.put("kind", d.kind());
                device.put("description", d.description());
                device.put("memoryBytes", d.memoryBytes());
                devices.add(device);
            }
            Map<String, Object> backend = new LinkedHashMap<>();
            backend.put("name", f.name());
            backend.put("priority", f.priority());
            backend.put("devices", devices);
            backend.put("reason", f.probe().reason());
            backends.add(backend);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        try {
            all.put("default", Device.getDefault().toString());
        } catch (BackendException e) {
            all.put("default", "");
            all.put("defaultReason", String.valueOf(e.getMessage()));
        }
        all.put("backends", backends);
        return all;
    }

    private static void print(List<Backends.Found> found, PrintWriter out) {
        if (found.isEmpty()) {
            out.println("No backend is on the module path; add a jar such as tenon-backend-cpu-vector.");
        }
        Device chosen = defaultDevice().orElse(null);
        for (Backends.Found f : found) {
            String remark = f.probe().reason();
            if (f.probe().devices().isEmpty()) {
                out.printf("%-10s none: %s%n", f.name(), remark.isBlank() ? "the backend gave no reason" : remark);
                continue;
            }
            for (DeviceInfo d : f.probe().devices()) {
                Device device = Device.intern(f.name(), d.index());
                out.printf("%-10s %s, %s%s%s%n", device, d.kind(), d.description(), memory(d.memoryBytes()),
                    device == chosen ? "  (default)" : "");
            }
            if (!remark.isBlank()) {
                out.printf("%-10s note: %s%n", "", remark);
            }
        }
        if (chosen == null) {
            out.println("no default: " + System.getProperty("tenon.device", "auto")
                + " (-Dtenon.device) is none of these");
        }
    }

    private static Optional<Device> defaultDevice() {
        try {
            return Optional.of(Device.getDefault());
        } catch (BackendException e) {
            // -Dtenon.device names none that exists, or there is none; the list and its note say which.
            return Optional.empty();
        }
    }

    private static String memory(long bytes) {
        return bytes <= 0 ? "" : String.format(Locale.ROOT, ", %.1f GiB", bytes / (double) (1L << 30));
    }
}
