/// Captured graphs as models in the ONNX format.
@NullMarked
package dev.tenon.onnx.export;

import org.jspecify.annotations.NullMarked;
