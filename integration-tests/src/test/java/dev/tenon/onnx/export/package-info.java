/// Captured graphs written as ONNX models, and what other programs make of them.
@NullMarked
package dev.tenon.onnx.export;

import org.jspecify.annotations.NullMarked;
