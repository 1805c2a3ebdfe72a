package dev.tenon.opencl;

import dev.tenon.api.Device;
import dev.tenon.tck.BackendTck;
import org.junit.jupiter.api.condition.EnabledIf;

/// The suite on an OpenCL device: a small part of its samples in every build, and all of them on the device that
/// `-Dtenon.test.opencl` names, such as `opencl:0`. All take some 16,000 programs, each compiled by the device's
/// driver; PoCL needs a few tenths of a second for one, and keeps them.
@EnabledIf(
        value = "dev.tenon.opencl.Twins#hasOpenCl",
        disabledReason = "there is no OpenCL device here: install its driver, or PoCL for the CPU")
class OpenClTckTest extends BackendTck {
    private static final String ALL_ON = System.getProperty("tenon.test.opencl", "");

    @Override
    protected Device device() {
        return Device.of(ALL_ON.isBlank() ? "opencl" : ALL_ON);
    }

    @Override
    protected String part() {
        return ALL_ON.isBlank() ? System.getProperty("tenon.tck.part", "1/64") : super.part();
    }
}
