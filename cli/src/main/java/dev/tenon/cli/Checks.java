package dev.tenon.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.tenon.api.BackendException;
import dev.tenon.api.DType;
import dev.tenon.api.Device;
import dev.tenon.api.Scope;
import dev.tenon.api.Shape;
import dev.tenon.api.Tensor;
import dev.tenon.api.Tensors;
import dev.tenon.api.spi.Backends;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The checks of `tenon doctor`.
final class Checks {
    private static final int JDK = 25;
    private static final long LEAST_MEMORY = 1L << 30;

    /// How a check came out.
    enum Level {
        OK,
        WARN,
        FAIL
    }

    /// One line.
    record Finding(Level level, String check, String text) {}

    private Checks() {}

    static List<Finding> all() {
        List<Finding> out = new ArrayList<>();
        out.add(java());
        out.add(vector());
        out.add(cores());
        out.addAll(memory());
        out.add(nativeAccess());
        out.add(temporaryFolder());
        List<Backends.Found> found = Backends.found();
        if (found.isEmpty()) {
            out.add(new Finding(Level.FAIL, "backends",
                System.getProperty("tenon.backends") == null
                    ? "none on the module path; add a jar such as tenon-backend-cpu-vector"
                    : "none of those that -Dtenon.backends=" + System.getProperty("tenon.backends") + " admits"));
        }
        boolean any = !Device.all().isEmpty();
        for (Backends.Found f : found) {
            out.add(backend(f, any));
        }
        if (any) {
            out.add(defaultDevice());
        }
        for (Device d : Device.all()) {
            out.add(compute(d));
            out.add(gradient(d));
        }
        return out;
    }

    private static Finding java() {
        String text = Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
            + System.getProperty("java.home");
        return new Finding(Runtime.version().feature() >= JDK ? Level.OK : Level.FAIL, "java",
            Runtime.version().feature() >= JDK ? text : text + "; Tenon needs Java " + JDK + " or newer");
    }

