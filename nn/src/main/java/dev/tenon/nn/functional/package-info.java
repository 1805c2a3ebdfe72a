/// Layers and losses as functions of tensors, grouped by kind. Worth a static import.
@NullMarked
package dev.tenon.nn.functional;

import org.jspecify.annotations.NullMarked;
