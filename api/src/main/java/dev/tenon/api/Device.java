package dev.tenon.api;

import dev.tenon.api.internal.Backends;
import dev.tenon.api.internal.DeviceState;
import dev.tenon.api.spi.DeviceRuntime;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Where tensors live and ops run: `cpu`, `cuda:0`, `opencl:1`. Instances are unique, so `==` compares them.
///
/// The default device is the one that `-Dtenon.device` names, by default `auto`: the device with the highest priority
/// that probes. `-Dtenon.backends=cpu,opencl` restricts which backends are looked at.
public final class Device {
    private static final ConcurrentMap<String, Device> KNOWN = new ConcurrentHashMap<>();

    private final String type;
    private final int index;
    private volatile DeviceState state;

    private Device(String type, int index) {
        this.type = type;
        this.index = index;
    }

    /// The device of the given name: `auto`, a backend's name (`cpu`, `cuda`, `opencl`) for its first device, the name
    /// and a number (`cuda:1`), or the name and a kind (`opencl:gpu`, `opencl:cpu`) for its first device of that kind.
    ///
    /// @throws BackendException if there is no such device; the message lists those that there are and the reasons for
    ///     which backends have none
    public static Device of(String name) {
        return Backends.resolve(name);
    }

    /// The default device.
    ///
    /// @throws BackendException if there is none
    public static Device getDefault() {
        return Backends.defaultDevice();
    }

    /// All devices that probe, those of the highest priority first.
    public static List<Device> all() {
        return Backends.devices();
    }

    /// The unique instance for a backend's name and a number. Says nothing on whether there is such a device; use
    /// [#of].
    public static Device intern(String type, int index) {
        return KNOWN.computeIfAbsent(type + ":" + index, _ -> new Device(type, index));
    }

    /// The name of the backend.
    public String type() {
        return type;
    }

    /// The number of the device within its backend, from 0.
    public int index() {
        return index;
    }

    /// The runtime, started at the first call. For those who write engines and loaders; ops do not need it.
    ///
    /// @throws BackendException if the device cannot be started
    public DeviceRuntime runtime() {
        return state().runtime();
    }

    /// Waits until everything that was enqueued on this device is done.
    public void synchronize() {
        runtime().defaultStream().synchronize();
    }

    /// How this device's memory is used.
    public MemoryStats memory() {
        return state().pool().stats();
    }

    /// Lets [MemoryStats#peakUsed] begin anew, at what is used now: to see what one part of a program takes.
    public void resetPeakMemory() {
        state().pool().resetPeak();
    }

    /// Returns cached memory that no tensor uses to the device.
    public void emptyCache() {
        state().pool().trim();
    }

    DeviceState state() {
        DeviceState s = state;
        if (s == null) {
            synchronized (this) {
                s = state;
                if (s == null) {
                    s = Backends.open(this);
                    state = s;
                }
            }
        }
        return s;
    }

    @Override
    public String toString() {
        return type.equals("cpu") ? type : type + ":" + index;
    }
}
