package dev.tenon.backend.cuda;

import dev.tenon.backend.cuda.Driver.Attribute;
import dev.tenon.kernel.DeviceTraits;
import dev.tenon.kernel.TensorCores;
import java.util.Locale;

/// What a CUDA device says of itself.
///
/// @param capability the compute capability, such as 90 for 9.0
/// @param pools whether memory can be allocated and freed in the order of a stream
record DeviceFacts(int index, String name, long bytes, int capability, boolean pools, DeviceTraits traits) {
    /// Whether products of `F32` may take TF32, as PyTorch's `allow_tf32`.
    static final boolean TF32 = Boolean.getBoolean("tenon.cuda.tf32");

    static DeviceFacts of(Driver driver, int index) {
        int capability = driver.attribute(index, Attribute.MAJOR) * 10 + driver.attribute(index, Attribute.MINOR);
        DeviceTraits traits = new DeviceTraits(false, true, driver.attribute(index, Attribute.MAX_THREADS),
                driver.attribute(index, Attribute.SHARED_BYTES), driver.attribute(index, Attribute.MULTIPROCESSORS), 1,
                true);
        if (capability >= TensorCores.FIRST) {
            traits = traits.withTensorCores(new TensorCores(capability, TF32));
        }
        return new DeviceFacts(index, driver.deviceName(index), driver.deviceMemory(index), capability,
                driver.attribute(index, Attribute.MEMORY_POOLS) != 0, traits);
    }

    String description(int driverVersion) {
        return String.format(Locale.ROOT, "%s (compute capability %d.%d, %d multiprocessors, driver for CUDA %d.%d)",
                name, capability / 10, capability % 10, traits.units(), driverVersion / 1000,
                driverVersion % 1000 / 10);
    }
}
