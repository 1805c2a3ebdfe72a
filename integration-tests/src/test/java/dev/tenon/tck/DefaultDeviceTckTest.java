package dev.tenon.tck;

import dev.tenon.api.Device;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Whatever device `-Dtenon.device` names, where it names one that no other class here covers.
@EnabledIfSystemProperty(named = "tenon.device", matches = "(?!(cpu|auto|reference).*).+")
class DefaultDeviceTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.getDefault();
    }
}
