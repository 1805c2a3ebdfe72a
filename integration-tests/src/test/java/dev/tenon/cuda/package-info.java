/// The CUDA dialect and backend, as far as they can be tested without a GPU.
@NullMarked
package dev.tenon.cuda;

import org.jspecify.annotations.NullMarked;
