package dev.tenon.backend.cuda;

import java.util.Optional;

/// A matrix product of a library, ready to be launched.
interface Product {
    /// How much scratch memory it takes.
    long workspaceBytes();

    /// Enqueues the product. All places are addresses in device memory; a bias or scratch memory at 0 is none.
    ///
    /// @param stream the stream's own address
    /// @throws DriverException if the library refuses
    void run(long stream, long left, long right, long bias, long result, long workspace);

    /// A library for matrix products.
    interface Library {
        /// The product of a form whose operands lie at addresses that are multiples of some number of bytes, or empty
        /// if the library has no way for it.
        Optional<Product> plan(MatMulForm form, int alignment);
    }
}
