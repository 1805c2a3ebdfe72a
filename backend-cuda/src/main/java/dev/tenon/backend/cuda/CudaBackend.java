package dev.tenon.backend.cuda;

import dev.tenon.api.BackendException;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import java.util.ArrayList;
import java.util.List;

/// The provider of the devices `cuda:0`, `cuda:1`, …: NVIDIA's GPUs in the order of the driver.
public final class CudaBackend implements BackendProvider {
    /// A provider; loads nothing.
    public CudaBackend() {}

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public int priority() {
        return 300;
    }

    @Override
    public Probe probe() {
        Discovery.Result found = Discovery.find();
        List<DeviceInfo> infos = new ArrayList<>();
        for (DeviceFacts d : found.devices()) {
            Driver driver = found.driver();
            infos.add(new DeviceInfo(d.index(), "gpu", d.description(driver == null ? 0 : driver.version()),
                    d.bytes()));
        }
        return new Probe(infos, infos.isEmpty() ? found.reason()
                : (found.reason().isEmpty() ? "" : found.reason() + "; ") + libraries());
    }

    /// Which libraries there are, or why they are not.
    static String libraries() {
        NativeLibrary.Search products = CublasLt.find();
        NativeLibrary lt = products.library();
        CudnnLibrary.Search convolutions = CudnnLibrary.find();
        CudnnLibrary cudnn = convolutions.library();
        return (lt == null ? "no cuBLASLt: " + products.reason() : "cuBLASLt: " + lt.where()) + "; "
                + (cudnn == null ? "no cuDNN: " + convolutions.reason()
                : "cuDNN " + CudnnLibrary.version(cudnn.version()) + ": " + convolutions.where());
    }

    @Override
    public DeviceRuntime open(int index) {
        Discovery.Result found = Discovery.find();
        Driver driver = found.driver();
        Compiler compiler = Nvrtc.find().compiler();
        if (driver == null || compiler == null || index < 0 || index >= found.devices().size()) {
            throw new BackendException("cuda:" + index + ": there are " + found.devices().size()
                    + " CUDA devices" + (found.reason().isEmpty() ? "" : ": " + found.reason()));
        }
        CudnnLibrary.use();
        return CudaRuntime.open(driver, compiler, found.devices(), index);
    }
}
