/// Kernels for the op vocabulary, prepared for operands of given types.
@NullMarked
package dev.tenon.backend.cpu.ops;

import org.jspecify.annotations.NullMarked;
