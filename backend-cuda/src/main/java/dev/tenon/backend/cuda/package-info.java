/// The CUDA backend.
@NullMarked
package dev.tenon.backend.cuda;

import org.jspecify.annotations.NullMarked;
