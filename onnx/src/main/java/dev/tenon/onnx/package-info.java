/// Models in the ONNX format: read, checked and run, as code that computes on tensors and can be differentiated.
@NullMarked
package dev.tenon.onnx;

import org.jspecify.annotations.NullMarked;
