package dev.tenon.backend.cuda;

import java.util.Optional;

/// What a library computes, ready to be launched.
interface LibraryPlan {
    /// What addresses are multiples of. Operands that are not, are given to our own kernels.
    int ALIGNMENT = 16;

    /// How much scratch memory it takes.
    long workspaceBytes();

    /// Enqueues it.
    ///
    /// @param stream the stream's own address
    /// @param addresses in device memory, multiples of [#ALIGNMENT]: of the operands that the form names, then of the
    ///         results
    /// @param workspace 0 where there is none
    /// @throws DriverException if the library refuses
    void run(long stream, long[] addresses, long workspace);

    /// A library that plans.
    interface Library {
        /// The plan for a form, or empty if the library has no way for it.
        Optional<LibraryPlan> plan(LibraryForm form);

        /// Which library it is, of which version: what measured times depend on besides the device.
        default String identity() {
            return "a library";
        }
    }
}
