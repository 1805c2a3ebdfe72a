package dev.tenon.api.internal;

import dev.tenon.api.BackendException;
import dev.tenon.api.Device;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Finds backends, probes them once and resolves device names.
public final class Backends {
    private static final System.Logger LOG = System.getLogger("dev.tenon");

    /// A provider with what its probe said; the provider is absent where it could not even be constructed.
    public record Found(String name, int priority, Optional<BackendProvider> provider, BackendProvider.Probe probe) {
        int rank(DeviceInfo device) {
            return provider.map(p -> p.priority(device)).orElse(priority);
        }
    }

    private Backends() {}

    private static final class Holder {
        static final List<Found> FOUND = discover();
    }

    /// Every provider on the class and module path that `-Dtenon.backends` admits, highest priority first.
    public static List<Found> found() {
        return Holder.FOUND;
    }

    private static List<Found> discover() {
        Map<String, ServiceLoader.Provider<BackendProvider>> providers = new LinkedHashMap<>();
        List<Found> found = new ArrayList<>();
        Stream<ServiceLoader<BackendProvider>> loaders = Stream.of(
                ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()),
                ServiceLoader.load(BackendProvider.class));
        Stream<ServiceLoader<BackendProvider>> layered =
                Optional.ofNullable(Backends.class.getModule().getLayer()).stream()
                        .map(layer -> ServiceLoader.load(layer, BackendProvider.class));
        Stream.concat(layered, loaders).forEach(loader -> collect(loader, providers, found));
        Optional<List<String>> allowed = Optional.ofNullable(System.getProperty("tenon.backends"))
                .filter(s -> !s.isBlank())
                .map(s -> Arrays.stream(s.split(",")).map(String::trim).toList());
        for (var p : providers.values()) {
            probe(p).filter(f -> allowed.isEmpty() || allowed.get().contains(f.name())).ifPresent(found::add);
        }
        found.sort(Comparator.comparingInt(Found::priority).reversed());
        return List.copyOf(found);
    }

    private static void collect(
            ServiceLoader<BackendProvider> loader,
            Map<String, ServiceLoader.Provider<BackendProvider>> providers,
            List<Found> broken) {
        Iterator<ServiceLoader.Provider<BackendProvider>> it = loader.stream().iterator();
        while (true) {
            try {
                if (!it.hasNext()) {
                    return;
                }
                ServiceLoader.Provider<BackendProvider> p = it.next();
                providers.putIfAbsent(p.type().getName(), p);
            } catch (ServiceConfigurationError e) {
                if (broken.stream().noneMatch(f -> f.probe().reason().equals(reason(e)))) {
                    broken.add(new Found("?", Integer.MIN_VALUE, Optional.empty(),
                            BackendProvider.Probe.none(reason(e))));
                }
            }
        }
    }

    /// Constructs and probes; whatever a broken provider throws becomes its reason, so that it never hides the others.
    private static Optional<Found> probe(ServiceLoader.Provider<BackendProvider> p) {
        BackendProvider provider;
        try {
            provider = p.get();
        } catch (ServiceConfigurationError | LinkageError e) {
            return Optional.of(new Found(
                    p.type().getSimpleName(), Integer.MIN_VALUE, Optional.empty(),
                            BackendProvider.Probe.none(reason(e))));
        }
        try {
            return Optional.of(
                    new Found(provider.name(), provider.priority(), Optional.of(provider), provider.probe()));
        } catch (RuntimeException | LinkageError e) {
            LOG.log(Level.DEBUG, "probing " + provider.name() + " failed", e);
            return Optional.of(new Found(
                    provider.name(), provider.priority(), Optional.of(provider),
                            BackendProvider.Probe.none(reason(e))));
        }
    }

    private static String reason(Throwable e) {
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    /// All devices, highest priority first.
    public static List<Device> devices() {
        record Ranked(int priority, Device device) {}
        return found().stream()
                .flatMap(f -> f.probe().devices().stream()
                        .map(d -> new Ranked(f.rank(d), Device.intern(f.name(), d.index()))))
                .sorted(Comparator.comparingInt(Ranked::priority).reversed())
                .map(Ranked::device)
                .toList();
    }

    /// The device of the given name.
    public static Device resolve(String name) {
        String wanted = name.trim();
        if (wanted.equals("auto")) {
            return devices().stream().findFirst().orElseThrow(() -> unknown(name, "no backend has a device"));
        }
        int colon = wanted.indexOf(':');
        String type = colon < 0 ? wanted : wanted.substring(0, colon);
        String which = colon < 0 ? "0" : wanted.substring(colon + 1);
        Found f = found().stream()
                .filter(x -> x.name().equals(type))
                .findFirst()
                .orElseThrow(() -> unknown(name, "there is no backend \"" + type + "\" on the class or module path"));
        Stream<DeviceInfo> candidates = f.probe().devices().stream();
        return candidates
                .filter(d -> which.equals(Integer.toString(d.index())) || which.equals(d.kind()))
                .findFirst()
                .map(d -> Device.intern(type, d.index()))
                .orElseThrow(() -> unknown(name, "backend \"" + type + "\" has no such device"));
    }

    private static BackendException unknown(String name, String why) {
        String available = devices().stream().map(Device::toString).collect(Collectors.joining(", "));
        String reasons = found().stream()
                .filter(f -> f.probe().devices().isEmpty())
                .map(f -> "; " + f.name() + ": " + f.probe().reason())
                .collect(Collectors.joining());
        return new BackendException("device \"" + name + "\": " + why + "; available: "
                + (available.isEmpty() ? "none (add a backend jar such as tenon-backend-cpu-vector)" : available)
                + reasons);
    }

    private static final class Default {
        static final Device DEVICE = resolve(System.getProperty("tenon.device", "auto"));
    }

    /// The default device. A wrong `-Dtenon.device` is reported at every call, not only at the first.
    public static Device defaultDevice() {
        try {
            return Default.DEVICE;
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            return resolve(System.getProperty("tenon.device", "auto"));
        }
    }

    /// Starts a device.
    public static DeviceState open(Device device) {
        Found f = found().stream()
                .filter(x -> x.name().equals(device.type()) && x.provider().isPresent())
                .findFirst()
                .orElseThrow(() -> unknown(device.toString(), "its backend is missing"));
        DeviceRuntime runtime = f.provider().orElseThrow().open(device.index());
        return new DeviceState(runtime, new MemoryPool(device.toString(), runtime), new KernelCache());
    }
}
