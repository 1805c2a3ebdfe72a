/// Tensors, their element types, shapes and devices, and the groups of operations that users call.
@NullMarked
package dev.tenon.api;

import org.jspecify.annotations.NullMarked;
