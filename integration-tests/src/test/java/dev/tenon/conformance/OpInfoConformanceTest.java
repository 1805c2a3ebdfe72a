package dev.tenon.conformance;

import dev.tenon.api.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.condition.EnabledIf;

/// The operator cases that PyTorch computed: all of them on the device of `-Dtenon.device`, and some on OpenCL, whose
/// programs the device's driver has to compile.
///
/// The folder is that of `-Dtenon.conformance.dir`, by default `shared/conformance` beside the repository; where it is
/// absent the tests are skipped.
class OpInfoConformanceTest {
    private static final int EVERY = Integer.getInteger("tenon.conformance.opencl.every", 16);

    @Test
    void everyCase() {
        OpInfoRun.on(Device.getDefault(), 1);
    }

    /// Of every 16th operator and dtype, or every n-th of `-Dtenon.conformance.opencl.every=n`.
    @Test
    @EnabledIf(
            value = "dev.tenon.opencl.Twins#hasOpenCl",
            disabledReason = "there is no OpenCL device here: install its driver, or PoCL for the CPU")
    @DisabledIf(value = "defaultIsOpenCl", disabledReason = "all of them run on OpenCL already")
    void someOnOpenCl() {
        OpInfoRun.on(Device.of("opencl"), EVERY);
    }

    static boolean defaultIsOpenCl() {
        return Device.getDefault().type().equals("opencl");
    }
}
