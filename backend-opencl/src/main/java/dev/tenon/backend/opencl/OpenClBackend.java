package dev.tenon.backend.opencl;

import dev.tenon.api.BackendException;
import dev.tenon.api.spi.BackendProvider;
import dev.tenon.api.spi.DeviceInfo;
import dev.tenon.api.spi.DeviceRuntime;
import java.util.ArrayList;
import java.util.List;

/// The provider of the devices `opencl:0`, `opencl:1`, …: those of every OpenCL platform, GPUs first.
public final class OpenClBackend implements BackendProvider {
    /// A provider; loads nothing.
    public OpenClBackend() {}

    @Override
    public String name() {
        return "opencl";
    }

    @Override
    public int priority() {
        return 200;
    }

    /// A processor through OpenCL does not win over the CPU backend.
    @Override
    public int priority(DeviceInfo device) {
        return device.kind().equals("cpu") ? 50 : priority();
    }

    @Override
    public Probe probe() {
        Discovery.Result found = Discovery.find();
        List<DeviceInfo> infos = new ArrayList<>();
        for (int i = 0; i < found.devices().size(); i++) {
            DeviceFacts d = found.devices().get(i);
            infos.add(new DeviceInfo(i, d.kind(), d.description(), d.globalBytes()));
        }
        return new Probe(infos, found.reason());
    }

    @Override
    public DeviceRuntime open(int index) {
        List<DeviceFacts> devices = Discovery.find().devices();
        if (index < 0 || index >= devices.size()) {
            throw new BackendException("opencl:" + index + ": there are " + devices.size() + " OpenCL devices now");
        }
        return OpenClRuntime.open(index, devices.get(index));
    }
}
