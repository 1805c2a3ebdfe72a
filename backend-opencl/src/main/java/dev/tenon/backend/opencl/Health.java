package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_DEVICE_NOT_AVAILABLE;
import static org.jocl.CL.CL_INVALID_BUFFER_SIZE;
import static org.jocl.CL.CL_INVALID_COMMAND_QUEUE;
import static org.jocl.CL.CL_INVALID_CONTEXT;
import static org.jocl.CL.CL_INVALID_DEVICE;
import static org.jocl.CL.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.jocl.CL.CL_OUT_OF_HOST_MEMORY;
import static org.jocl.CL.CL_OUT_OF_RESOURCES;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import org.jocl.CL;
import org.jocl.CLException;
import org.jspecify.annotations.Nullable;

/// Whether a device still works. Turns OpenCL's error codes into exceptions that say what was tried, and once a code
/// says that the device is gone, refuses everything at once: drivers answer anything, or nothing, after that.
final class Health {
    /// What NVIDIA's driver answers after a kernel that read or wrote where it must not.
    private static final int ILLEGAL_ACCESS = -9999;

    private final String device;
    private volatile @Nullable String lost;

    /// @param device its name, such as `opencl:0`
    Health(String device) {
        this.device = device;
    }

    /// The device's name.
    String device() {
        return device;
    }

    /// Whether the device was lost.
    boolean isLost() {
        return lost != null;
    }

    /// @throws BackendException if the device was lost earlier
    void check() {
        String before = lost;
        if (before != null) {
            throw new BackendException(device + " was lost earlier: " + before);
        }
    }

    /// The code's name and number.
    static String name(CLException e) {
        String name = CL.stringFor_errorCode(e.getStatus());
        return (name.startsWith("CL_") ? name : "error") + " (" + e.getStatus() + ")";
    }

    /// The exception for an error.
    ///
    /// @param what what was tried, such as `launching map`
    BackendException failed(String what, CLException e) {
        String text = device + ": " + what + ": " + name(e);
        return switch (e.getStatus()) {
            case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_HOST_MEMORY, CL_INVALID_BUFFER_SIZE ->
                new OutOfMemoryException(text + ": out of memory", e);
            // Some drivers report a kernel that failed, some the lack of memory by this code.
            case CL_OUT_OF_RESOURCES -> new OutOfMemoryException(
                    text + ": out of device memory, or a kernel failed", e);
            case CL_DEVICE_NOT_AVAILABLE, CL_INVALID_DEVICE, CL_INVALID_CONTEXT, CL_INVALID_COMMAND_QUEUE,
                    ILLEGAL_ACCESS -> {
                lost = what + ": " + name(e) + ": the device was reset, removed or brought down by a kernel; what was"
                        + " in its memory is gone. Start the process again to use it; other devices, cpu among them,"
                        + " go on working";
                yield new BackendException(device + " was lost: " + lost, e);
            }
            default -> new BackendException(text, e);
        };
    }
}
