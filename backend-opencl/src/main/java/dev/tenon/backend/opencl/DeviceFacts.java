package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_DEVICE_ADDRESS_BITS;
import static org.jocl.CL.CL_DEVICE_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_COMPILER_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_EXTENSIONS;
import static org.jocl.CL.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_LOCAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.jocl.CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.jocl.CL.CL_DEVICE_NAME;
import static org.jocl.CL.CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT;
import static org.jocl.CL.CL_DEVICE_SINGLE_FP_CONFIG;
import static org.jocl.CL.CL_DEVICE_TYPE;
import static org.jocl.CL.CL_DEVICE_TYPE_CPU;
import static org.jocl.CL.CL_DEVICE_TYPE_GPU;
import static org.jocl.CL.CL_DEVICE_VENDOR;
import static org.jocl.CL.CL_DEVICE_VERSION;
import static org.jocl.CL.CL_DRIVER_VERSION;
import static org.jocl.CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
import static org.jocl.CL.CL_FP_FMA;
import static org.jocl.CL.CL_PLATFORM_NAME;
import static org.jocl.CL.clGetDeviceInfo;
import static org.jocl.CL.clGetPlatformInfo;

import dev.tenon.kernel.DeviceTraits;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/// What an OpenCL device says of itself.
///
/// @param identity whatever a compiled program depends on: names and versions of platform, device and driver
/// @param exactDivision whether division and square root can be correctly rounded
record DeviceFacts(
        cl_platform_id platform,
        cl_device_id device,
        String kind,
        String description,
        String identity,
        long globalBytes,
        long largestBytes,
        boolean exactDivision,
        DeviceTraits traits) {

    private static final Pattern OLD = Pattern.compile("OpenCL 1\\.[01]\\b");

    /// Whether the driver keeps compiled programs from run to run (PoCL), so that we need not.
    boolean keepsPrograms() {
        return identity.startsWith("Portable Computing Language\n");
    }

    /// Why a device cannot be used, or an empty string.
    static String unfit(cl_device_id d) {
        if (number(d, CL_DEVICE_AVAILABLE, 4) == 0) {
            return "is not available";
        }
        if (number(d, CL_DEVICE_COMPILER_AVAILABLE, 4) == 0) {
            return "has no compiler";
        }
        String version = text(d, CL_DEVICE_VERSION);
        return OLD.matcher(version).lookingAt() ? "is of " + version + "; 1.2 is needed" : "";
    }

    static DeviceFacts of(cl_platform_id platform, cl_device_id d) {
        long type = number(d, CL_DEVICE_TYPE, 8);
        boolean cpu = (type & CL_DEVICE_TYPE_CPU) != 0;
        String kind = cpu ? "cpu" : (type & CL_DEVICE_TYPE_GPU) != 0 ? "gpu" : "accelerator";
        String name = text(d, CL_DEVICE_NAME);
        String platformName = text(platform, CL_PLATFORM_NAME);
        String version = text(d, CL_DEVICE_VERSION);
        String driver = text(d, CL_DRIVER_VERSION);
        long floats = number(d, CL_DEVICE_SINGLE_FP_CONFIG, 8);
        boolean doubles = (" " + text(d, CL_DEVICE_EXTENSIONS) + " ").contains(" cl_khr_fp64 ");
        int lanes = (int) Math.max(1, number(d, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, 4));
        // With kernels for GPUs a processor is slow, but can test them.
        boolean gpuKernels = "gpu".equals(System.getProperty("tenon.opencl.kernels"));
        DeviceTraits traits = new DeviceTraits(
                cpu && !gpuKernels,
                doubles,
                (int) Math.min(1 << 20, number(d, CL_DEVICE_MAX_WORK_GROUP_SIZE, addressBytes(d))),
                number(d, CL_DEVICE_LOCAL_MEM_SIZE, 8),
                (int) Math.max(1, number(d, CL_DEVICE_MAX_COMPUTE_UNITS, 4)),
                lanes,
                (floats & CL_FP_FMA) != 0);
        String identity = String.join("\n", platformName, text(d, CL_DEVICE_VENDOR), name, version, driver);
        return new DeviceFacts(
                platform,
                d,
                kind,
                name + " (" + platformName + ", " + version + ", driver " + driver + ")",
                identity,
                number(d, CL_DEVICE_GLOBAL_MEM_SIZE, 8),
                number(d, CL_DEVICE_MAX_MEM_ALLOC_SIZE, 8),
                (floats & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0,
                traits);
    }

    private static int addressBytes(cl_device_id d) {
        return number(d, CL_DEVICE_ADDRESS_BITS, 4) == 64 ? 8 : 4;
    }

    private static long number(cl_device_id d, int what, int bytes) {
        if (bytes == 4) {
            int[] v = new int[1];
            clGetDeviceInfo(d, what, 4, Pointer.to(v), null);
            return v[0] & 0xFFFF_FFFFL;
        }
        long[] v = new long[1];
        clGetDeviceInfo(d, what, 8, Pointer.to(v), null);
        return v[0];
    }

    private static String text(cl_device_id d, int what) {
        long[] size = new long[1];
        clGetDeviceInfo(d, what, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        clGetDeviceInfo(d, what, bytes.length, Pointer.to(bytes), null);
        return string(bytes);
    }

    private static String text(cl_platform_id p, int what) {
        long[] size = new long[1];
        clGetPlatformInfo(p, what, 0, null, size);
        byte[] bytes = new byte[(int) size[0]];
        clGetPlatformInfo(p, what, bytes.length, Pointer.to(bytes), null);
        return string(bytes);
    }

    /// Text that ends with a zero byte.
    private static String string(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
    }
}
