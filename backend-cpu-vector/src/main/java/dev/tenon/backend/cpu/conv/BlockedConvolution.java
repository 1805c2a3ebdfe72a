package dev.tenon.backend.cpu.conv;

import dev.tenon.api.spi.Format;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A convolution forward, or the gradient of its input, of images in blocks of channels, mostly with weights that were
/// brought to a layout of its own before: no images are copied.
public interface BlockedConvolution {

    /// What is computed, and of what.
    ///
    /// @param data whether it is the gradient of the input; else it is the convolution forward
    /// @param plain whether the input is `[n, c, h, w]` as tensors are; forward only
    /// @param bias whether a bias is added; forward only
    /// @param sum whether images like the results are added; forward only
    /// @param rectified whether what is negative then becomes 0, and NaN stays, as ReLU has it; forward only
    record Task(boolean data, boolean plain, boolean bias, boolean sum, boolean rectified) {
        /// The gradient of the input.
        public static final Task DATA = new Task(true, false, false, false, false);
    }

    /// What is done with finished elements, by their place in memory.
    @FunctionalInterface
    interface After {
        /// Elements `from` to `to` of the results, counted as they lie, are finished.
        void apply(long from, long to);
    }

    /// The format that the weights must have; empty for a contiguous tensor.
    Optional<Format> weights();

    /// Computes it.
    ///
    /// @param x the address of the input, or of the gradient of the output
    /// @param w of the weights, in the format [#weights()]
    /// @param bias of the bias, if there is one
    /// @param sum of what is added, if anything
    /// @param y of the result
    /// @param after what is done with finished parts, or null
    void run(long x, long w, long bias, long sum, long y, @Nullable After after);
}
