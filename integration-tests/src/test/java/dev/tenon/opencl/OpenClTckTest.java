package dev.tenon.opencl;

import dev.tenon.api.Device;
import dev.tenon.tck.BackendTck;
import org.junit.jupiter.api.condition.EnabledIf;

/// The OpenCL backend on its first device: that of `-Dtenon.test.opencl`, by default `opencl:0`.
@EnabledIf(
        value = "dev.tenon.opencl.Twins#hasOpenCl",
        disabledReason = "there is no OpenCL device here: install its driver, or PoCL for the CPU")
class OpenClTckTest extends BackendTck {
    @Override
    protected Device device() {
        return Device.of(System.getProperty("tenon.test.opencl", "opencl:0"));
    }
}
