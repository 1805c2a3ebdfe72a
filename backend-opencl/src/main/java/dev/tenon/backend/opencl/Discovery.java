package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_DEVICE_NOT_FOUND;
import static org.jocl.CL.CL_DEVICE_TYPE_ALL;
import static org.jocl.CL.clGetDeviceIDs;
import static org.jocl.CL.clGetPlatformIDs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/// Finds the OpenCL devices of this machine, whatever state its OpenCL installation is in.
final class Discovery {
    /// What the ICD loader answers where no driver is installed (CL_PLATFORM_NOT_FOUND_KHR).
    private static final int NO_PLATFORM = -1001;

    /// The usable devices, and why there are none or what was passed over.
    record Result(List<DeviceFacts> devices, String reason) {}

    private Discovery() {}

    private static final class Holder {
        static final Result RESULT = search();
    }

    /// The devices, GPUs first; searched for once.
    static Result find() {
        return Holder.RESULT;
    }

    private static Result search() {
        cl_platform_id[] platforms;
        try {
            CL.setExceptionsEnabled(true);
            int[] n = new int[1];
            clGetPlatformIDs(0, null, n);
            platforms = new cl_platform_id[n[0]];
            if (n[0] > 0) {
                clGetPlatformIDs(n[0], platforms, null);
            }
        } catch (CLException e) {
            return e.getStatus() == NO_PLATFORM ? noDriver() : none("the OpenCL loader answers " + Health.name(e));
        } catch (UnsupportedOperationException | LinkageError e) {
            return none("no OpenCL library can be loaded (" + firstLine(e)
                    + "): install your device's driver and an OpenCL loader such as ocl-icd");
        }
        if (platforms.length == 0) {
            return noDriver();
        }
        List<DeviceFacts> devices = new ArrayList<>();
        List<String> remarks = new ArrayList<>(Drivers.broken(false));
        for (int p = 0; p < platforms.length; p++) {
            search(p, platforms[p], devices, remarks);
        }
        devices.sort(Comparator.comparingInt(d -> switch (d.kind()) {
            case "gpu" -> 0;
            case "accelerator" -> 1;
            default -> 2;
        }));
        if (devices.isEmpty() && remarks.isEmpty()) {
            remarks.add("the " + platforms.length + " OpenCL platforms have no devices");
        }
        return new Result(devices, String.join("; ", remarks));
    }

    private static void search(
            int number, cl_platform_id platform, List<DeviceFacts> devices, List<String> remarks) {
        try {
            int[] n = new int[1];
            clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, n);
            cl_device_id[] ids = new cl_device_id[n[0]];
            if (n[0] > 0) {
                clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, n[0], ids, null);
            }
            for (cl_device_id id : ids) {
                String unfit = DeviceFacts.unfit(id);
                DeviceFacts facts = DeviceFacts.of(platform, id);
                if (unfit.isEmpty()) {
                    devices.add(facts);
                } else {
                    remarks.add(facts.description() + " " + unfit);
                }
            }
        } catch (CLException e) {
            remarks.add("OpenCL platform " + number + ": "
                    + (e.getStatus() == CL_DEVICE_NOT_FOUND ? "has no devices" : Health.name(e)));
        }
    }

    private static Result noDriver() {
        List<String> broken = Drivers.broken(true);
        return none("the OpenCL loader finds no driver (ICD)" + (broken.isEmpty()
                ? ": install that of your device, or PoCL for the CPU"
                : " that works: " + String.join("; ", broken)));
    }

    private static Result none(String reason) {
        return new Result(List.of(), reason);
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
