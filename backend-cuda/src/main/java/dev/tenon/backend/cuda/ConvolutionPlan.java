package dev.tenon.backend.cuda;

import java.util.Optional;

/// A convolution, or one of its gradients, of a library, ready to be launched.
interface ConvolutionPlan {
    /// How much scratch memory it takes.
    long workspaceBytes();

    /// Enqueues it. All places are addresses in device memory, multiples of [ConvolutionForm#ALIGNMENT]; whichever of
    /// input, weight and result is what is computed, is written.
    ///
    /// @param stream the stream's own address
    /// @param bias 0 where the form has none
    /// @param workspace 0 where there is none
    /// @throws DriverException if the library refuses
    void run(long stream, long x, long w, long y, long bias, long workspace);

    /// A library for convolutions.
    interface Library {
        /// The plan for a form, or empty if the library has no way for it.
        Optional<ConvolutionPlan> plan(ConvolutionForm form);
    }
}
