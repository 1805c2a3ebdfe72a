package dev.tenon.tck;

import dev.tenon.api.Device;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The CPU backend as it is where the Vector module is missing. The backend decides once for the whole JVM, so the
/// build
/// runs this class in a second one with `-Dtenon.cpu.vector=false`.
@EnabledIfSystemProperty(named = "tenon.cpu.vector", matches = "false")
class CpuScalarTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.of("cpu");
    }
}
