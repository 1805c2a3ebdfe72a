package dev.tenon.opencl;

import dev.tenon.api.Device;
import dev.tenon.tck.BackendTck;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The whole suite on the OpenCL device that `-Dtenon.test.opencl` names, such as `opencl:0`. It is asked for, not
/// part of
/// every build: each of its thousands of kernels is compiled by the device's driver, which takes PoCL half a second.
@EnabledIf(
        value = "dev.tenon.opencl.Twins#hasOpenCl",
        disabledReason = "there is no OpenCL device here: install its driver, or PoCL for the CPU")
@EnabledIfSystemProperty(named = "tenon.test.opencl", matches = ".+", disabledReason = "asked for by its property")
class OpenClTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.of(System.getProperty("tenon.test.opencl"));
    }
}
