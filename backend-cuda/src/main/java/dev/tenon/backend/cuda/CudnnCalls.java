package dev.tenon.backend.cuda;

import java.lang.foreign.MemorySegment;

/// The functions of cuDNN's backend API that are used, and the only place where the library is touched. What returns an
/// `int` returns the library's status, 0 for success; handles and descriptors are addresses.
interface CudnnCalls {
    /// `cudnnGetVersion`, such as 91900 for 9.19.0.
    long version();

    /// `cudnnGetErrorString`.
    String errorString(int status);

    /// `cudnnGetLastErrorString`: what it has to say of the last failure on this thread; may be empty.
    String lastError();

    /// `cudnnCreate`: a handle on the current context's device.
    int create(MemorySegment handle);

    /// `cudnnDestroy`.
    int destroy(long handle);

    /// `cudnnSetStream`.
    int setStream(long handle, long stream);

    /// `cudnnBackendCreateDescriptor`.
    int createDescriptor(int kind, MemorySegment descriptor);

    /// `cudnnBackendDestroyDescriptor`.
    int destroyDescriptor(long descriptor);

    /// `cudnnBackendSetAttribute`.
    int setAttribute(long descriptor, int name, int type, long count, MemorySegment values);

    /// `cudnnBackendGetAttribute`.
    ///
    /// @param count an `int64_t` for how many there are
    int getAttribute(long descriptor, int name, int type, long requested, MemorySegment count, MemorySegment values);

    /// `cudnnBackendFinalize`.
    int finish(long descriptor);

    /// `cudnnBackendExecute`.
    int execute(long handle, long plan, long variantPack);

    /// Fails unless a call has succeeded.
    ///
    /// @param call what was called, for the message
    /// @throws DriverException with the status as its code
    default void check(String call, int status) {
        if (status != CudnnCode.STATUS_SUCCESS) {
            String more = lastError();
            throw new DriverException(call, status, errorString(status) + (more.isBlank() ? "" : ": " + more));
        }
    }
}