    private static Finding vector() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return new Finding(Level.WARN, "vector module",
                "absent: the CPU computes one number at a time; start Java with --add-modules jdk.incubator.vector");
        }
        try {
            Object species = Class.forName("jdk.incubator.vector.FloatVector").getField("SPECIES_PREFERRED").get(null);
            int bits = (int) Class.forName("jdk.incubator.vector.VectorSpecies").getMethod("vectorBitSize")
                .invoke(species);
            boolean off = "false".equals(System.getProperty("tenon.cpu.vector"));
            return new Finding(bits >= 128 && !off ? Level.OK : Level.WARN, "vector module",
                bits + " bits, " + bits / 32 + " floats at a time"
                    + (off ? "; switched off by -Dtenon.cpu.vector=false" : ""));
        } catch (ReflectiveOperationException | LinkageError e) {
            return new Finding(Level.WARN, "vector module", "present but unusable: " + e);
        }
    }

    private static Finding cores() {
        int n = Runtime.getRuntime().availableProcessors();
        String threads = System.getProperty("tenon.cpu.threads");
        return new Finding(n > 1 ? Level.OK : Level.WARN, "processors",
            n + " usable" + (threads == null ? "" : ", -Dtenon.cpu.threads=" + threads)
                + (n > 1 ? "" : "; data workers and the model share it"));
    }

    private static List<Finding> memory() {
        long machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        long free = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getFreeMemorySize();
        long heap = Runtime.getRuntime().maxMemory();
        return List.of(
            new Finding(machine >= LEAST_MEMORY ? Level.OK : Level.WARN, "memory",
                gib(machine) + " in this machine or container, " + gib(free)
                    + " free; tensors live outside the Java heap and may take it all"),
            new Finding(heap >= LEAST_MEMORY / 8 ? Level.OK : Level.WARN, "heap", "at most " + gib(heap)
                + " (-Xmx); data sets held as Java arrays live here"));
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
    }

    private static Finding nativeAccess() {
        List<Module> modules = new ArrayList<>(List.of(Tensor.class.getModule()));
        ModuleLayer.boot().modules().stream()
            .filter(m -> m.getName().startsWith("dev.tenon.backend."))
            .forEach(modules::add);
        String missing = modules.stream()
            .filter(m -> !m.isNativeAccessEnabled())
            .map(m -> m.isNamed() ? m.getName() : "ALL-UNNAMED")
            .collect(Collectors.joining(","));
        return missing.isEmpty()
            ? new Finding(Level.OK, "native access", "allowed")
            : new Finding(Level.WARN, "native access",
                "Java will warn, and in future refuse; start it with --enable-native-access=" + missing);
    }

    private static Finding temporaryFolder() {
        String folder = System.getProperty("java.io.tmpdir");
        try {
            Path file = Files.createTempFile("tenon", ".tmp");
            try {
                Files.write(file, new byte[4096]);
            } finally {
                Files.delete(file);
            }
            return new Finding(Level.OK, "temporary dir", folder + " is writable, "
                + gib(Files.getFileStore(Path.of(folder)).getUsableSpace()) + " free");
        } catch (IOException e) {
            return new Finding(Level.WARN, "temporary dir", folder + " cannot be written to (" + e.getMessage()
                + "); backends that unpack native libraries need it: set -Djava.io.tmpdir");
        }
    }

    /// A backend without devices is a remark where another has some, a failure where none has.
    private static Finding backend(Backends.Found f, boolean any) {
        String name = "backend " + f.name();
        if (f.probe().devices().isEmpty()) {
            return new Finding(any ? Level.WARN : Level.FAIL, name, "no device: " + f.probe().reason());
        }
        String devices = f.probe().devices().stream()
            .map(d -> Device.intern(f.name(), d.index()) + " (" + d.description() + ")")
            .collect(Collectors.joining(", "));
        return new Finding(Level.OK, name, devices + (f.probe().reason().isBlank() ? "" : "; " + f.probe().reason()));
    }

    private static Finding defaultDevice() {
        try {
            return new Finding(Level.OK, "default device", Device.getDefault().toString());
        } catch (BackendException e) {
            return new Finding(Level.FAIL, "default device", String.valueOf(e.getMessage()));
        }
    }

    /// A matrix product whose result is known exactly: row i holds i, column j holds j, so element (i, j) is n·i·j.
    private static Finding compute(Device device) {
        int n = 64;
        float[] a = new float[n * n];
        float[] b = new float[n * n];
        for (int i = 0; i < n * n; i++) {
            a[i] = i / n;
            b[i] = i % n;
        }
        long start = System.nanoTime();
        try (Scope _ = Scope.open()) {
            Tensor product = Tensors.of(a, Shape.of(n, n), device).mm(Tensors.of(b, Shape.of(n, n), device));
            float[] c = product.toFloatArray();
            long first = System.nanoTime() - start;
            for (int i = 0; i < n * n; i++) {
                if (c[i] != (float) n * (i / n) * (i % n)) {
                    return new Finding(Level.FAIL, device + " compute", "wrong result: element (" + i / n + ", " + i % n
                        + ") of a matrix product is " + c[i] + ", not " + n * (i / n) * (i % n));
                }
            }
            return new Finding(Level.OK, device + " compute", "a matrix product is right; "
                + millis(first) + " for the first one, device start included" + remark(device));
        } catch (RuntimeException | LinkageError e) {
            return new Finding(Level.FAIL, device + " compute", String.valueOf(e.getMessage()));
        }
    }

    private static String remark(Device device) {
        String remark = device.runtime().remark();
        return remark.isEmpty() ? "" : "; " + remark;
    }

    /// The gradient of sum(x³) is 3x².
    private static Finding gradient(Device device) {
        long start = System.nanoTime();
        try (Scope _ = Scope.open()) {
            Tensor x = Tensors.arange(-4, 4, 1, DType.F32, device).requiresGrad(true);
            x.mul(x).mul(x).sum().backward();
            Tensor g = x.grad();
            float[] got = g == null ? new float[0] : g.toFloatArray();
            long took = System.nanoTime() - start;
            for (int i = 0; i < 8; i++) {
                float want = 3f * (i - 4) * (i - 4);
                if (got.length != 8 || Math.abs(got[i] - want) > 1e-4) {
                    return new Finding(Level.FAIL, device + " gradient", "wrong result: " + g);
                }
            }
            x.setGrad(null);
            return new Finding(Level.OK, device + " gradient", "right; " + millis(took));
        } catch (RuntimeException | LinkageError e) {
            return new Finding(Level.FAIL, device + " gradient", String.valueOf(e.getMessage()));
        }
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }
}
