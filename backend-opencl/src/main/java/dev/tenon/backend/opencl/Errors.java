package dev.tenon.backend.opencl;

import static org.jocl.CL.CL_INVALID_BUFFER_SIZE;
import static org.jocl.CL.CL_MEM_OBJECT_ALLOCATION_FAILURE;
import static org.jocl.CL.CL_OUT_OF_HOST_MEMORY;
import static org.jocl.CL.CL_OUT_OF_RESOURCES;

import dev.tenon.api.BackendException;
import dev.tenon.api.OutOfMemoryException;
import org.jocl.CL;
import org.jocl.CLException;

/// OpenCL's error codes as exceptions that say what was tried.
final class Errors {
    private Errors() {}

    /// The code's name and number.
    static String name(CLException e) {
        String name = CL.stringFor_errorCode(e.getStatus());
        return (name.startsWith("CL_") ? name : "error") + " (" + e.getStatus() + ")";
    }

    /// The exception for an error.
    ///
    /// @param what the device and what was tried, such as `opencl:0: launching map`
    static BackendException of(String what, CLException e) {
        return switch (e.getStatus()) {
            case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_HOST_MEMORY, CL_INVALID_BUFFER_SIZE ->
                new OutOfMemoryException(what + ": " + name(e), e);
            // Some drivers report a kernel that failed, some the lack of memory by this code.
            case CL_OUT_OF_RESOURCES -> new OutOfMemoryException(
                    what + ": " + name(e) + ": out of device memory, or a kernel failed", e);
            default -> new BackendException(what + ": " + name(e)
                    + "; if the device was lost or reset, the process must be started again", e);
        };
    }
}
