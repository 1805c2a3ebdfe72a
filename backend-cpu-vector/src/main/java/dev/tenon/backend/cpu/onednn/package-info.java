/// Kernels from oneDNN, where the library is there.
@NullMarked
package dev.tenon.backend.cpu.onednn;

import org.jspecify.annotations.NullMarked;
