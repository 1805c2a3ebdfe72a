package dev.tenon.backend.cuda;

/// Turns CUDA C++ into what a device loads.
interface Compiler {
    /// Whatever the result depends on besides the source: version, architecture, options.
    String identity(int capability);

    /// Machine code for a device, or PTX where the compiler is older than the device.
    ///
    /// @param capability the device's compute capability, such as 90 for 9.0
    /// @param name who wants it, for messages
    /// @throws dev.tenon.api.BackendException if it does not compile; the message holds the compiler's log
    byte[] compile(String source, int capability, String name);
}
