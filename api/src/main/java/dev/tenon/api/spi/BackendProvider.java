package dev.tenon.api.spi;

import java.util.List;

/// What a backend jar provides through [java.util.ServiceLoader]. Constructing a provider and asking its name and
/// priority must load nothing native.
public interface BackendProvider {
    /// The backend's name and the type part of its devices: `cpu` for `cpu`, `cuda` for `cuda:0`.
    String name();

    /// Automatic selection takes the usable backend of the highest priority. The pure-Java CPU backend has 100, a
    /// backend
    /// for a GPU should have 200 or more, one for tests a negative number.
    int priority();

    /// The priority of one of the devices found, for backends whose devices differ: a processor behind a GPU library
    /// should not win over the CPU backend.
    default int priority(DeviceInfo device) {
        return priority();
    }

    /// Looks for devices. Neither a missing library nor a broken one may escape as an exception or error: it is the
    /// reason for which there are no devices.
    Probe probe();

    /// Starts a device that the probe found. Called at most once for each device.
    ///
    /// @throws dev.tenon.api.BackendException if the device cannot be started
    DeviceRuntime open(int index);

    /// The result of a probe: devices, or the plain reason why there are none.
    ///
    /// @param devices the devices found
    /// @param reason why there are none, or a remark on those found; may be empty
    record Probe(List<DeviceInfo> devices, String reason) {
        /// Copies the list.
        public Probe {
            devices = List.copyOf(devices);
        }

        /// A probe that found nothing.
        public static Probe none(String reason) {
            return new Probe(List.of(), reason);
        }

        /// A probe that found devices.
        public static Probe of(List<DeviceInfo> devices) {
            return new Probe(devices, "");
        }
    }
}
