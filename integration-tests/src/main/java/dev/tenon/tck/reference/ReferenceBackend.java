package dev.tenon.tck.reference;

import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import java.util.List;

/// The provider of the device `reference:0`. Its priority is negative: it is never chosen unless named.
public final class ReferenceBackend implements BackendProvider {
    /// A provider; loads nothing.
    public ReferenceBackend() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int priority() {
        return -100;
    }

    @Override
    public Probe probe() {
        return Probe.of(List.of(new DeviceInfo(0, "cpu", "scalar Java in double precision", 0)));
    }

    @Override
    public DeviceRuntime open(int index) {
        return new ReferenceRuntime();
    }
}
