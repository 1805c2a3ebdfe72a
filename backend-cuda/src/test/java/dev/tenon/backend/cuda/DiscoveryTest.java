package dev.tenon.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiscoveryTest {
    private final FakeDriver driver = new FakeDriver();

    private Discovery.Result search() {
        return Discovery.search(() -> driver, true, "");
    }

    @Test
    void aProbeFindsDevicesOrSaysWhyNot() {
        BackendProvider.Probe probe = new CudaBackend().probe();
        assertTrue(!probe.devices().isEmpty() || !probe.reason().isBlank());
        assertTrue(new CudaBackend().priority(new DeviceInfo(0, "gpu", "", 0)) >= 200);
    }

    /// Beside the devices stands which libraries there are, or why they are not.
    @Test
    void librariesAreNamedOrMissed() {
        CudnnLibrary.Search cudnn = CudnnLibrary.find();
        String text = CudaBackend.libraries();
        assertTrue(text.contains(cudnn.library() == null ? "; no cuDNN: " + cudnn.reason() : "; cuDNN 9."), text);
        assertTrue(text.startsWith(CublasLt.find().library() == null ? "no cuBLASLt: " : "cuBLASLt: "), text);
    }

    @Test
    void devicesAreDescribed() {
        driver.devices = 2;
        List<DeviceFacts> found = search().devices();
        assertEquals(2, found.size());
        assertEquals("Fake GPU 1 (compute capability 9.0, 4 multiprocessors, driver for CUDA 13.0)",
                found.get(1).description(13000));
    }

    @Test
    void everyStateOfAnInstallationIsAReason() {
        driver.version = 11080;
        assertEquals("the driver knows CUDA 11.8, and 12.0 is needed: install a newer driver", search().reason());
        driver.version = 13000;
        driver.devices = 0;
        assertTrue(search().reason().contains("CUDA_VISIBLE_DEVICES"));
        driver.devices = 1;
        driver.failures.put("cuDeviceGetCount", 100);
        assertTrue(search().reason().contains("does not start: cuDeviceGetCount"), search()::reason);
        driver.failures.put("cuDeviceGetAttribute", 999);
        Discovery.Result broken = search();
        assertEquals(List.of(), broken.devices());
        assertTrue(broken.reason().startsWith("device 0: cuDeviceGetAttribute"), broken.reason());
        Discovery.Result unlinked = Discovery.search(() -> {
            throw new UnsatisfiedLinkError("no such library\nand a long story");
        }, true, "");
        assertEquals("JCuda's native part cannot be loaded: no such library", unlinked.reason());
        assertNull(unlinked.driver());
        assertEquals("there are 1 devices, but nothing to compile kernels with: no NVRTC",
                Discovery.search(() -> driver, false, "no NVRTC").reason());
    }
}
