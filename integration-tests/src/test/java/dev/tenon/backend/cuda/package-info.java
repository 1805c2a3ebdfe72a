/// The CUDA backend's cuDNN without a GPU and without cuDNN.
@NullMarked
package dev.tenon.backend.cuda;

import org.jspecify.annotations.NullMarked;
