/// Tensor and data file formats: safetensors, NumPy, IDX, and numeric delimited text.
@NullMarked
package dev.tenon.data.format;

import org.jspecify.annotations.NullMarked;
