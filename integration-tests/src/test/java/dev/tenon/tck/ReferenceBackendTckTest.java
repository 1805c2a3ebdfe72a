package dev.tenon.tck;

import dev.tenon.api.Device;

/// The reference backend passes the suite: what it answers, it answers twice alike, and the rest holds for it as well.
class ReferenceBackendTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.of("reference:0");
    }
}
