package dev.tenon.tck;

import dev.tenon.api.Device;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// The CPU backend with the Vector API. [CpuScalarTckTest] covers the other path, in a JVM of its own.
@DisabledIfSystemProperty(named = "tenon.cpu.vector", matches = "false")
class CpuVectorTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.of("cpu");
    }
}
